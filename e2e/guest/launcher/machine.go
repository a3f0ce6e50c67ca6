// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package launcher

// Machine is what KubeVirt knows of a machine, as far as a guest can tell.
type Machine struct {
	// Hostname, UUID and Serial are the guest's name and the firmware's identity.
	Hostname, UUID, Serial string
	// UserData and NetworkData are for cloud-init.
	UserData, NetworkData []byte
	// NICs are in the order of the machine.
	NICs []NIC
}

// NIC is a NIC of the machine.
type NIC struct {
	// Network is the name of the machine's network.
	Network string
	// MAC is the NIC's, in the guest.
	MAC string
	// Config is the CNI configuration of the NetworkAttachmentDefinition; empty for the pod network.
	Config []byte
	// Lower is the node's NIC that a macvtap is on: the last part of the resource that the NetworkAttachmentDefinition asks
	// for. It is empty for what KubeVirt binds as a bridge.
	Lower string
}
