// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	kubevirtv1 "kubevirt.io/api/core/v1"
)

// difference is one way in which a machine is another than its running instance.
type difference struct {
	// text says it in the words of the Wukong's spec, what is running first.
	text string
	// live tells that KubeVirt may bring it into the running machine.
	live bool
}

// differences returns how a machine differs from its running instance, always in the same order.
func differences(machine *kubevirtv1.VirtualMachine, instance *kubevirtv1.VirtualMachineInstance) []difference {
	if machine.Spec.Template == nil {
		return nil
	}
	declared, running := &machine.Spec.Template.Spec, &instance.Spec
	var found []difference
	if was, is := cpusOf(running), cpusOf(declared); was != is && was > 0 && is > 0 {
		found = append(found, difference{fmt.Sprintf("cpu %d → %d", was, is), true})
	}
	if was, is := memoryOf(running), memoryOf(declared); was != nil && is != nil && was.Cmp(*is) != 0 {
		found = append(found, difference{fmt.Sprintf("memory %s → %s", was, is), true})
	}
	fixed := volumeDifferences(declared.Volumes, running.Volumes)
	if was, is := graceOf(running), graceOf(declared); was != is {
		fixed = append(fixed, fmt.Sprintf("terminationGracePeriodSeconds %d → %d", was, is))
	}
	for _, text := range append(fixed, nicDifferences(nicsOf(declared), nicsOf(running))...) {
		found = append(found, difference{text: text})
	}
	return found
}

func cpusOf(spec *kubevirtv1.VirtualMachineInstanceSpec) uint32 {
	cpu := spec.Domain.CPU
	if cpu == nil {
		return 0
	}
	return max(cpu.Sockets, 1) * max(cpu.Cores, 1) * max(cpu.Threads, 1)
}

func memoryOf(spec *kubevirtv1.VirtualMachineInstanceSpec) *resource.Quantity {
	if spec.Domain.Memory == nil {
		return nil
	}
	return spec.Domain.Memory.Guest
}

func graceOf(spec *kubevirtv1.VirtualMachineInstanceSpec) int64 {
	if spec.TerminationGracePeriodSeconds == nil {
		return kubevirtv1.DefaultGracePeriodSeconds
	}
	return *spec.TerminationGracePeriodSeconds
}

// volumeDifferences leaves out what is plugged in and out while the machine runs.
func volumeDifferences(declared, running []kubevirtv1.Volume) []string {
	before := map[string]kubevirtv1.Volume{}
	for _, volume := range running {
		before[volume.Name] = volume
	}
	var found []string
	for _, volume := range declared {
		was, there := before[volume.Name]
		delete(before, volume.Name)
		switch {
		case isHotplugged(volume):
		case !there:
			found = append(found, fmt.Sprintf("disk %s added", volume.Name))
		case was.ContainerDisk != nil && volume.ContainerDisk != nil:
			if was.ContainerDisk.Image != volume.ContainerDisk.Image {
				found = append(found, fmt.Sprintf("osImage %s → %s", was.ContainerDisk.Image, volume.ContainerDisk.Image))
			}
		case sourceOf(was) != sourceOf(volume):
			found = append(found, fmt.Sprintf("disk %s changed", volume.Name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if !isHotplugged(before[name]) {
			found = append(found, fmt.Sprintf("disk %s removed", name))
		}
	}
	return found
}

// sourceOf names where a volume's content comes from, as far as it tells two volumes of one name apart.
func sourceOf(volume kubevirtv1.Volume) string {
	switch {
	case volume.DataVolume != nil:
		return "DataVolume " + volume.DataVolume.Name
	case volume.PersistentVolumeClaim != nil:
		return "PersistentVolumeClaim " + volume.PersistentVolumeClaim.ClaimName
	case volume.ContainerDisk != nil:
		return "image " + volume.ContainerDisk.Image
	}
	return ""
}

// nicDifferences leaves out where a network is attached, which KubeVirt changes by migrating the machine, and what it plugs
// in and out.
func nicDifferences(declared, running []nic) []string {
	var found []string
	for _, n := range byName(declared) {
		name := n.device.Name
		was := find(running, name)
		switch {
		case n.device.State == kubevirtv1.InterfaceStateAbsent:
		case was == nil:
			if !n.canBePlugged() {
				found = append(found, fmt.Sprintf("network %s added", name))
			}
		case bindingOf(*was) != bindingOf(n):
			found = append(found, fmt.Sprintf("network %s: %s → %s", name, bindingOf(*was), bindingOf(n)))
		case was.device.MacAddress != n.device.MacAddress:
			found = append(found, fmt.Sprintf("network %s: macAddress %s → %s", name, was.device.MacAddress, n.device.MacAddress))
		case was.isOtherDeviceThan(n):
			found = append(found, fmt.Sprintf("network %s changed", name))
		}
	}
	for _, was := range byName(running) {
		if find(declared, was.device.Name) == nil && was.device.State != kubevirtv1.InterfaceStateAbsent {
			found = append(found, fmt.Sprintf("network %s removed", was.device.Name))
		}
	}
	return found
}

func byName(nics []nic) []nic {
	return slices.SortedFunc(slices.Values(nics), func(a, b nic) int { return cmp.Compare(a.device.Name, b.device.Name) })
}

// canBePlugged reports whether KubeVirt plugs such a NIC into a running machine (KubeVirt, pkg/network/controllers). Of one
// with the binding of a plugin it says nothing, and leaves it to the next start.
func (n nic) canBePlugged() bool {
	return n.network.Pod == nil && (n.device.Bridge != nil || n.device.SRIOV != nil)
}

// bindingOf names how a NIC is connected, in words that tell its type.
func bindingOf(n nic) string {
	switch {
	case n.network.Pod != nil:
		return "the pod network"
	case n.device.SRIOV != nil:
		return "binding sriov"
	case n.device.Binding != nil:
		return "binding " + n.device.Binding.Name
	default:
		return "binding bridge"
	}
}

// isOtherDeviceThan compares what KubeVirt compares beside binding and MAC (KubeVirt, pkg/network/vmliveupdate).
func (n nic) isOtherDeviceThan(other nic) bool {
	before, after := n.device, other.device
	before.State, after.State = "", ""
	return !reflect.DeepEqual(before, after)
}

// underWay says what KubeVirt is bringing into the running machine, or taking out of it, at the moment.
func underWay(machine *kubevirtv1.VirtualMachine, instance *kubevirtv1.VirtualMachineInstance) []string {
	if machine.Spec.Template == nil {
		return nil
	}
	var found []string
	if isTrue(instance, kubevirtv1.VirtualMachineInstanceVCPUChange) {
		found = append(found, fmt.Sprintf("cpu %d", cpusOf(&instance.Spec)))
	}
	if memory := memoryOf(&instance.Spec); memory != nil && isTrue(instance, kubevirtv1.VirtualMachineInstanceMemoryChange) {
		found = append(found, fmt.Sprintf("memory %s", memory))
	}
	for _, n := range byName(nicsOf(&machine.Spec.Template.Spec)) {
		switch name := n.device.Name; {
		case n.device.State == kubevirtv1.InterfaceStateAbsent:
			found = append(found, fmt.Sprintf("network %s is unplugged", name))
		case n.canBePlugged() && !isPlugged(instance, name):
			found = append(found, fmt.Sprintf("network %s is plugged in", name))
		}
	}
	return found
}

// isPlugged reports whether the guest has a NIC, which KubeVirt reports then from the hypervisor, or is being started with it.
func isPlugged(instance *kubevirtv1.VirtualMachineInstance, name string) bool {
	if instance.IsUnprocessed() || instance.IsScheduling() || instance.IsScheduled() {
		return find(nicsOf(&instance.Spec), name) != nil
	}
	return slices.ContainsFunc(instance.Status.Interfaces, func(nic kubevirtv1.VirtualMachineInstanceNetworkInterface) bool {
		return nic.Name == name && hasSource(nic, "domain")
	})
}

func isTrue(instance *kubevirtv1.VirtualMachineInstance, kind kubevirtv1.VirtualMachineInstanceConditionType) bool {
	found := instanceCondition(instance, kind)
	return found != nil && found.Status == corev1.ConditionTrue
}

func instanceCondition(
	instance *kubevirtv1.VirtualMachineInstance, kind kubevirtv1.VirtualMachineInstanceConditionType,
) *kubevirtv1.VirtualMachineInstanceCondition {
	for i := range instance.Status.Conditions {
		if instance.Status.Conditions[i].Type == kind {
			return &instance.Status.Conditions[i]
		}
	}
	return nil
}
