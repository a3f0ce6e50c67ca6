// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"maps"
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
	if len(policy.Enactments) == 0 && !d.anyHandler(policy) {
		// No handler has seen the policy and none is there to see it: nothing was made.
		d.delete(policy)
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

// removeWithoutPolicy removes a bridge that we made, nobody wants any more, and whose policy somebody has deleted.
func (d *deciding) removeWithoutPolicy() {
	if len(d.policies[d.bridge]) > 0 {
		return
	}
	var claim *Claim
	for _, candidate := range d.claims[d.bridge] {
		if candidate.leaving() && candidate.PolicyName != "" {
			claim = candidate
			break
		}
	}
	if claim == nil {
		return
	}
	uplink, _ := Resolve(d.uplinks, claim.Wanted.Uplink)
	if uplink != nil && uplink.Spec.ReclaimPolicy == vmv1alpha1.ReclaimRetain {
		return
	}
	groups := groupsOf(claim.Wanted, uplink)
	for _, group := range sortedGroups(groups) {
		d.removeFromGroup(groups[group], d.madeOn())
	}
}

// madeOn returns the nodes that a claim's status reports as having the bridge from us.
func (d *deciding) madeOn() map[string]bool {
	made := map[string]bool{}
	for _, claim := range d.claims[d.bridge] {
		for _, node := range claim.MadeOn {
			made[node] = true
		}
	}
	return made
}

func (d *deciding) removeFromGroup(bridge nncp.Bridge, made map[string]bool) {
	has, carriesHost := false, false
	for i := range d.nodes {
		node := &d.nodes[i]
		if !made[node.Name] || !node.matches(bridge.NodeSelector) || node.Host == nil || !exists(node, bridge) {
			continue
		}
		has = true
		carriesHost = carriesHost || node.Host.Carries(bridge.Name)
	}
	if !has {
		return
	}
	d.busy = true
	write := Write{Role: RoleBridge, Form: FormAbsent, Bridge: bridge, TeardownSince: d.Now}
	if carriesHost {
		write.Role, write.Form = RoleRestore, FormRestore
		write.Bridge.HostIP = true
	}
	d.Writes = append(d.Writes, write)
}

// cleanUp removes the bridge from nodes that left its groups: NMState leaves such a node as it is.
func (d *deciding) cleanUp(wanted map[string]nncp.Bridge) {
	for _, policy := range d.policies[d.bridge] {
		if policy.Role == RoleCleanup {
			d.continueCleanup(policy, wanted)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.madeOn())) {
		node := d.node(name)
		if node == nil || node.Host == nil || d.covered(node, wanted) {
			continue
		}
		bridge, there := d.formOn(node, wanted)
		if !there {
			continue
		}
		result := node.result(vmv1alpha1.NodeLeaving, "the node is in no node group any more; bridge "+d.bridge+" is being removed from it")
		if users := d.usersOn(name); len(users) > 0 {
			result.Message = "the node is in no node group any more; bridge " + d.bridge + " is removed from it when these have stopped: " + list(users)
		} else {
			d.busy = true
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
	back := node != nil && slices.ContainsFunc(slices.Collect(maps.Values(wanted)), func(b nncp.Bridge) bool { return node.matches(b.NodeSelector) })
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

// formOn returns the form of the bridge that a node has of those that we know of.
func (d *deciding) formOn(node *Node, wanted map[string]nncp.Bridge) (nncp.Bridge, bool) {
	var forms []nncp.Bridge
	for _, policy := range d.policies[d.bridge] {
		forms = append(forms, policy.Bridge)
	}
	for _, group := range sortedGroups(wanted) {
		forms = append(forms, wanted[group])
	}
	for _, claim := range d.claims[d.bridge] {
		uplink, _ := Resolve(d.uplinks, claim.Wanted.Uplink)
		groups := groupsOf(claim.Wanted, uplink)
		for _, group := range sortedGroups(groups) {
			forms = append(forms, groups[group])
		}
	}
	for _, form := range forms {
		if exists(node, form) {
			return form, true
		}
	}
	return nncp.Bridge{}, false
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

// nodesWithPolicy returns the state of the nodes that have to remove the bridge: those that NMState reports on, and those
// whose handler is about to see the policy.
func (d *deciding) nodesWithPolicy(policy *Policy) []NodeResult {
	reported := make(map[string]bool, len(policy.Enactments))
	for _, enactment := range policy.Enactments {
		reported[enactment.Node] = true
	}
	return slices.DeleteFunc(d.nodeResults(policy), func(node NodeResult) bool {
		unreachable := node.State == vmv1alpha1.NodeNotReady || node.State == vmv1alpha1.NodeNoHandler
		return unreachable && !reported[node.Name] && !d.stillThere(node.Name, policy.Bridge)
	})
}

// stillThere reports whether NMState last reported the bridge on a node.
func (d *deciding) stillThere(name string, bridge nncp.Bridge) bool {
	node := d.node(name)
	return node != nil && node.Host != nil && d.madeOn()[name] && exists(node, bridge)
}

func (d *deciding) anyHandler(policy *Policy) bool {
	return slices.ContainsFunc(d.nodes, func(node Node) bool {
		return node.Ready && node.Handler && node.matches(policy.Bridge.NodeSelector)
	})
}
