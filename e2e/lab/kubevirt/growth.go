// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	corev1 "k8s.io/api/core/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
)

// setTopology reports the processors and the memory that the guest has.
func setTopology(vmi *kubevirtv1.VirtualMachineInstance) {
	if cpu := vmi.Spec.Domain.CPU; cpu != nil {
		vmi.Status.CurrentCPUTopology = &kubevirtv1.CPUTopology{Cores: cpu.Cores, Sockets: cpu.Sockets, Threads: cpu.Threads}
	}
	memory := vmi.Spec.Domain.Memory
	if memory == nil || memory.Guest == nil {
		return
	}
	if vmi.Status.Memory == nil {
		boot := memory.Guest.DeepCopy()
		vmi.Status.Memory = &kubevirtv1.MemoryStatus{GuestAtBoot: &boot}
	}
	current, requested := memory.Guest.DeepCopy(), memory.Guest.DeepCopy()
	vmi.Status.Memory.GuestCurrent, vmi.Status.Memory.GuestRequested = &current, &requested
}

// grow gives the guest the processors and the memory that its instance is to have, at the end of a migration (KubeVirt,
// pkg/virt-handler/migration-target.go).
func grow(vmi *kubevirtv1.VirtualMachineInstance) {
	setTopology(vmi)
	dropCondition(vmi, kubevirtv1.VirtualMachineInstanceVCPUChange)
	dropCondition(vmi, kubevirtv1.VirtualMachineInstanceMemoryChange)
	delete(vmi.Labels, kubevirtv1.VirtualMachinePodMemoryRequestsLabel)
}

// judgeGrowth says that the guest has not yet got the processors or the memory of its instance, which takes a migration
// (KubeVirt, pkg/virt-controller/watch/vmi/lifecycle.go).
func judgeGrowth(vmi *kubevirtv1.VirtualMachineInstance) {
	cpu, has := vmi.Spec.Domain.CPU, vmi.Status.CurrentCPUTopology
	if cpu != nil && has != nil && cpu.Sockets != has.Sockets {
		setCondition(vmi, kubevirtv1.VirtualMachineInstanceVCPUChange, corev1.ConditionTrue, "", "")
	}
	memory, is := vmi.Spec.Domain.Memory, vmi.Status.Memory
	if memory != nil && memory.Guest != nil && is != nil && is.GuestRequested != nil && memory.Guest.Cmp(*is.GuestRequested) != 0 {
		setCondition(vmi, kubevirtv1.VirtualMachineInstanceMemoryChange, corev1.ConditionTrue, "", "")
	}
}
