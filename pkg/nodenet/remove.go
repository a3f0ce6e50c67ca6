// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"slices"
	"time"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// drop decides about a policy whose bridge nobody wants as it is.
func (d *deciding) drop(policy *Policy) {
	switch {
	case policy.Deleting:
		d.busy = true
		if policy.Role == RoleBridge {
			d.observe(policy)
		}
	case policy.removes():
		d.finish(policy)
	case d.holder == nil && d.retained(policy.Bridge):
		// The bridge stays for the next claim; nothing has to be written for that.
	case len(d.claims[d.bridge]) == 0:
		// Claims leave by their finalizers. Without any the policy is older than what this cluster remembers, as after a
		// restored backup, and machines may run on its bridge.
	default:
		if users := d.usersOfPolicy(policy); len(users) > 0 {
			// Whoever leaves has to wait for that as well: without a claim nobody would remove the bridge afterwards.
			d.busy = true
			d.block(waitingForMachines("bridge "+d.bridge+" goes from nodes that policy "+policy.Name+" is for", users))
			d.observe(policy)
			return
		}
		d.begin(policy)
	}
}

// begin begins to remove what a policy made: deleting a policy alone changes no node.
func (d *deciding) begin(policy *Policy) {
	d.busy = true
	if len(policy.Enactments) == 0 && !d.anyHandler(policy) || d.deserted(policy) {
		// No handler has seen the policy and none is there to see it: nothing was made.
		d.delete(policy)
		return
	}
	if (policy.Bridge.HostIP || d.strangers(policy)) && d.untold(policy) {
		// Another policy is going to remove the bridge, which does not know what this one has done where. The claims are
		// told now, and their change is an event.
		d.observe(policy)
		d.untoldPolicy = policy.Name
		return
	}
	if d.strangers(policy) && policy.AcceptsUpdate {
		d.removeFromEach(policy)
		return
	}
	if policy.Bridge.HostIP {
		// NMState takes no change of captures, so another policy gives the address back.
		d.Writes = append(d.Writes, Write{Role: RoleRestore, Form: FormRestore, Bridge: policy.Bridge, TeardownSince: d.Now})
		d.Deletes = append(d.Deletes, Delete{Name: policy.Name})
		return
	}
	if policy.AcceptsUpdate {
		d.Writes = append(d.Writes, Write{Name: policy.Name, Role: RoleBridge, Form: FormAbsent, Bridge: policy.Bridge, TeardownSince: d.Now})
		return
	}
	// NMState takes no new version of a policy that it still works on.
	last := d.lastDeletion()
	if d.holder != nil || last.IsZero() {
		// Nobody has left; the bridge is only to be made anew, which can wait for NMState.
		return
	}
	deadline := d.Deadlines.Slow
	if !d.anyHandler(policy) {
		deadline = d.Deadlines.Unreachable
	}
	if rest := last.Add(deadline).Sub(d.Now); rest > 0 {
		d.recheck(rest)
		return
	}
	d.LeftBehind = append(d.LeftBehind, d.nodesWithPolicy(policy)...)
	d.delete(policy)
}

// stranger reports whether a node has, under the bridge's name or its port's, what a policy did not make: the policy failed
// there, or somebody came later. Removing the bridge there would remove that.
func stranger(node *Node, bridge nncp.Bridge) bool {
	if node.Host == nil || exists(node, bridge) {
		return false
	}
	port := node.Host.Network.Interfaces[bridge.Port()]
	return has(node, bridge.Name) || bridge.VLANID != 0 && port.Controller != "" && port.Controller != bridge.Name
}

// deserted reports whether the last node of a policy is gone that NMState has not finished with. Nobody is left who could
// tell NMState's admission that it has.
func (d *deciding) deserted(policy *Policy) bool {
	return !policy.AcceptsUpdate && len(d.nodeResults(policy)) == 0
}

// untold reports whether NMState reports on a node of a policy that no claim remembers yet.
func (d *deciding) untold(policy *Policy) bool {
	return len(d.claims[d.bridge]) > 0 && slices.ContainsFunc(policy.Enactments, func(e Enactment) bool {
		return d.node(e.Node) != nil && !d.madeOn()[e.Node]
	})
}

func (d *deciding) strangers(policy *Policy) bool {
	return slices.ContainsFunc(d.nodes, func(node Node) bool {
		return node.matches(policy.Bridge.NodeSelector) && stranger(&node, policy.Bridge)
	})
}

// removeFromEach removes a bridge from each node that has it, and from no other. It waits for nodes whose report is still to
// show it.
func (d *deciding) removeFromEach(policy *Policy) {
	rest := d.lastDeletion().Add(d.Deadlines.Slow).Sub(d.Now)
	var cleanups []Write
	var left []NodeResult
	for _, result := range d.nodesWithPolicy(policy) {
		node := d.node(result.Name)
		under := underWay(result)
		switch {
		case node.Host != nil && exists(node, policy.Bridge):
			cleanups = append(cleanups, cleanupOf(node, policy.Bridge, d.Now))
		case under && rest > 0:
			d.recheck(rest)
			d.observe(policy)
			return
		case under || !answers(node):
			left = append(left, result)
		}
	}
	d.Writes, d.LeftBehind = append(d.Writes, cleanups...), append(d.LeftBehind, left...)
	d.delete(policy)
}

// finish decides about a policy that removes a bridge: it has done its work when each node that has seen it has
// answered, has failed for good, or is past its deadline.
func (d *deciding) finish(policy *Policy) {
	d.busy = true
	d.policyName = policy.Name
	var left []NodeResult
	waiting := false
	for _, node := range d.nodesWithPolicy(policy) {
		rest := d.restOf(policy, node.State)
		switch {
		case node.State == vmv1alpha1.NodeApplied && !d.stillShown(policy, node.Name):
		case node.State == vmv1alpha1.NodeApplied && rest <= 0:
		case rest <= 0:
			left = append(left, node)
		default:
			waiting = true
			d.recheck(rest)
		}
	}
	if waiting {
		d.results = append(d.results, d.nodesWithPolicy(policy)...)
		return
	}
	d.LeftBehind = append(d.LeftBehind, left...)
	d.delete(policy)
}

// restOf returns how long a removal still waits for a node in a state.
func (d *deciding) restOf(policy *Policy, state vmv1alpha1.NodeState) time.Duration {
	deadline := d.Deadlines.Slow
	switch state {
	case vmv1alpha1.NodeApplied:
		deadline = d.Deadlines.Drift
	case vmv1alpha1.NodeFailed, vmv1alpha1.NodeAborted:
		return 0
	case vmv1alpha1.NodeNotReady, vmv1alpha1.NodeNoHandler:
		deadline = d.Deadlines.Unreachable
	}
	return policy.TeardownSince.Add(deadline).Sub(d.Now)
}

// stillShown reports whether NMState's report of a node shows a bridge that NMState says it has removed: the report comes
// a moment later, and whoever claims the bridge next would take it for a stranger's.
func (d *deciding) stillShown(policy *Policy, name string) bool {
	node := d.node(name)
	return d.Deadlines.Drift > 0 && node != nil && node.Host != nil && exists(node, policy.Bridge)
}

// delete deletes a policy that has done its work. It holds nobody any longer.
func (d *deciding) delete(policy *Policy) {
	d.Deletes = append(d.Deletes, Delete{Name: policy.Name})
	d.busy = d.remaining()
}

// remaining reports whether a policy of the bridge is there that is not deleted now.
func (d *deciding) remaining() bool {
	if len(d.Writes) > 0 {
		return true
	}
	for _, policy := range d.policies[d.bridge] {
		deleted := slices.ContainsFunc(d.Deletes, func(x Delete) bool { return x.Name == policy.Name })
		kept := policy.Role == RoleBridge && !policy.removes() && d.retained(policy.Bridge)
		if !deleted && !kept {
			return true
		}
	}
	return false
}

// lastDeletion returns the time at which the last claim was deleted.
func (d *deciding) lastDeletion() time.Time {
	var last time.Time
	for _, claim := range d.claims[d.bridge] {
		if claim.DeletedAt.After(last) {
			last = claim.DeletedAt
		}
	}
	return last
}

// nodesWithPolicy returns the state of the nodes that have to remove the bridge: those that NMState reports on, those whose
// handler is about to see the policy, and those that do not answer and had the bridge when they last did.
func (d *deciding) nodesWithPolicy(policy *Policy) []NodeResult {
	reported := make(map[string]bool, len(policy.Enactments))
	for _, enactment := range policy.Enactments {
		reported[enactment.Node] = true
	}
	return slices.DeleteFunc(d.nodeResults(policy), func(node NodeResult) bool {
		unreachable := node.State == vmv1alpha1.NodeNotReady || node.State == vmv1alpha1.NodeNoHandler
		return unreachable && !reported[node.Name] && !d.madeOn()[node.Name]
	})
}

func (d *deciding) anyHandler(policy *Policy) bool {
	return slices.ContainsFunc(d.nodes, func(node Node) bool {
		return node.Ready && node.Handler && node.matches(policy.Bridge.NodeSelector)
	})
}
