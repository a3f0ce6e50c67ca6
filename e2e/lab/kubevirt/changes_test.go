// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	kubevirtv1 "kubevirt.io/api/core/v1"
)

func TestRestartRequired(t *testing.T) {
	s := newStage(t, Options{})
	s.running("web")
	s.edit("web", func(machine *kubevirtv1.VirtualMachine) {
		machine.Spec.Template.Spec.Domain.Devices.Interfaces[1].MacAddress = "02:00:00:aa:bb:09"
	})
	s.eventually(t.Context(), func() string {
		if got := s.restartRequired("web"); got != restartForField {
			return fmt.Sprintf("RestartRequired says %q", got)
		}
		return ""
	})
	s.edit("web", func(machine *kubevirtv1.VirtualMachine) {
		machine.Spec.Template.Spec.Domain.Devices.Interfaces[1].MacAddress = lanMAC
	})
	s.eventually(t.Context(), func() string { return s.restartRequired("web") })

	s.edit("web", func(machine *kubevirtv1.VirtualMachine) { machine.Spec.Template.Spec.Hostname = "other" })
	s.eventually(t.Context(), func() string {
		if s.restartRequired("web") == "" {
			return "another hostname needs no restart"
		}
		return ""
	})
	before := s.instance("web").UID
	if err := s.RestartVM(t.Context(), s.namespace, "web"); err != nil {
		t.Fatal(err)
	}
	s.eventually(t.Context(), func() string {
		if vmi := s.instance("web"); vmi.UID == before || !vmi.IsRunning() {
			return "the instance was not replaced"
		}
		return s.restartRequired("web")
	})
}

// growing waits until the guest waits for processors and for memory, or "" for neither.
func (s *stage) growing(name string, want corev1.ConditionStatus) {
	s.t.Helper()
	for _, kind := range []kubevirtv1.VirtualMachineInstanceConditionType{
		kubevirtv1.VirtualMachineInstanceVCPUChange, kubevirtv1.VirtualMachineInstanceMemoryChange,
	} {
		s.instanceSays(name, kind, want)
	}
}

func TestLiveUpdates(t *testing.T) {
	s := newStage(t, Options{})
	s.running("web")
	s.edit("web", func(machine *kubevirtv1.VirtualMachine) {
		machine.Spec.Template.Spec.Domain.CPU.Sockets = 2
		more := resource.MustParse("4Gi")
		machine.Spec.Template.Spec.Domain.Memory.Guest = &more
		machine.Spec.Template.Spec.NodeSelector = map[string]string{corev1.LabelOSStable: "linux"}
		machine.Spec.Template.Spec.Affinity = within(corev1.NodeSelectorOpIn, "elsewhere")
	})
	s.eventually(t.Context(), func() string {
		vmi := s.instance("web")
		if vmi.Spec.Domain.CPU.Sockets != 2 || vmi.Spec.Domain.Memory.Guest.String() != "4Gi" || len(vmi.Spec.NodeSelector) != 1 ||
			vmi.Spec.Affinity == nil {
			return "live fields did not reach the instance"
		}
		return ""
	})
	if got := s.restartRequired("web"); got != "" {
		t.Errorf("RestartRequired says %q", got)
	}
	s.growing("web", corev1.ConditionTrue)
	if got := s.instance("web").Status; got.CurrentCPUTopology.Sockets != 1 || got.Memory.GuestCurrent.String() != "2Gi" {
		t.Errorf("the guest grew without a migration: %+v, %+v", got.CurrentCPUTopology, got.Memory)
	}
	s.edit("web", func(machine *kubevirtv1.VirtualMachine) { machine.Spec.Template.Spec.Affinity = nil })
	if err := s.MigrateVM(t.Context(), s.namespace, "web"); err != nil {
		t.Fatal(err)
	}
	s.growing("web", "")
	if got := s.instance("web").Status; got.CurrentCPUTopology.Sockets != 2 || got.Memory.GuestCurrent.String() != "4Gi" {
		t.Errorf("the guest did not grow: %+v, %+v", got.CurrentCPUTopology, got.Memory)
	}
	s.edit("web", func(machine *kubevirtv1.VirtualMachine) { machine.Spec.Template.Spec.Domain.CPU.Sockets = 9 })
	s.eventually(t.Context(), func() string {
		if got := s.restartRequired("web"); got != restartForTooManyCPUs {
			return fmt.Sprintf("RestartRequired says %q", got)
		}
		return ""
	})
}

// within requires something of the node's name.
func within(operator corev1.NodeSelectorOperator, nodes ...string) *corev1.Affinity {
	return requiring(corev1.NodeSelectorRequirement{Key: corev1.LabelHostname, Operator: operator, Values: nodes})
}

func TestPlacement(t *testing.T) {
	s := newStage(t, Options{})
	machine := s.virtualMachine("picky")
	machine.Spec.Template.Spec.Affinity = within(corev1.NodeSelectorOpNotIn, "node-1", "node-2")
	s.create(s.attachment("lan"), s.secret("picky"), machine)
	s.shows("picky", kubevirtv1.VirtualMachineStatusRunning)
	if got := s.instance("picky").Status.NodeName; got != "node-3" {
		t.Errorf("instance is on %q, want node-3", got)
	}
	s.VM(s.namespace, "sad").Unschedulable("0/3 nodes are available: 3 Insufficient memory.")
	s.create(s.secret("sad"), s.virtualMachine("sad"))
	s.shows("sad", kubevirtv1.VirtualMachineStatusUnschedulable)
	s.VM(s.namespace, "sad").Unschedulable("")
	s.shows("sad", kubevirtv1.VirtualMachineStatusRunning)
}

func TestStopAndStart(t *testing.T) {
	s := newStage(t, Options{})
	s.running("web")
	if err := s.StopVM(t.Context(), s.namespace, "web"); err != nil {
		t.Fatal(err)
	}
	s.shows("web", kubevirtv1.VirtualMachineStatusStopped)
	if got := *s.get("web").Spec.RunStrategy; got != kubevirtv1.RunStrategyHalted {
		t.Errorf("run strategy is %s, want Halted", got)
	}
	if err := s.StartVM(t.Context(), s.namespace, "web"); err != nil {
		t.Fatal(err)
	}
	s.shows("web", kubevirtv1.VirtualMachineStatusRunning)
}

func TestCrashLoop(t *testing.T) {
	s := newStage(t, Options{})
	s.VM(s.namespace, "web").Crash(2)
	s.create(s.attachment("lan"), s.secret("web"), s.virtualMachine("web"))
	s.shows("web", kubevirtv1.VirtualMachineStatusCrashLoopBackOff)
	s.shows("web", kubevirtv1.VirtualMachineStatusRunning)
}
