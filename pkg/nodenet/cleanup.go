// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"slices"
	"time"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// cleanUp removes the bridge from nodes that left its groups: NMState leaves such a node as it is.
func (d *deciding) cleanUp(wanted map[string]nncp.Bridge) {
	for _, policy := range d.policies[d.bridge] {
		if policy.Role == RoleCleanup {
			d.continueCleanup(policy, wanted)
		}
	}
	for _, name := range d.remembered() {
		node := d.node(name)
		if node.Host == nil || d.covered(node, wanted) {
			continue
		}
		bridge, there := d.formOn(node)
		if !there {
			continue
		}
		result := node.result(vmv1alpha1.NodeLeaving, "the node is in no node group any more; bridge "+d.bridge+" is being removed from it")
		d.busy = true
		if users := d.usersOn(name); len(users) > 0 {
			result.Message = "the node is in no node group any more; bridge " + d.bridge + " is removed from it when these have stopped: " + list(users)
		} else {
			d.Writes = append(d.Writes, cleanupOf(node, bridge, d.Now))
		}
		d.results = append(d.results, result)
	}
}

func cleanupOf(node *Node, bridge nncp.Bridge, now time.Time) Write {
	bridge.NodeSelector = map[string]string{hostnameLabel: node.Labels[hostnameLabel]}
	form := FormAbsent
	if bridge.HostIP {
		form = FormRestore
	}
	return Write{Role: RoleCleanup, Form: form, Node: node.Name, Bridge: bridge, TeardownSince: now}
}

// continueCleanup decides about a cleanup that has begun: it ends like any removal, or at once when the node came back.
func (d *deciding) continueCleanup(policy *Policy, wanted map[string]nncp.Bridge) {
	node := d.node(policy.Node)
	back := node != nil && d.back(node, policy, wanted)
	switch {
	case policy.Deleting:
		d.busy = true
	case node == nil:
		d.delete(policy)
	case back:
		d.delete(policy)
		// The group's own policy has to be applied on the node once more.
		for i := range d.Writes {
			if d.Writes[i].Role == RoleBridge && d.Writes[i].Form == FormPresent && node.matches(d.Writes[i].Bridge.NodeSelector) {
				d.Writes[i].Attempt++
			}
		}
	default:
		name := d.policyName
		d.finish(policy)
		d.policyName = name
	}
}

// back reports whether a node that is cleaned is to have the bridge after all: as it is removed, or by a policy that makes
// another form of it there.
func (d *deciding) back(node *Node, policy *Policy, wanted map[string]nncp.Bridge) bool {
	for _, bridge := range wanted {
		bridge.HostIP, bridge.HostRoutes, bridge.UplinkType = policy.Bridge.HostIP, policy.Bridge.HostRoutes, policy.Bridge.UplinkType
		if node.matches(bridge.NodeSelector) && policy.Bridge.CanBecome(bridge) {
			return true
		}
	}
	return slices.ContainsFunc(d.policies[d.bridge], func(p *Policy) bool {
		return p.Role == RoleBridge && !p.removes() && node.matches(p.Bridge.NodeSelector)
	})
}

// covered reports whether a policy or a wanted group is about the node, or a cleanup is on its way.
func (d *deciding) covered(node *Node, wanted map[string]nncp.Bridge) bool {
	for _, bridge := range wanted {
		if node.matches(bridge.NodeSelector) {
			return true
		}
	}
	if slices.ContainsFunc(d.Writes, func(w Write) bool { return node.matches(w.Bridge.NodeSelector) }) {
		return true
	}
	return slices.ContainsFunc(d.policies[d.bridge], func(p *Policy) bool {
		return p.Role != RoleCleanup && node.matches(p.Bridge.NodeSelector) || p.Role == RoleCleanup && p.Node == node.Name
	})
}
