// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"github.com/google/uuid"
	"k8s.io/apimachinery/pkg/types"
	kubevirtv1 "kubevirt.io/api/core/v1"
)

const (
	defaultMachineType  = "q35"
	defaultArchitecture = "amd64"
	// defaultGracePeriod is how long a guest may take to shut down, in seconds (kubevirt.io/api, core/v1/types.go).
	defaultGracePeriod = 30
)

// fillIn does what virt-api's mutating webhook does to a new machine: identity, machine type and architecture that were
// left out (KubeVirt, pkg/cloud-init).
func fillIn(machine *kubevirtv1.VirtualMachine) {
	if machine.Spec.Template == nil {
		return
	}
	spec := &machine.Spec.Template.Spec
	if spec.Domain.Firmware == nil {
		spec.Domain.Firmware = &kubevirtv1.Firmware{}
	}
	if spec.Domain.Firmware.UUID == "" {
		spec.Domain.Firmware.UUID = types.UID(uuid.NewString())
	}
	if spec.Domain.Firmware.Serial == "" {
		spec.Domain.Firmware.Serial = uuid.NewString()
	}
	if spec.Domain.Machine == nil {
		spec.Domain.Machine = &kubevirtv1.Machine{Type: defaultMachineType}
	}
	if spec.Architecture == "" {
		spec.Architecture = defaultArchitecture
	}
}

// complete gives an instance the defaults that KubeVirt gives at its creation, which the machine does not show.
func complete(spec *kubevirtv1.VirtualMachineInstanceSpec) {
	if spec.Domain.CPU == nil {
		spec.Domain.CPU = &kubevirtv1.CPU{}
	}
	cpu := spec.Domain.CPU
	cpu.Cores, cpu.Sockets, cpu.Threads = max(cpu.Cores, 1), max(cpu.Sockets, 1), max(cpu.Threads, 1)
	if cpu.MaxSockets == 0 {
		cpu.MaxSockets = cpu.Sockets * hotplugRatio
	}
	if memory := spec.Domain.Memory; memory != nil && memory.Guest != nil && memory.MaxGuest == nil {
		limit := memory.Guest.DeepCopy()
		limit.Mul(hotplugRatio)
		memory.MaxGuest = &limit
	}
	if spec.TerminationGracePeriodSeconds == nil {
		spec.TerminationGracePeriodSeconds = new(int64(defaultGracePeriod))
	}
	if len(spec.Networks) == 0 && (spec.Domain.Devices.AutoattachPodInterface == nil || *spec.Domain.Devices.AutoattachPodInterface) {
		spec.Networks = []kubevirtv1.Network{*kubevirtv1.DefaultPodNetwork()}
		spec.Domain.Devices.Interfaces = []kubevirtv1.Interface{*kubevirtv1.DefaultBridgeNetworkInterface()}
	}
}
