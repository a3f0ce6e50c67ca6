// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
)

// plug adds a NIC to a machine.
func (s *stage) plug(name, network string, binding kubevirtv1.InterfaceBindingMethod) {
	s.t.Helper()
	s.edit(name, func(machine *kubevirtv1.VirtualMachine) {
		spec := &machine.Spec.Template.Spec
		nic := kubevirtv1.Interface{Name: network, MacAddress: "02:00:00:aa:bb:03", InterfaceBindingMethod: binding}
		if binding == (kubevirtv1.InterfaceBindingMethod{}) {
			nic.Binding = &kubevirtv1.PluginBinding{Name: "macvtap"}
		}
		spec.Domain.Devices.Interfaces = append(spec.Domain.Devices.Interfaces, nic)
		spec.Networks = append(spec.Networks, kubevirtv1.Network{
			Name: network, NetworkSource: kubevirtv1.NetworkSource{Multus: &kubevirtv1.MultusNetwork{NetworkName: network}},
		})
	})
}

// sources waits until KubeVirt knows a NIC from somewhere, or no longer at all.
func (s *stage) sources(name, network, want string) {
	s.t.Helper()
	s.eventually(s.t.Context(), func() string {
		got := ""
		for _, nic := range s.instance(name).Status.Interfaces {
			if nic.Name == network {
				got = nic.InfoSource
			}
		}
		if got != want {
			return fmt.Sprintf("network %s is known from %q, want %q", network, got, want)
		}
		return ""
	})
}

// migrationRequired waits until the instance says so, or "" for nothing.
func (s *stage) migrationRequired(name string, want corev1.ConditionStatus) {
	s.t.Helper()
	s.instanceSays(name, kubevirtv1.VirtualMachineInstanceMigrationRequired, want)
}

// instanceSays waits until the instance has a condition with a status, or "" for none.
func (s *stage) instanceSays(name string, kind kubevirtv1.VirtualMachineInstanceConditionType, want corev1.ConditionStatus) {
	s.t.Helper()
	s.eventually(s.t.Context(), func() string {
		got := corev1.ConditionStatus("")
		if found := condition(s.instance(name), kind); found != nil {
			got = found.Status
		}
		if got != want {
			return fmt.Sprintf("%s is %q, want %q", kind, got, want)
		}
		return ""
	})
}

func (s *stage) nics(name string) (machine, instance int) {
	return len(s.get(name).Spec.Template.Spec.Networks), len(s.instance(name).Spec.Networks)
}

func (s *stage) expectNICs(name string, machine, instance int) {
	s.t.Helper()
	s.eventually(s.t.Context(), func() string {
		if m, i := s.nics(name); m != machine || i != instance {
			return fmt.Sprintf("the machine has %d networks and the instance %d, want %d and %d", m, i, machine, instance)
		}
		return ""
	})
}

func (s *stage) unplug(name string) {
	s.t.Helper()
	s.edit(name, func(machine *kubevirtv1.VirtualMachine) {
		machine.Spec.Template.Spec.Domain.Devices.Interfaces[1].State = kubevirtv1.InterfaceStateAbsent
	})
}

var bridgeBinding = kubevirtv1.InterfaceBindingMethod{Bridge: &kubevirtv1.InterfaceBridge{}}

const everywhere = "domain, guest-agent, multus-status"

func TestPlugAndUnplugInARunningPod(t *testing.T) {
	s := newStage(t, Options{DynamicNetworks: true})
	s.running("web")
	s.create(s.attachment("wan"))
	s.plug("web", "wan", bridgeBinding)
	s.sources("web", "wan", everywhere)
	s.migrationRequired("web", "")
	if link, found := s.VM(s.namespace, "web").Guest().Link("wan"); !found || len(link.Addresses) > 0 {
		t.Errorf("the guest has %+v (%t), want a NIC without configuration", link, found)
	}
	s.unplug("web")
	s.sources("web", "lan", "")
	s.expectNICs("web", 2, 2)
	if got := s.restartRequired("web"); got != "" {
		t.Errorf("RestartRequired says %q", got)
	}
}

func TestPlugByMigration(t *testing.T) {
	s := newStage(t, Options{})
	s.running("web")
	s.create(s.attachment("wan"))
	s.plug("web", "wan", bridgeBinding)
	s.migrationRequired("web", corev1.ConditionTrue)
	s.sources("web", "wan", "")
	before := s.instance("web").Status.NodeName
	s.VM(s.namespace, "web").HoldMigration()
	if err := s.MigrateVM(t.Context(), s.namespace, "web"); err != nil {
		t.Fatal(err)
	}
	s.shows("web", kubevirtv1.VirtualMachineStatusMigrating)
	s.VM(s.namespace, "web").Release()
	s.shows("web", kubevirtv1.VirtualMachineStatusRunning)
	s.sources("web", "wan", everywhere)
	s.migrationRequired("web", "")
	if after := s.instance("web").Status.NodeName; after == before {
		t.Errorf("the machine is still on %s", after)
	}
	// The guest lets the NIC go at once, and the pod's link goes with the pod.
	s.unplug("web")
	s.sources("web", "lan", sourceMultus)
	s.migrationRequired("web", corev1.ConditionTrue)
	s.expectNICs("web", 3, 3)
	if err := s.MigrateVM(t.Context(), s.namespace, "web"); err != nil {
		t.Fatal(err)
	}
	s.expectNICs("web", 2, 2)
}

func TestWhatIsNotPlugged(t *testing.T) {
	s := newStage(t, Options{DynamicNetworks: true})
	if err := s.SetTapBinding(t.Context(), "macvtap", true); err != nil {
		t.Fatal(err)
	}
	s.running("web")
	s.create(s.attachment("tap"), s.attachment("vf"))
	s.plug("web", "tap", kubevirtv1.InterfaceBindingMethod{})
	s.plug("web", "vf", kubevirtv1.InterfaceBindingMethod{SRIOV: &kubevirtv1.InterfaceSRIOV{}})
	s.migrationRequired("web", corev1.ConditionTrue)
	s.sources("web", "vf", "")
	// The plugin's NIC is in the machine alone, and nobody says so.
	s.expectNICs("web", 4, 3)
	if got := s.restartRequired("web"); got != "" {
		t.Errorf("RestartRequired says %q", got)
	}
}

func TestGuestThatKeepsItsNIC(t *testing.T) {
	s := newStage(t, Options{DynamicNetworks: true})
	s.running("web")
	s.VM(s.namespace, "web").HoldUnplug()
	s.unplug("web")
	s.sources("web", "lan", "domain, guest-agent")
	s.expectNICs("web", 2, 2)
	s.VM(s.namespace, "web").Release()
	s.expectNICs("web", 1, 1)
}

func TestOtherAttachmentMigrates(t *testing.T) {
	s := newStage(t, Options{})
	s.running("web")
	s.create(s.attachment("wan"))
	s.edit("web", func(machine *kubevirtv1.VirtualMachine) {
		machine.Spec.Template.Spec.Networks[1].Multus.NetworkName = "wan"
	})
	s.migrationRequired("web", corev1.ConditionTrue)
	if got := s.instance("web").Spec.Networks[1].Multus.NetworkName; got != "wan" {
		t.Errorf("the instance is to be attached to %s", got)
	}
	if err := s.MigrateVM(t.Context(), s.namespace, "web"); err != nil {
		t.Fatal(err)
	}
	s.migrationRequired("web", "")
}

func TestStoppedMachineLosesItsAbsentNICs(t *testing.T) {
	s := newStage(t, Options{})
	s.running("web")
	s.unplug("web")
	s.migrationRequired("web", corev1.ConditionTrue)
	if err := s.StopVM(t.Context(), s.namespace, "web"); err != nil {
		t.Fatal(err)
	}
	s.expectNICs("web", 1, 0)
}
