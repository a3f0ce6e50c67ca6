// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package hostnet

import vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"

// Wanted is a bridge that is to be made on a node.
type Wanted struct {
	// Name is the bridge's name on the node.
	Name string
	// Type is the bridge's type in NMState's words.
	Type vmv1alpha1.BridgeType
	// NIC is the interface that carries the bridge's traffic.
	NIC string
	// VLANID is the VLAN of the NIC that the bridge is on, 0 for untagged.
	VLANID int32
	// MTU is the bridge's MTU in bytes, 0 for the NIC's own.
	MTU int32
	// Port is the bridge's port: the NIC, or the VLAN interface on it.
	Port string
	// MoveHostIP tells that addresses and routes of the NIC may be moved to the bridge.
	MoveHostIP bool
}

// takesNIC tells whether the NIC itself becomes the port, and so loses its addresses.
func (w Wanted) takesNIC() bool {
	return w.VLANID == 0 || w.Port == w.NIC
}
