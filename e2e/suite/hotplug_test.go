// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/kubevirt"
)

// plugging is a cluster in which links are plugged into running pods.
var plugging = lab.Options{KubeVirt: kubevirt.Options{DynamicNetworks: true}}

func (w *world) machine(name string) *kubevirtv1.VirtualMachine {
	w.t.Helper()
	machine := &kubevirtv1.VirtualMachine{}
	if err := w.Client.Get(w.t.Context(), client.ObjectKey{Namespace: "default", Name: name}, machine); err != nil {
		w.t.Fatal(err)
	}
	return machine
}

// nicsOf returns the NICs of a machine in their order, with their state where they have one.
func nicsOf(machine *kubevirtv1.VirtualMachine) string { return nicsIn(&machine.Spec.Template.Spec) }

func nicsIn(spec *kubevirtv1.VirtualMachineInstanceSpec) string {
	var names []string
	for _, nic := range spec.Domain.Devices.Interfaces {
		name := nic.Name
		if nic.State != "" {
			name += "=" + string(nic.State)
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

func (w *world) expectNICs(name, want string) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("%s has the NICs %q", name, want), func(context.Context) error {
		if got := nicsOf(w.machine(name)); got != want {
			return fmt.Errorf("it has %q", got)
		}
		return nil
	})
}

// expectBrought waits until KubeVirt has brought the NICs of a machine into its running instance.
func (w *world) expectBrought(name, want string) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("%s runs with the NICs %q", name, want), func(context.Context) error {
		if got := nicsIn(&w.instance(name).Spec); got != want {
			return fmt.Errorf("it runs with %q", got)
		}
		return nil
	})
}

func (w *world) setNetworks(name string, networks ...vmv1alpha1.Network) {
	w.t.Helper()
	w.change("default", name, func(spec *vmv1alpha1.WukongSpec) { spec.Networks = networks })
}

func (w *world) restart(name string) {
	w.t.Helper()
	if err := w.KubeVirt.RestartVM(w.t.Context(), "default", name); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) migrate(name string) {
	w.t.Helper()
	if err := w.KubeVirt.MigrateVM(w.t.Context(), "default", name); err != nil {
		w.t.Fatal(err)
	}
}

// hasBridge reports whether a bridge is on a node that the machines may be on.
func (w *world) hasBridge(bridge string) bool {
	_, there := w.NMState.Node("node-1").Bridge(bridge)
	return there
}

func (w *world) expectBridgeGone(bridge string) {
	w.t.Helper()
	w.eventually("bridge "+bridge+" is gone", func(context.Context) error {
		if w.hasBridge(bridge) {
			return errors.New("it is still there")
		}
		return nil
	})
}

// TestNetworkPlugged adds a network to a running machine, between two others: the machine gets the NIC at once and as its
// last, and its address at the next start, which is told.
func TestNetworkPlugged(t *testing.T) {
	w := newWorld(t, plugging)
	one, two := static("192.168.1.10/24", bridged("one", "br-one", 101)), static("192.168.2.10/24", bridged("two", "br-two", 102))
	w.create(newWukong("default", "vm", one, two))
	w.expectReady("default", "vm")
	before := w.instance("vm")
	w.setNetworks("vm", one, static("192.168.3.10/24", bridged("new", "br-new", 103)), two)
	w.eventually("the guest has the NIC", func(context.Context) error {
		if link, plugged := w.KubeVirt.VM("default", "vm").Guest().Link("new"); !plugged || len(link.Addresses) > 0 {
			return fmt.Errorf("it has %+v", link)
		}
		return nil
	})
	w.expect("default", "vm", vmv1alpha1.ConditionRestartRequired, metav1.ConditionTrue, vmv1alpha1.ReasonGuestDataChanged)
	w.expectTold("default", "vm", vmv1alpha1.ConditionRestartRequired, "configures network new when it starts, and was started without")
	w.expectTold("default", "vm", vmv1alpha1.ConditionGuestNetworkInSync, "network new: declared 192.168.3.10/24, the guest has none")
	w.expectNICs("vm", "one two new")
	if after := w.instance("vm"); after.UID != before.UID {
		t.Error("the machine was restarted")
	}
	w.restart("vm")
	w.expectReady("default", "vm")
	w.expectNICs("vm", "one two new")
}

// TestNetworkUnplugged takes a network from a running machine whose guest is in no hurry: as long as it has the NIC, its
// attachment and its bridge stay. Then KubeVirt takes the NIC out of the machine, and nothing has to be restarted.
func TestNetworkUnplugged(t *testing.T) {
	w := newWorld(t, plugging)
	one, two, three := bridged("one", "br-one", 101), bridged("two", "br-two", 102), bridged("three", "br-three", 103)
	w.create(newWukong("default", "vm", one, two, three))
	w.expectReady("default", "vm")
	before := w.instance("vm")
	w.KubeVirt.VM("default", "vm").HoldUnplug()
	w.setNetworks("vm", one, three)
	told := w.expect("default", "vm", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonLiveUpdating)
	w.expectMessage(told, vmv1alpha1.ConditionReady, "network two is unplugged")
	w.expectNICs("vm", "one two=absent three")
	w.expectInUse("vm-two")
	if !w.hasBridge("br-two") {
		t.Error("the bridge went while the guest had a NIC on it")
	}
	w.KubeVirt.VM("default", "vm").Release()
	w.expectNICs("vm", "one three")
	w.expectBridgeGone("br-two")
	w.expectReady("default", "vm")
	w.expectUndisturbed(before)
}

// expectInUse waits until a deleted WukongNetwork says that it is kept.
func (w *world) expectInUse(name string) {
	w.t.Helper()
	w.eventually(name+" is kept", func(ctx context.Context) error {
		child := &vmv1alpha1.WukongNetwork{}
		if err := w.Client.Get(ctx, client.ObjectKey{Namespace: "default", Name: name}, child); err != nil {
			return err
		}
		if child.DeletionTimestamp.IsZero() || !strings.Contains(describe(child.Status.Conditions), vmv1alpha1.ReasonInUse) {
			return fmt.Errorf("it says %s", describe(child.Status.Conditions))
		}
		return nil
	})
}

// TestUnplugByMigration takes a network from a machine in a cluster that plugs no links into running pods: the guest has lost
// the NIC, and the pod has its link, so attachment and bridge stay until the machine has migrated.
func TestUnplugByMigration(t *testing.T) {
	w := newWorld(t, lab.Options{})
	one, two := bridged("one", "br-one", 101), bridged("two", "br-two", 102)
	w.create(newWukong("default", "vm", one, two))
	w.expectReady("default", "vm")
	w.setNetworks("vm", one)
	w.expectTold("default", "vm", vmv1alpha1.ConditionRestartRequired, "virtctl migrate -n default vm")
	w.expectInUse("vm-two")
	if !w.hasBridge("br-two") {
		t.Error("the bridge went while the pod had a link to it")
	}
	w.expectBrought("vm", "one two=absent")
	w.migrate("vm")
	w.expectNICs("vm", "one")
	w.expectReady("default", "vm")
	w.expectBridgeGone("br-two")
}

// TestRemovedWhileItMigrates leaves the NIC as it is until the machine has arrived.
func TestRemovedWhileItMigrates(t *testing.T) {
	w := newWorld(t, plugging)
	one, two := bridged("one", "br-one", 101), bridged("two", "br-two", 102)
	w.create(newWukong("default", "vm", one, two))
	w.expectReady("default", "vm")
	w.KubeVirt.VM("default", "vm").HoldMigration()
	w.migrate("vm")
	w.eventually("the machine migrates", func(context.Context) error {
		if status := w.machine("vm").Status.PrintableStatus; status != kubevirtv1.VirtualMachineStatusMigrating {
			return fmt.Errorf("it is %s", status)
		}
		wukong, err := w.wukong(w.t.Context(), "default", "vm")
		if err != nil || wukong.Status.VirtualMachine.PrintableStatus != string(kubevirtv1.VirtualMachineStatusMigrating) {
			return errors.Join(errors.New("the manager has not seen it"), err)
		}
		return nil
	})
	w.setNetworks("vm", one)
	w.expectInUse("vm-two")
	w.change("default", "vm", func(spec *vmv1alpha1.WukongSpec) { spec.NodeSelector = map[string]string{"kubernetes.io/os": "linux"} })
	w.eventually("the machine was written to", func(context.Context) error {
		if selector := w.machine("vm").Spec.Template.Spec.NodeSelector; len(selector) != 1 {
			return fmt.Errorf("it selects nodes by %v", selector)
		}
		return nil
	})
	if nics := nicsOf(w.machine("vm")); nics != "one two" {
		t.Errorf("the machine that migrates has the NICs %q", nics)
	}
	w.KubeVirt.VM("default", "vm").Release()
	w.expectNICs("vm", "one")
	w.expectReady("default", "vm")
}

// TestRemovedWhileItStarts takes the network out of the machine at once, so that a start that fails because of the network
// can be begun anew without it, and unplugs the NIC when the machine runs after all.
func TestRemovedWhileItStarts(t *testing.T) {
	w := newWorld(t, plugging)
	one, two := bridged("one", "br-one", 101), bridged("two", "br-two", 102)
	w.KubeVirt.VM("default", "vm").HoldAt(kubevirtv1.Scheduled)
	w.create(newWukong("default", "vm", one, two))
	w.eventually("the machine starts", func(context.Context) error {
		instance := &kubevirtv1.VirtualMachineInstance{}
		if err := w.Client.Get(w.t.Context(), client.ObjectKey{Namespace: "default", Name: "vm"}, instance); err != nil {
			return err
		}
		if instance.Status.Phase != kubevirtv1.Scheduled {
			return fmt.Errorf("it is %s", instance.Status.Phase)
		}
		return nil
	})
	w.setNetworks("vm", one)
	w.expectNICs("vm", "one")
	w.expectInUse("vm-two")
	before := w.instance("vm")
	w.KubeVirt.VM("default", "vm").Release()
	w.expectBridgeGone("br-two")
	w.expectReady("default", "vm")
	w.expectNICs("vm", "one")
	if after := w.instance("vm"); after.UID != before.UID || len(after.Spec.Networks) != 1 {
		t.Errorf("the machine was restarted (%t) or still has %d networks", after.UID != before.UID, len(after.Spec.Networks))
	}
}

// TestRemovedFromAStoppedMachine takes the entry out, as nothing is plugged.
func TestRemovedFromAStoppedMachine(t *testing.T) {
	w := newWorld(t, plugging)
	one, two := bridged("one", "br-one", 101), bridged("two", "br-two", 102)
	w.create(newWukong("default", "vm", one, two))
	w.expectReady("default", "vm")
	if err := w.KubeVirt.StopVM(t.Context(), "default", "vm"); err != nil {
		t.Fatal(err)
	}
	w.expect("default", "vm", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonStopped)
	w.setNetworks("vm", one)
	w.expectNICs("vm", "one")
	w.expectBridgeGone("br-two")
}

// TestReplacedAtOnce takes a network from a running machine and gives it one of the same name in one edit or the next: the
// machine ends with the new one, and loses no other.
func TestReplacedAtOnce(t *testing.T) {
	w := newWorld(t, plugging)
	one := bridged("one", "br-one", 101)
	w.create(newWukong("default", "vm", one, bridged("two", "br-two", 102)))
	w.expectReady("default", "vm")
	before := w.instance("vm")
	// The next edit comes while the NIC is being unplugged.
	w.KubeVirt.VM("default", "vm").HoldUnplug()
	w.setNetworks("vm", one)
	w.expectNICs("vm", "one two=absent")
	w.expectBrought("vm", "one two=absent")
	w.setNetworks("vm", one, bridged("two", "br-two", 102))
	w.expectNICs("vm", "one two")
	w.KubeVirt.VM("default", "vm").Release()
	w.expectBrought("vm", "one two")
	w.eventually("the new network is plugged in", func(context.Context) error {
		if !slices.ContainsFunc(w.instance("vm").Status.Interfaces, func(nic kubevirtv1.VirtualMachineInstanceNetworkInterface) bool {
			return nic.Name == "two" && strings.Contains(nic.InfoSource, "multus-status")
		}) {
			return fmt.Errorf("the NICs are %+v", w.instance("vm").Status.Interfaces)
		}
		return nil
	})
	w.expect("default", "vm", vmv1alpha1.ConditionRestartRequired, metav1.ConditionFalse, vmv1alpha1.ReasonUpToDate)
	w.expectReady("default", "vm")
	w.expectUndisturbed(before)

	w.create(attachment("vf", "example.org/nic", `{"cniVersion":"0.3.1","type":"sriov"}`))
	w.setNetworks("vm", one, vmv1alpha1.Network{Name: "two", Type: vmv1alpha1.NetworkTypeSRIOV, NADName: "vf"})
	w.expect("default", "vm", vmv1alpha1.ConditionRestartRequired, metav1.ConditionTrue, vmv1alpha1.ReasonTemplateChanged)
	w.expectTold("default", "vm", vmv1alpha1.ConditionRestartRequired, "network two: binding bridge → binding sriov")
	if !w.hasBridge("br-two") {
		t.Error("the bridge went while the machine had a NIC on it")
	}
	w.expect("default", "vm", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ConditionRestartRequired)
	w.restart("vm")
	w.expectReady("default", "vm")
	w.expectNICs("vm", "one two")
	w.expectBridgeGone("br-two")

	// Nor is SR-IOV unplugged.
	w.setNetworks("vm", one)
	w.expectTold("default", "vm", vmv1alpha1.ConditionRestartRequired, "network two removed")
	w.restart("vm")
	w.expectReady("default", "vm")
}

// TestPluginNICWaits adds a network with the binding of a plugin: KubeVirt plugs it nowhere and says nothing, so Wukong does.
func TestPluginNICWaits(t *testing.T) {
	w := newWorld(t, plugging)
	if err := w.KubeVirt.SetTapBinding(t.Context(), "macvtap", true); err != nil {
		t.Fatal(err)
	}
	one, tap := bridged("one", "br-one", 101), vmv1alpha1.Network{Name: "tap", Type: vmv1alpha1.NetworkTypeMacvlan, BridgeName: "ens161"}
	w.create(newWukong("default", "vm", one))
	w.expectReady("default", "vm")
	w.setNetworks("vm", one, tap)
	w.expect("default", "vm", vmv1alpha1.ConditionRestartRequired, metav1.ConditionTrue, vmv1alpha1.ReasonTemplateChanged)
	w.expectTold("default", "vm", vmv1alpha1.ConditionRestartRequired, "network tap added")
	w.expect("default", "vm", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ConditionRestartRequired)
	w.restart("vm")
	w.expectReady("default", "vm")
	if !slices.ContainsFunc(w.instance("vm").Status.Interfaces, func(nic kubevirtv1.VirtualMachineInstanceNetworkInterface) bool { return nic.Name == "tap" }) {
		t.Error("the machine was started without the network")
	}
	w.setNetworks("vm", one)
	w.expectTold("default", "vm", vmv1alpha1.ConditionRestartRequired, "network tap removed")
}
