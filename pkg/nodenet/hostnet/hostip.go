// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package hostnet

import (
	"net/netip"
	"slices"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// carriesHost tells whether the node would be cut off without the interface: it has a default route or an InternalIP
// (kubernetes-nmstate, pkg/probe: what its probes try before a change is kept).
func (c check) carriesHost(i Interface) bool {
	return c.hasDefaultRoute(i) || slices.ContainsFunc(c.InternalIPs, i.hasAddress)
}

func (c check) hasDefaultRoute(i Interface) bool {
	return slices.Contains(c.Network.DefaultRoutes, i.Name)
}

// lostWith names what the node loses when the interface becomes a port, which carries no address: the default route,
// the node's InternalIPs, and other addresses, which somebody uses as well.
func (c check) lostWith(i Interface) []string {
	var route, internal, others []string
	if c.hasDefaultRoute(i) {
		route = []string{"the default route"}
	}
	for _, prefix := range i.Addresses {
		if slices.ContainsFunc(c.InternalIPs, func(a netip.Addr) bool { return sameAddress(a, prefix.Addr()) }) {
			internal = append(internal, "its InternalIP "+prefix.Addr().String())
			continue
		}
		others = append(others, "address "+prefix.String())
	}
	return slices.Concat(route, internal, others)
}

// moves tells whether what the NIC carries has to follow to the bridge, and may.
func (c check) moves() bool {
	return c.hasNIC && c.want.MoveHostIP && c.want.Type == vmv1alpha1.BridgeTypeLinux &&
		c.nic.Controller != c.want.Name && len(c.lostWith(c.nic)) > 0
}

// hostIPAtRisk looks at what the NIC carries.
func (c check) hostIPAtRisk() []Finding {
	lost := c.lostWith(c.nic)
	switch {
	case len(lost) == 0 || c.moves():
		return nil
	case c.want.MoveHostIP:
		return []Finding{finding(vmv1alpha1.ReasonHostIPCannotMove,
			"node %s has %s on NIC %s, and hostIP: Move cannot move that to %s, since an Open vSwitch bridge takes no address: "+
				"use a network of type bridge, or another NIC", c.Name, list(lost), c.nic.Name, c.want.Name)}
	case c.want.Type == vmv1alpha1.BridgeTypeOVS:
		return []Finding{finding(vmv1alpha1.ReasonHostIPAtRisk,
			"node %s would lose %s if NIC %s became a port of bridge %s: use another NIC, or a network of type bridge with a VLAN of %s (vlanId) "+
				"or with hostIP: Move on the WukongUplink", c.Name, list(lost), c.nic.Name, c.want.Name, c.nic.Name)}
	default:
		return []Finding{finding(vmv1alpha1.ReasonHostIPAtRisk,
			"node %s would lose %s if NIC %s became a port of bridge %s: use a VLAN of %s (vlanId), another NIC, or hostIP: Move on the WukongUplink",
			c.Name, list(lost), c.nic.Name, c.want.Name, c.nic.Name)}
	}
}

// vlanAtRisk looks at what a VLAN interface carries that is nobody's port yet.
func (c check) vlanAtRisk(i Interface) []Finding {
	lost := c.lostWith(i)
	if len(lost) == 0 {
		return nil
	}
	return []Finding{finding(vmv1alpha1.ReasonHostIPAtRisk,
		"node %s would lose %s if its interface %s became a port of bridge %s: use another VLAN, or first move that elsewhere on the node; "+
			"hostIP: Move does not help, it is for what a NIC carries without a VLAN", c.Name, list(lost), i.Name, c.want.Name)}
}

func (i Interface) hasAddress(a netip.Addr) bool {
	return slices.ContainsFunc(i.Addresses, func(prefix netip.Prefix) bool { return sameAddress(a, prefix.Addr()) })
}

// sameAddress compares without what two spellings of one address differ in: a zone, or IPv4 written as IPv6.
func sameAddress(a, b netip.Addr) bool {
	return a.Unmap().WithZone("") == b.Unmap().WithZone("")
}
