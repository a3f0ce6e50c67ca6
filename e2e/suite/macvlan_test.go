// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
)

const dualNetwork = "ubuntu-vm-dual-network"

// TestMacvlanWithoutBinding applies a macvlan machine to a KubeVirt that has no binding plugin for it: everything is made as
// it was asked for, and the Wukong says that no traffic reaches the guest and what the ways out are. Registering the plugin
// is one of them.
func TestMacvlanWithoutBinding(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.apply(seed("vm-network-plan-5.1"))
	told := w.expect("default", dualNetwork, vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonMacvlanBehindBridgeBinding)
	w.expectMessage(told, vmv1alpha1.ConditionReady, "spec.configuration.network.binding.macvtap", "type bridge")
	w.expect("default", dualNetwork, vmv1alpha1.ConditionVirtualMachineReady, metav1.ConditionTrue, vmv1alpha1.ReasonRunning)
	for _, network := range []string{"management", "external"} {
		w.expectDataPath(network, metav1.ConditionFalse)
		w.expectPlugin(network, "macvlan")
	}
	w.expectNoPolicy()

	if err := w.KubeVirt.SetTapBinding(t.Context(), "macvtap", true); err != nil {
		t.Fatal(err)
	}
	told = w.expect("default", dualNetwork, vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ConditionRestartRequired)
	w.expectMessage(told, vmv1alpha1.ConditionReady, "virtctl restart")
	for _, network := range []string{"management", "external"} {
		w.expectDataPath(network, metav1.ConditionTrue)
		w.expectPlugin(network, "macvtap")
	}
	w.eventually("the machine's next start uses macvtap", func(context.Context) error {
		for _, nic := range w.machine(dualNetwork).Spec.Template.Spec.Domain.Devices.Interfaces[1:] {
			if nic.Binding == nil || nic.Binding.Name != "macvtap" {
				return fmt.Errorf("network %s does not", nic.Name)
			}
		}
		return nil
	})
	if err := w.KubeVirt.RestartVM(t.Context(), "default", dualNetwork); err != nil {
		t.Fatal(err)
	}
	w.expectReady("default", dualNetwork)
	w.expectNoPolicy()
	w.expectGuestNetwork()
}

func (w *world) expectDataPath(network string, status metav1.ConditionStatus) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("the data path of %s is %s", network, status), func(ctx context.Context) error {
		child := &vmv1alpha1.WukongNetwork{}
		if err := w.Client.Get(ctx, client.ObjectKey{Namespace: "default", Name: dualNetwork + "-" + network}, child); err != nil {
			return err
		}
		condition := meta.FindStatusCondition(child.Status.Conditions, vmv1alpha1.ConditionDataPathReady)
		if condition == nil || condition.Status != status {
			return fmt.Errorf("conditions are %s", describe(child.Status.Conditions))
		}
		return nil
	})
}

// expectPlugin checks what the attachment of a network makes, and on which NIC.
func (w *world) expectPlugin(network, plugin string) {
	w.t.Helper()
	attachment := &nadv1.NetworkAttachmentDefinition{}
	if err := w.Client.Get(w.t.Context(), client.ObjectKey{Namespace: "default", Name: dualNetwork + "-" + network + "-nad"}, attachment); err != nil {
		w.t.Fatal(err)
	}
	var config map[string]any
	if err := json.Unmarshal([]byte(attachment.Spec.Config), &config); err != nil {
		w.t.Fatal(err)
	}
	resource := attachment.Annotations["k8s.v1.cni.cncf.io/resourceName"]
	onNIC := config["master"] == "ens160" || resource == "macvtap.network.kubevirt.io/ens160"
	if config["type"] != plugin || !onNIC || config["ipam"] != nil {
		w.t.Errorf("network %s: the attachment is %s with resource %q, want a %s on ens160 without IPAM", network, attachment.Spec.Config, resource, plugin)
	}
}

func (w *world) expectNoPolicy() {
	w.t.Helper()
	var policies nmstatev1.NodeNetworkConfigurationPolicyList
	if err := w.Client.List(w.t.Context(), &policies); err != nil {
		w.t.Fatal(err)
	}
	if len(policies.Items) > 0 {
		w.t.Errorf("macvlan caused the policy %s", policies.Items[0].Name)
	}
}

// expectGuestNetwork checks that the guest, which read its configuration from the Secret, has three NICs with the declared
// addresses.
func (w *world) expectGuestNetwork() {
	w.t.Helper()
	w.eventually("the guest has its addresses", func(ctx context.Context) error {
		instance := &kubevirtv1.VirtualMachineInstance{}
		if err := w.Client.Get(ctx, client.ObjectKey{Namespace: "default", Name: dualNetwork}, instance); err != nil {
			return err
		}
		if len(instance.Status.Interfaces) != 3 {
			return fmt.Errorf("the guest has %d NICs", len(instance.Status.Interfaces))
		}
		want := map[string]string{"management": "192.168.100.10", "external": "192.168.1.200"}
		for _, nic := range instance.Status.Interfaces {
			if address := want[nic.Name]; address != "" && !slices.Contains(nic.IPs, address) {
				return fmt.Errorf("network %s has %v", nic.Name, nic.IPs)
			}
		}
		return nil
	})
	secret := &corev1.Secret{}
	if err := w.Client.Get(w.t.Context(), client.ObjectKey{Namespace: "default", Name: dualNetwork + "-cloudinit"}, secret); err != nil {
		w.t.Fatal(err)
	}
}
