// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"slices"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// abandoned reports whether a policy was deleted by somebody, and what it made is in nobody's interest any more: the claims
// that remember it leave, or another one has the bridge's name.
func (d *deciding) abandoned() bool {
	if len(d.policies[d.bridge]) > 0 || len(d.remembered()) == 0 {
		return false
	}
	for _, claim := range d.claims[d.bridge] {
		if claim.PolicyName == "" {
			continue
		}
		granted := d.grants[claim.Key]
		if granted != nil && granted.refusal == nil || d.holder != nil && d.canonical(claim.Wanted) == d.holder.wanted {
			return false
		}
	}
	return true
}

// removeAbandoned removes what a policy made that somebody has deleted: from a whole group of nodes at once, or where a
// node of the group may have a stranger's bridge of that name, from each node alone.
func (d *deciding) removeAbandoned() {
	for _, claim := range d.claims[d.bridge] {
		uplink, _ := Resolve(d.uplinks, claim.Wanted.Uplink)
		switch {
		case claim.PolicyName == "":
		case uplink != nil && uplink.Spec.ReclaimPolicy == vmv1alpha1.ReclaimRetain:
			return
		default:
			groups := groupsOf(claim.Wanted, uplink)
			for _, group := range sortedGroups(groups) {
				d.removeFromGroup(groups[group])
			}
		}
	}
	d.cleanUp(nil)
	if d.busy && d.holder != nil {
		d.block(d.waitingForTeardown())
	}
}

// removeFromGroup removes a bridge from all nodes of a group at once. Where it carries a node's address this is left to
// cleanUp, node by node: how that is given back differs with the node.
func (d *deciding) removeFromGroup(bridge nncp.Bridge) {
	there := false
	for i := range d.nodes {
		node := &d.nodes[i]
		if !node.matches(bridge.NodeSelector) || node.Host == nil {
			continue
		}
		switch {
		case slices.ContainsFunc(d.Writes, func(w Write) bool { return node.matches(w.Bridge.NodeSelector) }), len(d.usersOn(node.Name)) > 0:
			return
		case d.madeOn()[node.Name] && exists(node, bridge):
			if asItIs(node, bridge).HostIP {
				return
			}
			there = true
		case has(node, bridge.Name) || bridge.VLANID != 0 && has(node, bridge.Port()):
			return
		}
	}
	if !there {
		return
	}
	d.busy = true
	d.Writes = append(d.Writes, Write{Role: RoleBridge, Form: FormAbsent, Bridge: bridge, TeardownSince: d.Now})
}

// asItIs returns a bridge with what a node tells of the host's address on it.
func asItIs(node *Node, bridge nncp.Bridge) nncp.Bridge {
	network := node.Host.Network
	bridge.HostIP = bridge.VLANID == 0 && (len(network.Interfaces[bridge.Name].Addresses) > 0 || node.Host.Carries(bridge.Name))
	bridge.HostRoutes = bridge.HostIP && slices.Contains(network.Routed, bridge.Name)
	if kind := network.Interfaces[bridge.Uplink].Type; bridge.HostIP && kind != "ethernet" {
		bridge.UplinkType = kind
	}
	return bridge
}
