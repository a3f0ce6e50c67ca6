// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package hostnet

import (
	"maps"
	"slices"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// checkNIC looks at what every bridge needs of its NIC, tagged or not.
func (c check) checkNIC() []Finding {
	if !c.hasNIC {
		return []Finding{c.nicMissing()}
	}
	var findings []Finding
	switch {
	case c.nic.State == stateDown:
		findings = append(findings, finding(vmv1alpha1.ReasonNICDown,
			"NIC %s of node %s is down: bring it up on the node, or use another NIC", c.nic.Name, c.Name))
	case c.nic.State == stateIgnore && !c.exists:
		// A bridge that exists can be used whoever manages it; one that is to be made needs NetworkManager.
		findings = append(findings, finding(vmv1alpha1.ReasonNICDown,
			"NIC %s of node %s is not managed by NetworkManager, so NMState cannot put bridge %s on it: "+
				"let NetworkManager manage it (nmcli device set %s managed yes), or use another NIC",
			c.nic.Name, c.Name, c.want.Name, c.nic.Name))
	}
	if c.nic.MTU > 0 && c.want.MTU > c.nic.MTU {
		findings = append(findings, finding(vmv1alpha1.ReasonMTUTooLarge,
			"bridge %s wants an MTU of %d and NIC %s of node %s carries %d: lower the network's mtu, or raise that of %s on the node",
			c.want.Name, c.want.MTU, c.nic.Name, c.Name, c.nic.MTU, c.nic.Name))
	}
	return findings
}

func (c check) nicMissing() Finding {
	var others []string
	for _, name := range slices.Sorted(maps.Keys(c.Network.Interfaces)) {
		if i := c.Network.Interfaces[name]; i.Type == typeEthernet || i.Type == typeBond {
			others = append(others, name)
		}
	}
	has := "no NIC at all"
	if len(others) > 0 {
		has = list(others)
	}
	return finding(vmv1alpha1.ReasonNICMissing,
		"node %s has no NIC %s, it has %s: correct the name, or write a WukongUplink whose nodeGroups name the NIC of each group of nodes",
		c.Name, c.want.NIC, has)
}

// takeNIC looks at what is lost when the NIC itself becomes the bridge's port.
func (c check) takeNIC() []Finding {
	if !c.hasNIC || c.nic.Controller == c.want.Name {
		return nil
	}
	var findings []Finding
	switch {
	case c.nic.Controller != "":
		findings = append(findings, c.nicInUse())
	case isBridge(c.nic):
		findings = append(findings, finding(vmv1alpha1.ReasonNICInUse,
			"%s of node %s is itself a %s and cannot be the port of bridge %s: use bridgeName %s, a VLAN of %s (vlanId), or a NIC",
			c.nic.Name, c.Name, c.nic.Type, c.want.Name, c.nic.Name, c.nic.Name))
	}
	return append(findings, c.hostIPAtRisk()...)
}

func (c check) nicInUse() Finding {
	holder := c.nic.Controller
	kind := c.Network.Interfaces[holder].Type
	cure := "use bridgeName " + holder + " if that is the network you mean, or another NIC"
	switch kind {
	case "":
		kind = "controller"
	case typeBond:
		cure = "use " + holder + " as the uplink, or another NIC"
	}
	return finding(vmv1alpha1.ReasonNICInUse, "NIC %s of node %s is a port of %s %s already and cannot be one of bridge %s: %s",
		c.nic.Name, c.Name, kind, holder, c.want.Name, cure)
}

func isBridge(i Interface) bool {
	return i.Type == string(vmv1alpha1.BridgeTypeLinux) || i.Type == string(vmv1alpha1.BridgeTypeOVS)
}
