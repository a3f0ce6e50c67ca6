// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"reflect"

	kubevirtv1 "kubevirt.io/api/core/v1"
)

// nic is one NIC of a machine: KubeVirt describes it in two lists, by one name.
type nic struct {
	device  kubevirtv1.Interface
	network kubevirtv1.Network
}

// nicsOf returns the NICs of a machine or an instance in the order of its interfaces.
func nicsOf(spec *kubevirtv1.VirtualMachineInstanceSpec) []nic {
	nics := make([]nic, 0, len(spec.Domain.Devices.Interfaces))
	for _, device := range spec.Domain.Devices.Interfaces {
		found := nic{device: device}
		for _, network := range spec.Networks {
			if network.Name == device.Name {
				found.network = network
			}
		}
		nics = append(nics, found)
	}
	return nics
}

func setNICs(spec *kubevirtv1.VirtualMachineInstanceSpec, nics []nic) {
	spec.Domain.Devices.Interfaces, spec.Networks = nil, nil
	for _, n := range nics {
		spec.Domain.Devices.Interfaces = append(spec.Domain.Devices.Interfaces, n.device)
		spec.Networks = append(spec.Networks, n.network)
	}
}

func find(nics []nic, name string) *nic {
	for i := range nics {
		if nics[i].device.Name == name {
			return &nics[i]
		}
	}
	return nil
}

// arrangeNICs fits the declared NICs to a machine that exists. Its NICs stay in their order, whatever order they are
// declared in, and new ones come last: the order decides about the guest's PCI slots. A NIC that is no longer declared
// leaves the way KubeVirt unplugs it, as far as it can be unplugged.
//
// KubeVirt's lists have no keys, so they are applied whole, with whatever is to stay of them.
func arrangeNICs(built, live *kubevirtv1.VirtualMachine, instance *kubevirtv1.VirtualMachineInstance) {
	if live == nil || live.Spec.Template == nil {
		return
	}
	declared, present := nicsOf(&built.Spec.Template.Spec), nicsOf(&live.Spec.Template.Spec)
	var running []nic
	if isAlive(instance) {
		running = nicsOf(&instance.Spec)
	}
	var nics []nic
	for _, before := range present {
		if wanted := find(declared, before.device.Name); wanted != nil {
			nics = append(nics, wanted.keeping(before))
		} else if kept := removed(before, find(running, before.device.Name), instance); kept != nil {
			nics = append(nics, *kept)
		}
	}
	for _, plugged := range running {
		// Taken out of the machine while it started: now that it runs it can be unplugged.
		name := plugged.device.Name
		if find(present, name) == nil && find(declared, name) == nil && plugged.device.State != kubevirtv1.InterfaceStateAbsent &&
			plugged.canBeUnplugged() && canUnplugNow(instance) {
			nics = append(nics, plugged.absent())
		}
	}
	for _, wanted := range declared {
		if find(present, wanted.device.Name) == nil {
			nics = append(nics, wanted)
		}
	}
	setNICs(&built.Spec.Template.Spec, nics)
}

// keeping returns the declared NIC with what is not declared of it and was there before, such as a link that somebody took
// down, or the PCI address that somebody gave it. Another binding makes it another NIC.
func (n nic) keeping(before nic) nic {
	if !reflect.DeepEqual(n.device.InterfaceBindingMethod, before.device.InterfaceBindingMethod) ||
		!reflect.DeepEqual(n.device.Binding, before.device.Binding) {
		return n
	}
	kept := nic{device: *before.device.DeepCopy(), network: n.network}
	kept.device.MacAddress = n.device.MacAddress
	if kept.device.State == kubevirtv1.InterfaceStateAbsent {
		kept.device.State = ""
	}
	return kept
}

// removed returns what stays in the machine of a NIC that is no longer declared, nil for nothing. plugged is the NIC in the
// running instance, nil when it has none.
//
// An entry with the state "absent" is KubeVirt's to take out when the NIC is unplugged. To take out the entry of a plugged
// NIC only changes the next start.
func removed(before nic, plugged *nic, instance *kubevirtv1.VirtualMachineInstance) *nic {
	if plugged == nil || !plugged.canBeUnplugged() || instance.Status.Phase != kubevirtv1.Running {
		return nil
	}
	if canUnplugNow(instance) {
		before = before.absent()
	}
	return &before
}

func (n nic) absent() nic {
	gone := nic{device: *n.device.DeepCopy(), network: n.network}
	gone.device.State = kubevirtv1.InterfaceStateAbsent
	return gone
}

// canBeUnplugged reports whether KubeVirt unplugs such a NIC: one with the bridge binding that is not the pod's own
// (KubeVirt, pkg/network/admitter).
func (n nic) canBeUnplugged() bool {
	return n.device.Bridge != nil && n.network.Multus != nil && !n.network.Multus.Default
}

// canUnplugNow reports whether a NIC may be unplugged at this moment. While a machine migrates, its next pod has been made
// with the NIC already.
func canUnplugNow(instance *kubevirtv1.VirtualMachineInstance) bool {
	return instance.Status.Phase == kubevirtv1.Running && !isMigrating(instance)
}

func isMigrating(instance *kubevirtv1.VirtualMachineInstance) bool {
	state := instance.Status.MigrationState
	return state != nil && !state.Completed && !state.Failed && state.EndTimestamp == nil
}

// isAlive reports whether an instance is still to be reckoned with: neither ended nor on its way out, when KubeVirt no longer
// follows the machine with it.
func isAlive(instance *kubevirtv1.VirtualMachineInstance) bool {
	return instance != nil && instance.DeletionTimestamp.IsZero() && !instance.IsFinal()
}
