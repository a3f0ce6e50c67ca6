// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package hostnet

import (
	"slices"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// bridgeExists tells whether the node has the bridge as it is wanted. Further ports do not matter: those of machines
// come and go, and a second NIC was somebody's decision.
func (c check) bridgeExists() bool {
	b, found := c.Network.Interfaces[c.want.Name]
	if !found || b.Type != string(c.want.Type) || !slices.Contains(b.Ports, c.want.Port) {
		return false
	}
	p, reported := c.Network.Interfaces[c.want.Port]
	return c.want.takesNIC() || !reported || c.isWantedVLAN(p)
}

// checkBridge looks at the bridge's name on the node.
func (c check) checkBridge() []Finding {
	b, found := c.Network.Interfaces[c.want.Name]
	switch {
	case !found:
		return nil
	case b.Type != string(c.want.Type):
		return []Finding{finding(vmv1alpha1.ReasonBridgeNameTaken,
			"node %s has an interface %s of type %s, so it cannot have a %s of that name: choose another bridgeName, or remove %s from the node",
			c.Name, b.Name, orUnknown(b.Type), c.want.Type, b.Name)}
	case !slices.Contains(b.Ports, c.want.Port):
		return []Finding{finding(vmv1alpha1.ReasonBridgeNameTaken,
			"node %s has bridge %s already, and it has %s, not %s: choose another bridgeName, or give %s on the node the port %s",
			c.Name, b.Name, portsOf(c.lasting(b.Ports)), c.want.Port, b.Name, c.want.Port)}
	case b.State == stateDown:
		return []Finding{finding(vmv1alpha1.ReasonNICDown,
			"bridge %s of node %s exists and is down: bring it up on the node, or choose another bridgeName", b.Name, c.Name)}
	default:
		return nil
	}
}

// lasting returns the ports that are there for good. The ports of pods and machines change from one report to the
// next, and a message must not; most of them are not even reported (kubernetes-nmstate, pkg/state/filter.go).
func (c check) lasting(ports []string) []string {
	var kept []string
	for _, name := range ports {
		p, reported := c.Network.Interfaces[name]
		if reported && !slices.Contains([]string{"veth", "tun", "tap"}, p.Type) {
			kept = append(kept, name)
		}
	}
	return kept
}

func portsOf(ports []string) string {
	switch len(ports) {
	case 0:
		return "no NIC as a port"
	case 1:
		return "the port " + ports[0]
	default:
		return "the ports " + list(ports)
	}
}

func orUnknown(kind string) string {
	if kind == "" {
		return "unknown"
	}
	return kind
}
