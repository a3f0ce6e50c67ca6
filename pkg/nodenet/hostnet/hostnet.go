// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package hostnet knows what a node's network is, as NMState reports it, and whether a bridge may be made on it. It is
// pure: a reported state and a wanted bridge in, findings out, the same for the same state in any order.
package hostnet

import "net/netip"

// Node is a node and its network.
type Node struct {
	// Name is the node's name.
	Name string
	// InternalIPs are the node's addresses of type InternalIP (Kubernetes, Node.status.addresses).
	InternalIPs []netip.Addr
	// Network is what NMState reports of the node.
	Network Network
}

// Network is the part of a NodeNetworkState that decides about bridges (nmstate.io, "YAML API").
type Network struct {
	// Interfaces are the node's interfaces by name.
	Interfaces map[string]Interface
	// DefaultRoutes names the interfaces that a default route of the main table goes through, of IPv4 or IPv6. It is
	// sorted and names each interface once.
	DefaultRoutes []string
	// Routed names the interfaces that any route goes through, but for those that the kernel makes of an address. It is
	// sorted and names each interface once.
	Routed []string
}

// Interface is one interface of a node (nmstate.io, "YAML API").
type Interface struct {
	// Name is the kernel name.
	Name string
	// Type is NMState's word: ethernet, bond, vlan, linux-bridge, ovs-bridge and so on.
	Type string
	// State is up, down or ignore; ignore means that NetworkManager does not manage the interface.
	State string
	// Controller is the bridge or bond that the interface is a port of, empty for none.
	Controller string
	// MAC is the MAC address as it was reported.
	MAC string
	// MTU is the MTU in bytes, 0 where none is reported.
	MTU int32
	// Addresses are the IPv4 and IPv6 addresses without the link-local ones, sorted.
	Addresses []netip.Prefix
	// DHCP tells whether an address comes by DHCP.
	DHCP bool
	// VLANBase and VLANID are what a VLAN interface is made of, empty and 0 for others.
	VLANBase string
	VLANID   int32
	// Ports are the ports of a bridge or bond, sorted; those of an Open vSwitch bond count as the bridge's.
	Ports []string
}

// NMState's words for types and states that no constant of the API has (nmstate.io, "YAML API").
const (
	typeEthernet = "ethernet"
	typeBond     = "bond"
	typeVLAN     = "vlan"

	stateDown   = "down"
	stateAbsent = "absent"
	stateIgnore = "ignore"
)
