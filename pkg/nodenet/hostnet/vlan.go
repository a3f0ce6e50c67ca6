// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package hostnet

import (
	"slices"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

func (c check) isWantedVLAN(i Interface) bool {
	return i.Type == typeVLAN && i.VLANBase == c.want.NIC && i.VLANID == c.want.VLANID
}

// takeVLAN looks at the VLAN interface that becomes the bridge's port. What the NIC itself carries stays as it is.
func (c check) takeVLAN() []Finding {
	findings := slices.Concat(c.bondMember(), c.sameVLAN())
	v, found := c.Network.Interfaces[c.want.Port]
	switch {
	case !found:
		return findings
	case !c.isWantedVLAN(v):
		return append(findings, finding(vmv1alpha1.ReasonBridgeNameTaken,
			"node %s has an interface %s that is %s, not VLAN %d of NIC %s, which bridge %s needs under that name: "+
				"rename or remove it on the node, or use another VLAN",
			c.Name, v.Name, describe(v), c.want.VLANID, c.want.NIC, c.want.Name))
	case v.Controller == c.want.Name:
		return findings
	case v.Controller != "":
		return append(findings, finding(vmv1alpha1.ReasonVLANInUse,
			"VLAN %d of NIC %s of node %s is in %s already, as its port %s, and cannot be in bridge %s: "+
				"use bridgeName %s if that is the network you mean, or another VLAN",
			c.want.VLANID, c.want.NIC, c.Name, v.Controller, v.Name, c.want.Name, v.Controller))
	default:
		return append(findings, c.vlanAtRisk(v)...)
	}
}

// sameVLAN looks for the VLAN under another name: the kernel has each VLAN of an interface once (EEXIST).
func (c check) sameVLAN() []Finding {
	var names []string
	// A node may have thousands of interfaces, so they are not sorted before the few that matter are found.
	for name, i := range c.Network.Interfaces {
		if name != c.want.Port && c.isWantedVLAN(i) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	findings := make([]Finding, 0, len(names))
	for _, name := range names {
		i := c.Network.Interfaces[name]
		where := name
		if i.Controller != "" {
			where += ", a port of " + i.Controller
		}
		findings = append(findings, finding(vmv1alpha1.ReasonVLANInUse,
			"node %s has VLAN %d of NIC %s already, as interface %s, and the kernel makes each VLAN once, so bridge %s cannot have it as %s: "+
				"rename or remove %s on the node, or use another VLAN",
			c.Name, c.want.VLANID, c.want.NIC, where, c.want.Name, c.want.Port, name))
	}
	return findings
}

// bondMember refuses a VLAN of one leg of a bond: the frames that the switch sends over the other legs would be lost.
func (c check) bondMember() []Finding {
	if !c.hasNIC || c.exists || c.Network.Interfaces[c.nic.Controller].Type != typeBond {
		return nil
	}
	return []Finding{finding(vmv1alpha1.ReasonNICInUse,
		"NIC %s of node %s is a port of bond %s, and a VLAN of it would miss what arrives on the bond's other ports: use %s as the uplink, or another NIC",
		c.nic.Name, c.Name, c.nic.Controller, c.nic.Controller)}
}

// describe says what an interface is, for example "VLAN 200 of ens161" or "of type dummy".
func describe(i Interface) string {
	if i.Type == typeVLAN {
		return VLAN{Base: i.VLANBase, ID: i.VLANID}.String()
	}
	return "of type " + orUnknown(i.Type)
}
