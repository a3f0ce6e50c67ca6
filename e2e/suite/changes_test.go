// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/kubevirt"
)

// change updates a Wukong.
func (w *world) change(namespace, name string, change func(*vmv1alpha1.WukongSpec)) {
	w.t.Helper()
	w.eventually("changing "+name, func(ctx context.Context) error {
		wukong, err := w.wukong(ctx, namespace, name)
		if err != nil {
			return err
		}
		change(&wukong.Spec)
		return w.Client.Update(ctx, wukong)
	})
}

// TestOtherBridge moves a network of a running machine to another VLAN and bridge: the new bridge is made first, the old one
// stays until the machine has left it, and then goes.
func TestOtherBridge(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.create(newWukong("default", "vm", bridged("lan", "br-old", 100)))
	w.expectReady("default", "vm")
	w.change("default", "vm", func(spec *vmv1alpha1.WukongSpec) {
		spec.Networks[0] = bridged("lan", "br-new", 200)
	})
	w.expect("default", "vm", vmv1alpha1.ConditionVirtualMachineReady, metav1.ConditionTrue, vmv1alpha1.ReasonRunning)
	w.eventually("the machine's next start uses the new bridge", func(ctx context.Context) error {
		machine := &kubevirtv1.VirtualMachine{}
		if err := w.Client.Get(ctx, client.ObjectKey{Namespace: "default", Name: "vm"}, machine); err != nil {
			return err
		}
		attachment := &nadv1.NetworkAttachmentDefinition{}
		name := machine.Spec.Template.Spec.Networks[0].Multus.NetworkName
		if err := w.Client.Get(ctx, client.ObjectKey{Namespace: "default", Name: name}, attachment); err != nil {
			return err
		}
		if !strings.Contains(attachment.Spec.Config, "br-new") {
			return fmt.Errorf("it uses %s", attachment.Spec.Config)
		}
		return nil
	})
	w.expectBridge("br-new", w.NMState.Nodes()...)
	for _, node := range w.NMState.Nodes() {
		for _, bridge := range []string{"br-old", "br-new"} {
			if _, there := w.NMState.Node(node).Bridge(bridge); !there {
				t.Errorf("%s has no %s while the machine runs on the old one", node, bridge)
			}
		}
	}
	if err := w.KubeVirt.RestartVM(t.Context(), "default", "vm"); err != nil {
		t.Fatal(err)
	}
	w.eventually("the old bridge is gone", func(context.Context) error {
		for _, node := range w.NMState.Nodes() {
			if _, there := w.NMState.Node(node).Bridge("br-old"); there {
				return fmt.Errorf("%s still has it", node)
			}
		}
		return nil
	})
	w.expectReady("default", "vm")
	w.delete("default", "vm")
	w.expectNothingLeft()
}

// TestVLANAlone changes the VLAN of a running machine's network, then its NIC, and keeps the bridge's name: each time a
// second bridge is made beside the first, and the neighbour that shares the first notices nothing.
func TestVLANAlone(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.create(newWukong("default", "vm", bridged("lan", "br-lan", 100)), newWukong("default", "neighbour", bridged("lan", "br-lan", 100)))
	w.expectReady("default", "vm")
	w.expectReady("default", "neighbour")
	before := w.onlyPolicy()
	for _, step := range []struct {
		network vmv1alpha1.Network
		port    string
	}{
		{bridged("lan", "br-lan", 200), "ens160.200"},
		{on("ens161", bridged("lan", "br-lan", 200)), "ens161.200"},
	} {
		w.change("default", "vm", func(spec *vmv1alpha1.WukongSpec) { spec.Networks[0] = step.network })
		told := w.expect("default", "vm", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ConditionRestartRequired)
		w.expectMessage(told, vmv1alpha1.ConditionReady, "earlier attachment of network lan", "virtctl restart")
		if err := w.KubeVirt.RestartVM(t.Context(), "default", "vm"); err != nil {
			t.Fatal(err)
		}
		moved := w.expectReady("default", "vm")
		w.expectBridge(moved.Status.Networks[0].Bridge, w.NMState.Nodes()...)
		bridge, _ := w.NMState.Node("node-1").Bridge(moved.Status.Networks[0].Bridge)
		if bridge.Name == "br-lan" || !slices.Equal(bridge.PortNames(), []string{step.port}) {
			t.Errorf("the machine is on %q with the ports %v, want %s", moved.Status.Networks[0].Bridge, bridge.PortNames(), step.port)
		}
	}
	w.expectReady("default", "neighbour")
	after := &nmstatev1.NodeNetworkConfigurationPolicy{}
	if err := w.Client.Get(t.Context(), client.ObjectKeyFromObject(before), after); err != nil || after.Generation != before.Generation {
		t.Errorf("the neighbour's policy changed from generation %d to %d (%v)", before.Generation, after.Generation, err)
	}
	w.delete("default", "vm")
	w.delete("default", "neighbour")
	w.expectNothingLeft()
}

// TestNewDefaults restarts the operator with other defaults: machines that exist are not touched by them.
func TestNewDefaults(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.create(newWukong("default", "old", bridged("lan", "br-lan", 100)))
	w.expectReady("default", "old")
	scrape := w.scraper()
	w.settle(scrape)
	before := w.managerWrites()
	if err := w.manager.Stop(); err != nil {
		t.Fatal(err)
	}
	w.startManager("--default-uplink=ens161", "--default-os-image=example.org/other:1")
	w.create(newWukong("default", "new", bridged("net", "br-net", 100)))
	w.expectReady("default", "new")
	w.settle(scrape)
	for _, write := range w.managerWrites()[len(before):] {
		if strings.HasPrefix(write.Name, "old") {
			t.Errorf("the new defaults wrote to an existing machine: %s %s/%s %s", write.Verb, write.Resource, write.Subresource, write.Name)
		}
	}
	bridge, _ := w.NMState.Node("node-1").Bridge("br-net")
	if ports := bridge.PortNames(); len(ports) != 1 || ports[0] != "ens161.100" {
		t.Errorf("the new machine's bridge has the ports %v", ports)
	}
}

// TestNetworkRemovedAndAdded takes a network from a machine and gives it another.
func TestNetworkRemovedAndAdded(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.create(newWukong("default", "vm", bridged("one", "br-one", 101), bridged("two", "br-two", 102)))
	w.expectReady("default", "vm")
	w.change("default", "vm", func(spec *vmv1alpha1.WukongSpec) {
		spec.Networks = []vmv1alpha1.Network{bridged("one", "br-one", 101), bridged("three", "br-three", 103)}
	})
	w.expect("default", "vm", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ConditionRestartRequired)
	if _, there := w.NMState.Node("node-1").Bridge("br-two"); !there {
		t.Error("the bridge went while the running machine was attached to it")
	}
	if err := w.KubeVirt.RestartVM(t.Context(), "default", "vm"); err != nil {
		t.Fatal(err)
	}
	w.expectReady("default", "vm")
	w.eventually("the bridge of the removed network is gone", func(context.Context) error {
		if _, there := w.NMState.Node("node-1").Bridge("br-two"); there {
			return fmt.Errorf("it is still there")
		}
		return nil
	})
}

// TestAddressChanged changes an address of a running machine: the guest keeps the old one until its next start, and the
// Wukong says so.
func TestAddressChanged(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.create(newWukong("default", "vm", static("192.168.1.10/24", bridged("lan", "br-lan", 0))))
	w.expectReady("default", "vm")
	w.expect("default", "vm", vmv1alpha1.ConditionGuestNetworkInSync, metav1.ConditionTrue, vmv1alpha1.ReasonAddressesObserved)
	w.change("default", "vm", func(spec *vmv1alpha1.WukongSpec) { spec.Networks[0].IPConfig.Address = "192.168.1.20/24" })
	told := w.expect("default", "vm", vmv1alpha1.ConditionGuestNetworkInSync, metav1.ConditionFalse, vmv1alpha1.ReasonAddressesDiffer)
	w.expectMessage(told, vmv1alpha1.ConditionGuestNetworkInSync, "192.168.1.20/24", "192.168.1.10")
	w.expect("default", "vm", vmv1alpha1.ConditionRestartRequired, metav1.ConditionTrue, vmv1alpha1.ReasonGuestDataChanged)
	if err := w.KubeVirt.RestartVM(t.Context(), "default", "vm"); err != nil {
		t.Fatal(err)
	}
	wukong := w.expectReady("default", "vm")
	w.expect("default", "vm", vmv1alpha1.ConditionGuestNetworkInSync, metav1.ConditionTrue, vmv1alpha1.ReasonAddressesObserved)
	if wukong.Status.VirtualMachine == nil || !strings.Contains(wukong.Status.VirtualMachine.Addresses, "192.168.1.20") {
		t.Errorf("the address is not reported: %+v", wukong.Status.VirtualMachine)
	}
}

// TestVirtctlIsRespected stops a machine by hand: it stays stopped, whatever is reconciled, until it is started by hand or
// the Wukong's own run strategy changes.
func TestVirtctlIsRespected(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.create(newWukong("default", "vm"))
	w.expectReady("default", "vm")
	if err := w.KubeVirt.StopVM(t.Context(), "default", "vm"); err != nil {
		t.Fatal(err)
	}
	told := w.expect("default", "vm", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonStopped)
	w.expectMessage(told, vmv1alpha1.ConditionReady, "virtctl start -n default vm")
	w.change("default", "vm", func(spec *vmv1alpha1.WukongSpec) { spec.CPU = 4 })
	w.eventually("the change has arrived at the machine", func(ctx context.Context) error {
		machine := &kubevirtv1.VirtualMachine{}
		if err := w.Client.Get(ctx, client.ObjectKey{Namespace: "default", Name: "vm"}, machine); err != nil {
			return err
		}
		if machine.Spec.Template.Spec.Domain.CPU.Sockets != 4 {
			return fmt.Errorf("it has %d sockets", machine.Spec.Template.Spec.Domain.CPU.Sockets)
		}
		if *machine.Spec.RunStrategy != kubevirtv1.RunStrategyHalted {
			t.Errorf("the machine was set to %s although a person stopped it", *machine.Spec.RunStrategy)
		}
		return nil
	})
	w.change("default", "vm", func(spec *vmv1alpha1.WukongSpec) { spec.RunStrategy = vmv1alpha1.RunStrategyRerunOnFailure })
	w.expectReady("default", "vm")
}

// TestOwnUserData follows a Secret with user-data of one's own from its absence to a change of it.
func TestOwnUserData(t *testing.T) {
	w := newWorld(t, lab.Options{})
	wukong := newWukong("default", "vm")
	wukong.Spec.CloudInit = &vmv1alpha1.CloudInit{SecretName: "own"}
	w.create(wukong)
	w.expect("default", "vm", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonSecretNotFound)
	w.expectTold("default", "vm", vmv1alpha1.ConditionReady, "Secret own, which spec.cloudInit.secretName names, does not exist")
	w.create(secret("own", "userData", "#!/bin/sh"))
	w.expect("default", "vm", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonSecretKeyMissing)
	w.replace(secret("own", "userdata", "hunter2"))
	told := w.expect("default", "vm", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonSecretInvalid)
	if text := describe(told.Status.Conditions); strings.Contains(text, "hunter2") || !strings.Contains(text, "begin with #cloud-config") {
		t.Errorf("the conditions do not say what to write, or repeat what the Secret holds:%s", text)
	}
	var machines kubevirtv1.VirtualMachineList
	if err := w.Client.List(t.Context(), &machines); err != nil || len(machines.Items) > 0 {
		t.Errorf("there are %d half-configured machines (%v)", len(machines.Items), err)
	}
	w.replace(secret("own", "userdata", "#!/bin/sh\necho first\n"))
	w.expectReady("default", "vm")
	w.replace(secret("own", "userdata", "#!/bin/sh\necho second\n"))
	w.expect("default", "vm", vmv1alpha1.ConditionRestartRequired, metav1.ConditionTrue, vmv1alpha1.ReasonGuestDataChanged)
	data := &corev1.Secret{}
	if err := w.Client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: "vm-cloudinit"}, data); err != nil {
		t.Fatal(err)
	}
	if text := string(data.Data["userdata"]); !strings.Contains(text, "echo second") || !strings.Contains(text, "#cloud-config") {
		t.Errorf("the user-data lacks a part:\n%s", text)
	}
}

// TestSecrets lacks a Secret, then a key in it, then a valid content: each time the Wukong names what is missing and makes
// no half-configured machine.
func TestSecrets(t *testing.T) {
	w := newWorld(t, lab.Options{})
	wukong := newWukong("default", "vm")
	wukong.Spec.SSHKeySecret = "keys"
	wukong.Spec.CloudInitUser = &vmv1alpha1.CloudInitUser{
		Name: "ubuntu", PasswordHashSecretRef: &vmv1alpha1.SecretKeyReference{Name: "password", Key: "hash"},
	}
	w.create(wukong)
	w.expect("default", "vm", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonSecretNotFound)
	w.expectTold("default", "vm", vmv1alpha1.ConditionReady, "Secret password")
	w.create(secret("password", "other", "x"))
	w.expectTold("default", "vm", vmv1alpha1.ConditionReady, "Secret keys, which spec.sshKeySecret names, does not exist")
	w.create(secret("keys", "me", "-----BEGIN OPENSSH PRIVATE KEY-----"))
	w.expect("default", "vm", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonSecretKeyMissing)
	w.replace(secret("password", "hash", "in clear"))
	w.expect("default", "vm", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonSecretInvalid)
	w.expectTold("default", "vm", vmv1alpha1.ConditionReady, "key hash of Secret password")
	w.replace(secret("password", "hash", "$6$salt$hash"))
	w.expectTold("default", "vm", vmv1alpha1.ConditionReady, "key me of Secret keys")
	told := w.expect("default", "vm", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonSecretInvalid)
	if strings.Contains(describe(told.Status.Conditions), "BEGIN") {
		t.Errorf("a condition repeats what the Secret holds:%s", describe(told.Status.Conditions))
	}
	var machines kubevirtv1.VirtualMachineList
	if err := w.Client.List(t.Context(), &machines); err != nil || len(machines.Items) > 0 {
		t.Errorf("there are %d half-configured machines (%v)", len(machines.Items), err)
	}
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1U0CkAGuJVVyvdu3vnpkBvpcNIyYNY21DqPbuD1Z0h me@host"
	w.replace(secret("keys", "me", "# mine\n"+key+"\n"))
	w.expectReady("default", "vm")
	data := &corev1.Secret{}
	if err := w.Client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: "vm-cloudinit"}, data); err != nil {
		t.Fatal(err)
	}
	if text := string(data.Data["userdata"]); !strings.Contains(text, key) || !strings.Contains(text, "$6$salt$hash") {
		t.Errorf("the user-data lacks the key or the hash:\n%s", text)
	}
}

func secret(name, key, value string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}, Data: map[string][]byte{key: []byte(value)}}
}

func (w *world) replace(object client.Object) {
	w.t.Helper()
	if err := w.Client.Update(w.t.Context(), object); err != nil {
		w.t.Fatal(err)
	}
}

// TestAttachmentComesFirst lets KubeVirt behave as it does when an attachment comes after the machine, which never starts
// then: Wukong's order avoids it.
func TestAttachmentComesFirst(t *testing.T) {
	w := newWorld(t, lab.Options{KubeVirt: kubevirt.Options{MissingNetwork: kubevirt.PendingForGood}})
	// One node with the bridge would be enough.
	for _, node := range w.NMState.Nodes() {
		w.NMState.Node(node).Hold()
	}
	w.create(newWukong("default", "vm", bridged("lan", "br-lan", 100)))
	w.expect("default", "vm", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonProgressing)
	var machines kubevirtv1.VirtualMachineList
	if err := w.Client.List(t.Context(), &machines); err != nil || len(machines.Items) > 0 {
		t.Errorf("a machine was made before its bridge was there (%v)", err)
	}
	for _, node := range w.NMState.Nodes() {
		w.NMState.Node(node).Release()
	}
	wukong := w.expectReady("default", "vm")
	if !slices.ContainsFunc(wukong.Status.Networks, func(n vmv1alpha1.NetworkStatus) bool {
		return n.Name == "lan" && n.Ready && n.Bridge == "br-lan" && n.NetworkAttachmentDefinition == "default/vm-lan-nad"
	}) {
		t.Errorf("the network is reported as %+v", wukong.Status.Networks)
	}
}
