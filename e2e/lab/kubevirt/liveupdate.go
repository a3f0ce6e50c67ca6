// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"k8s.io/apimachinery/pkg/api/equality"
	kubevirtv1 "kubevirt.io/api/core/v1"
)

// Reasons why a change waits for a restart, in KubeVirt's words.
const (
	restartForField       = "a non-live-updatable field was changed in the template spec"
	restartForFewerCPUs   = "Reduction of CPU socket count requires a restart"
	restartForTooManyCPUs = "CPU sockets updated in template spec to a value higher than what's available"
	restartForLessMemory  = "memory updated in template spec to a value lower than what the VM started with"
	restartForMoreMemory  = "memory updated in template spec to a value higher than what's available"
)

// hotplugRatio is how many times its processors and memory a guest may grow when nothing else is said (KubeVirt, pkg/network/vmliveupdate).
const hotplugRatio = 4

// restartReason compares a machine with what its instance was started from. Empty means that everything has taken or can
// take effect; reverting a change therefore clears the reason, as KubeVirt does since 1.9.
func restartReason(started, machine *kubevirtv1.VirtualMachineInstanceSpec, vmi *kubevirtv1.VirtualMachineInstance) string {
	ignoring := started.DeepCopy()
	if ignoring.Domain.CPU != nil && machine.Domain.CPU != nil {
		ignoring.Domain.CPU.Sockets = machine.Domain.CPU.Sockets
	}
	if machine.Domain.Memory != nil && machine.Domain.Memory.Guest != nil {
		if ignoring.Domain.Memory == nil {
			ignoring.Domain.Memory = &kubevirtv1.Memory{}
		}
		ignoring.Domain.Memory.Guest = machine.Domain.Memory.Guest
	}
	ignoring.NodeSelector, ignoring.Affinity, ignoring.Tolerations = machine.NodeSelector, machine.Affinity, machine.Tolerations
	if !networksNeedRestart(machine, &vmi.Spec) {
		ignoring.Domain.Devices.Interfaces, ignoring.Networks = machine.Domain.Devices.Interfaces, machine.Networks
	}
	if !equality.Semantic.DeepEqual(ignoring, machine) {
		return restartForField
	}
	return growthReason(machine, vmi)
}

func growthReason(machine *kubevirtv1.VirtualMachineInstanceSpec, vmi *kubevirtv1.VirtualMachineInstance) string {
	if wanted, has := machine.Domain.CPU, vmi.Spec.Domain.CPU; wanted != nil && has != nil {
		switch {
		case wanted.Sockets > has.MaxSockets:
			return restartForTooManyCPUs
		// A machine that counts cores alone has one socket, which only its instance says.
		case max(wanted.Sockets, 1) < has.Sockets:
			return restartForFewerCPUs
		}
	}
	wanted, has := machine.Domain.Memory, vmi.Spec.Domain.Memory
	if wanted == nil || wanted.Guest == nil || has == nil || has.Guest == nil {
		return ""
	}
	atBoot := has.Guest
	if vmi.Status.Memory != nil && vmi.Status.Memory.GuestAtBoot != nil {
		atBoot = vmi.Status.Memory.GuestAtBoot
	}
	switch {
	case wanted.Guest.Cmp(*atBoot) < 0:
		return restartForLessMemory
	case has.MaxGuest != nil && wanted.Guest.Cmp(*has.MaxGuest) > 0:
		return restartForMoreMemory
	default:
		return ""
	}
}

// networksNeedRestart follows KubeVirt, pkg/network/vmliveupdate/restart.go: removing or editing a NIC does, adding one or pointing it at
// another attachment does not.
func networksNeedRestart(machine, running *kubevirtv1.VirtualMachineInstanceSpec) bool {
	wantedNICs := map[string]kubevirtv1.Interface{}
	for _, nic := range machine.Domain.Devices.Interfaces {
		nic.State = ""
		wantedNICs[nic.Name] = nic
	}
	for _, nic := range running.Domain.Devices.Interfaces {
		nic.State = ""
		if wanted, kept := wantedNICs[nic.Name]; !kept || !equality.Semantic.DeepEqual(wanted, nic) {
			return true
		}
	}
	return networkSourcesNeedRestart(machine.Networks, running.Networks)
}

func networkSourcesNeedRestart(machine, running []kubevirtv1.Network) bool {
	wanted := map[string]kubevirtv1.Network{}
	hasPod := false
	for _, network := range machine {
		hasPod = hasPod || network.Pod != nil
		wanted[network.Name] = withoutAttachment(network)
	}
	hadPod := false
	for _, network := range running {
		hadPod = hadPod || network.Pod != nil
		if kept, there := wanted[network.Name]; !there || !equality.Semantic.DeepEqual(kept, withoutAttachment(network)) {
			return true
		}
	}
	return hasPod && !hadPod
}

func withoutAttachment(network kubevirtv1.Network) kubevirtv1.Network {
	network = *network.DeepCopy()
	if network.Multus != nil {
		network.Multus.NetworkName = ""
	}
	return network
}

// propagate writes what needs no restart into a running instance, but not into one that migrates. A guest that has not yet got
// the processors or the memory that were asked for last is asked for no others (KubeVirt, pkg/virt-controller/watch/vm).
func propagate(machine *kubevirtv1.VirtualMachineInstanceSpec, vmi *kubevirtv1.VirtualMachineInstance) {
	if isMigrating(vmi) {
		return
	}
	vmi.Spec.NodeSelector = machine.DeepCopy().NodeSelector
	vmi.Spec.Affinity = machine.DeepCopy().Affinity
	vmi.Spec.Tolerations = machine.DeepCopy().Tolerations
	awaits := func(kind kubevirtv1.VirtualMachineInstanceConditionType) bool { return condition(vmi, kind) != nil }
	if wanted, has := machine.Domain.CPU, vmi.Spec.Domain.CPU; wanted != nil && has != nil && wanted.Sockets > has.Sockets &&
		!awaits(kubevirtv1.VirtualMachineInstanceVCPUChange) {
		has.Sockets = wanted.Sockets
	}
	wanted, has := machine.Domain.Memory, vmi.Spec.Domain.Memory
	if wanted != nil && wanted.Guest != nil && has != nil && has.Guest != nil && wanted.Guest.Cmp(*has.Guest) > 0 &&
		!awaits(kubevirtv1.VirtualMachineInstanceMemoryChange) {
		guest := wanted.Guest.DeepCopy()
		has.Guest = &guest
	}
}
