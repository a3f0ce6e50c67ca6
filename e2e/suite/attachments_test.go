// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"strings"
	"testing"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
)

// attachment returns a NetworkAttachmentDefinition of somebody else's, for a device plugin's resource if that is not empty.
func attachment(name, resource, config string) *nadv1.NetworkAttachmentDefinition {
	made := &nadv1.NetworkAttachmentDefinition{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}, Spec: nadv1.NetworkAttachmentDefinitionSpec{Config: config},
	}
	if resource != "" {
		made.Annotations = map[string]string{"k8s.v1.cni.cncf.io/resourceName": resource}
	}
	return made
}

// TestSRIOV attaches a machine to a device plugin's resource, by a NetworkAttachmentDefinition of its own and by somebody
// else's: the nodes are left alone.
func TestSRIOV(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.create(attachment("existing", "example.org/nic", `{"cniVersion":"0.3.1","type":"sriov"}`), newWukong("default", "vm",
		static("192.168.1.10/24", vmv1alpha1.Network{Name: "vf", Type: vmv1alpha1.NetworkTypeSRIOV, BridgeName: "example.org/nic", VLANID: new(int32(7))}),
		static("192.168.2.10/24", vmv1alpha1.Network{Name: "other", Type: vmv1alpha1.NetworkTypeSRIOV, NADName: "existing"})))
	w.expectReady("default", "vm")
	w.expect("default", "vm", vmv1alpha1.ConditionGuestNetworkInSync, metav1.ConditionTrue, vmv1alpha1.ReasonAddressesObserved)
	made := &nadv1.NetworkAttachmentDefinition{}
	if err := w.Client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: "vm-vf-nad"}, made); err != nil {
		t.Fatal(err)
	}
	if resource := made.Annotations["k8s.v1.cni.cncf.io/resourceName"]; resource != "example.org/nic" || !strings.Contains(made.Spec.Config, `"vlan":7`) {
		t.Errorf("the attachment has the resource %q and is %s", resource, made.Spec.Config)
	}
	for _, nic := range w.machine("vm").Spec.Template.Spec.Domain.Devices.Interfaces {
		if nic.SRIOV == nil || nic.MacAddress == "" {
			t.Errorf("the NIC is %+v", nic)
		}
	}
	w.expectNoPolicy()
}

// TestOVS attaches a machine to an Open vSwitch bridge that NMState makes: the attachment tags, and not the bridge.
func TestOVS(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.create(newWukong("default", "vm", static("192.168.1.10/24",
		vmv1alpha1.Network{Name: "lan", Type: vmv1alpha1.NetworkTypeOVS, BridgeName: "ovs-lan", Uplink: "ens161", VLANID: new(int32(100))})))
	w.expectReady("default", "vm")
	w.expect("default", "vm", vmv1alpha1.ConditionGuestNetworkInSync, metav1.ConditionTrue, vmv1alpha1.ReasonAddressesObserved)
	made := &nadv1.NetworkAttachmentDefinition{}
	if err := w.Client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: "vm-lan-nad"}, made); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"type":"ovs"`, `"bridge":"ovs-lan"`, `"vlan":100`} {
		if !strings.Contains(made.Spec.Config, want) {
			t.Errorf("the attachment is %s, without %s", made.Spec.Config, want)
		}
	}
	if nic := w.machine("vm").Spec.Template.Spec.Domain.Devices.Interfaces[0]; nic.Bridge == nil {
		t.Errorf("the NIC is %+v", nic)
	}
	w.delete("default", "vm")
	w.expectNothingLeft()
}
