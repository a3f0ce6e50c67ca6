// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// identity is what a guest knows its machine by, and what others wrote of it.
type identity struct {
	UUID, Serial, MachineType, Architecture, PCITopology string
	// MACs are those of the NICs, in their order.
	MACs []string
}

// identityOf tells of the NICs that the machine had at first.
func identityOf(machine *kubevirtv1.VirtualMachine, nics int) identity {
	spec := &machine.Spec.Template.Spec
	found := identity{Architecture: spec.Architecture, PCITopology: machine.Spec.Template.ObjectMeta.Annotations[kubevirtv1.PciTopologyVersionAnnotation]}
	if spec.Domain.Firmware != nil {
		found.UUID, found.Serial = string(spec.Domain.Firmware.UUID), spec.Domain.Firmware.Serial
	}
	if spec.Domain.Machine != nil {
		found.MachineType = spec.Domain.Machine.Type
	}
	for _, nic := range spec.Domain.Devices.Interfaces[:nics] {
		found.MACs = append(found.MACs, nic.MacAddress)
	}
	return found
}

// TestIdentity goes through the edits of a running machine, a stop and a new version of the operator, which writes everything
// anew: none of them changes what the guest knows its machine by.
func TestIdentity(t *testing.T) {
	w := newWorld(t, plugging)
	lan := static("192.168.1.10/24", bridged("lan", "br-lan", 101))
	w.create(newWukong("default", "vm", vmv1alpha1.Network{Name: "default"}, lan))
	w.expectReady("default", "vm")
	annotate := func(name, value string) {
		w.eventually("annotating the machine", func(ctx context.Context) error {
			machine := w.machine("vm")
			if name == kubevirtv1.PciTopologyVersionAnnotation {
				// As virt-controller does when the machine has started.
				machine.Spec.Template.ObjectMeta.Annotations[name] = value
			} else {
				machine.Annotations[name] = value
			}
			return w.Client.Update(ctx, machine, client.FieldOwner("virt-controller"))
		})
	}
	annotate(kubevirtv1.PciTopologyVersionAnnotation, "v3")
	before := identityOf(w.machine("vm"), 2)
	if before.UUID == "" || before.Serial == "" || before.MachineType == "" || before.Architecture == "" || before.PCITopology == "" || len(before.MACs) != 2 {
		t.Fatalf("the machine is %+v", before)
	}
	written := func() string { return w.machine("vm").Annotations[vmv1alpha1.AnnotationAppliedHash] }
	expectSame := func(what string) {
		t.Helper()
		if difference := cmp.Diff(before, identityOf(w.machine("vm"), 2)); difference != "" {
			t.Errorf("%s: -before +after:\n%s", what, difference)
		}
	}
	again := func(what string, edit func()) {
		t.Helper()
		last := written()
		edit()
		w.eventually(what+" has arrived at the machine", func(context.Context) error {
			if written() == last {
				return errors.New("nothing was written")
			}
			return nil
		})
		expectSame(what)
	}
	for _, step := range []struct {
		name string
		edit func(*vmv1alpha1.WukongSpec)
	}{
		{"more CPUs", func(s *vmv1alpha1.WukongSpec) { s.CPU = 4 }},
		{"fewer CPUs", func(s *vmv1alpha1.WukongSpec) { s.CPU = 1 }},
		{"memory", func(s *vmv1alpha1.WukongSpec) { s.Memory = resource.MustParse("8Gi") }},
		{"an image", func(s *vmv1alpha1.WukongSpec) { s.OSImage = "example.org/other:2" }},
		{"an address", func(s *vmv1alpha1.WukongSpec) { s.Networks[1].IPConfig.Address = "192.168.1.20/24" }},
		{"a network at the front", func(s *vmv1alpha1.WukongSpec) {
			s.Networks = append([]vmv1alpha1.Network{bridged("new", "br-new", 102)}, s.Networks...)
		}},
		{"a network's bridge", func(s *vmv1alpha1.WukongSpec) {
			s.Networks[2].BridgeName, s.Networks[2].VLANID = "br-other", new(int32(103))
		}},
		{"a network removed", func(s *vmv1alpha1.WukongSpec) { s.Networks = s.Networks[1:] }},
		{"a grace period", func(s *vmv1alpha1.WukongSpec) { s.TerminationGracePeriodSeconds = new(int64(60)) }},
		{"a node selector", func(s *vmv1alpha1.WukongSpec) { s.NodeSelector = map[string]string{"kubernetes.io/os": "linux"} }},
	} {
		again(step.name, func() { w.change("default", "vm", step.edit) })
	}
	runs := func(strategy vmv1alpha1.RunStrategy) func() {
		return func() { w.change("default", "vm", func(s *vmv1alpha1.WukongSpec) { s.RunStrategy = strategy }) }
	}
	again("a stop", runs(vmv1alpha1.RunStrategyHalted))
	// A machine that is to run again before virt-controller has looked at it goes on as it was started.
	w.expectAbsent(&kubevirtv1.VirtualMachineInstance{}, "vm")
	again("and a start", runs(vmv1alpha1.RunStrategyAlways))
	w.expectReady("default", "vm")
	w.must(w.manager.Stop())
	const earlier = "of an earlier version"
	annotate(vmv1alpha1.AnnotationAppliedHash, earlier)
	instance := w.instance("vm").UID
	w.startManager()
	w.eventually("another version has written the machine", func(context.Context) error {
		if written() == earlier {
			return errors.New("nothing was written")
		}
		return nil
	})
	expectSame("another version")
	w.expectReady("default", "vm")
	if after := w.instance("vm").UID; after != instance {
		t.Error("the new version restarted the machine")
	}
}
