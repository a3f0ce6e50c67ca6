// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"maps"
	"slices"
)

// Interface types as nmstate spells them (nmstate.io, YAML API).
const (
	// TypeEthernet is a physical NIC.
	TypeEthernet = "ethernet"
	// TypeVLAN is a VLAN interface over a base.
	TypeVLAN = "vlan"
	// TypeLinuxBridge is a kernel bridge.
	TypeLinuxBridge = "linux-bridge"
	// TypeOVSBridge is an Open vSwitch bridge.
	TypeOVSBridge = "ovs-bridge"
	// TypeOVSInterface is an internal port of an Open vSwitch bridge.
	TypeOVSInterface = "ovs-interface"
	// TypeBond is a bond.
	TypeBond = "bond"
	// TypeDummy is a dummy interface.
	TypeDummy = "dummy"
)

// Interface states as nmstate spells them (nmstate.io, YAML API).
const (
	// StateUp is an interface that is up.
	StateUp = "up"
	// StateDown is an interface that is down.
	StateDown = "down"
	// StateAbsent asks for removal; it is never reported.
	StateAbsent = "absent"
	// StateIgnore is an interface that NetworkManager does not manage.
	StateIgnore = "ignore"
)

// DefaultMTU is what a link has when nobody says otherwise.
const DefaultMTU = 1500

// Interface is one link of a node.
type Interface struct {
	Name string
	Type string
	// State is up, down or ignore; empty counts as up.
	State string
	MAC   string
	// MTU is 1500 when it is left out.
	MTU int
	// Controller is the bridge or bond that this link is a port of.
	Controller string
	IPv4       IP
	IPv6       IP
	// VLAN is set for a VLAN interface only.
	VLAN *VLAN
	// Ports are the links of a bridge or bond, in the order of the last policy that set them.
	Ports []Port
	// STP says whether a bridge runs the spanning tree protocol; NetworkManager's default is that it does.
	STP bool
}

// IP is the configuration of one address family.
type IP struct {
	Enabled bool
	DHCP    bool
	// Addresses are in CIDR notation.
	Addresses []string
}

// VLAN is the tag of a VLAN interface.
type VLAN struct {
	Base string
	ID   int
}

// Port is one link of a bridge.
type Port struct {
	Name string
	// VLAN is the port's VLAN filter as it was written; nil and empty both mean that the bridge does not filter.
	VLAN map[string]any
}

// PortNames lists the ports by name.
func (i Interface) PortNames() []string {
	names := make([]string, 0, len(i.Ports))
	for _, port := range i.Ports {
		names = append(names, port.Name)
	}
	return names
}

// HasAddress reports whether the link carries any address.
func (i Interface) HasAddress() bool {
	return i.IPv4.Enabled && len(i.IPv4.Addresses) > 0 || i.IPv6.Enabled && len(i.IPv6.Addresses) > 0
}

func (i Interface) isBridge() bool {
	return i.Type == TypeLinuxBridge || i.Type == TypeOVSBridge
}

func (i Interface) holdsPorts() bool {
	return i.isBridge() || i.Type == TypeBond
}

// isVirtual is true for a link that exists only because somebody made it; removing a physical one merely empties it.
func (i Interface) isVirtual() bool {
	return i.Type != TypeEthernet
}

func (i Interface) clone() Interface {
	i.IPv4.Addresses = slices.Clone(i.IPv4.Addresses)
	i.IPv6.Addresses = slices.Clone(i.IPv6.Addresses)
	if i.VLAN != nil {
		vlan := *i.VLAN
		i.VLAN = &vlan
	}
	ports := make([]Port, 0, len(i.Ports))
	for _, port := range i.Ports {
		ports = append(ports, Port{Name: port.Name, VLAN: maps.Clone(port.VLAN)})
	}
	i.Ports = ports
	return i
}
