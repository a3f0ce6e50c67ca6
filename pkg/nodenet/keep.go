// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"maps"
	"slices"
	"strings"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// keep decides about a bridge that is wanted on a group of nodes, and its policy, nil for none.
func (d *deciding) keep(wanted nncp.Bridge, policy *Policy) {
	if policy == nil {
		d.first(wanted)
		return
	}
	// Whether the host's address had to move was decided with the first write: the NIC does not show it any more.
	wanted.HostIP, wanted.HostRoutes, wanted.UplinkType = policy.Bridge.HostIP, policy.Bridge.HostRoutes, policy.Bridge.UplinkType
	wanted.MTUBefore = d.mtuBefore(wanted, policy)
	switch {
	case policy.Deleting && policy.removes():
		d.block(d.waitingForTeardown())
		d.busy = true
	case policy.Deleting:
		d.observe(policy)
	case policy.removes() && d.mayRemake(wanted, policy):
		d.remake(wanted, policy)
	case policy.removes():
		d.block(d.waitingForTeardown())
		d.finish(policy)
	case policy.Bridge.Equal(wanted):
		d.steady(policy)
	case policy.Refused != nil && policy.Refused.Equal(wanted) && d.rollsBack():
		d.block(isNot(vmv1alpha1.ReasonRolledBack,
			"the change of bridge %s to %s failed and was taken back: %s; correct the cause, then change the WukongUplink, or set its onFailure to Keep",
			d.bridge, describeChange(policy.Bridge, wanted), policy.RefusedBecause))
		d.steady(policy)
	case policy.Bridge.CanBecome(wanted):
		d.change(wanted, policy)
	default:
		d.replace(wanted, policy)
	}
}

// mayRemake reports whether a bridge whose removal has begun may be made again at once. What somebody else has made since
// is looked at anew when the removal is done.
func (d *deciding) mayRemake(wanted nncp.Bridge, policy *Policy) bool {
	if !policy.Bridge.CanBecome(wanted) || wanted.HostIP || !maps.Equal(policy.Bridge.NodeSelector, wanted.NodeSelector) {
		return false
	}
	var nodes []*Node
	for i := range d.nodes {
		node := &d.nodes[i]
		if !node.matches(wanted.NodeSelector) {
			continue
		}
		if nodes = append(nodes, node); node.Host != nil && len(check(node, wanted).Findings) > 0 {
			return false
		}
	}
	foreign := d.foreign(wanted, nodes)
	return foreign == nil || foreign.conflict == ""
}

// remake makes a bridge again whose removal has begun.
func (d *deciding) remake(wanted nncp.Bridge, policy *Policy) {
	if policy.AcceptsUpdate {
		d.Writes = append(d.Writes, Write{Name: policy.Name, Role: RoleBridge, Form: FormPresent, Bridge: wanted})
	} else {
		d.block(d.waitingForTeardown())
	}
}

// steady decides about a policy that says what it has to: it is tried again where NMState gave up, or taken back to what
// worked before.
func (d *deciding) steady(policy *Policy) {
	write := Write{
		Name: policy.Name, Role: RoleBridge, Form: FormPresent, Bridge: policy.Bridge, Attempt: policy.Attempt,
		LastGood: policy.LastGood, Refused: policy.Refused, RefusedBecause: policy.RefusedBecause,
	}
	results := d.nodeResults(policy)
	if everywhere(results) {
		// What fails from now on is no change that could be taken back.
		write.LastGood = nil
	}
	if failed := gaveUp(results); len(failed) > 0 && policy.AcceptsUpdate {
		switch {
		case policy.LastGood != nil && d.rollsBack() && !policy.LastGood.Equal(policy.Bridge) && d.mayLeave(*policy.LastGood, policy) != nil:
			// What was done on nodes that the last good form is not for has to be known before they are left.
		case policy.LastGood != nil && d.rollsBack() && !policy.LastGood.Equal(policy.Bridge):
			refused := policy.Bridge
			write.Bridge, write.LastGood, write.Attempt = *policy.LastGood, nil, 0
			write.Bridge.MTUBefore = d.mtuBefore(write.Bridge, policy)
			write.Refused, write.RefusedBecause = &refused, failed[0].Name+": "+failed[0].Message
		case d.retryDue(policy):
			write.Attempt++
		}
	}
	d.Writes = append(d.Writes, write)
	d.observe(policy)
}

// mtuBefore returns the MTU that has to be written for a bridge without one, when its policy had one: that of the NICs,
// the smallest where they differ. 0 stands for none.
func (d *deciding) mtuBefore(next nncp.Bridge, policy *Policy) int32 {
	switch {
	case next.MTU != 0:
		return 0
	case policy.Bridge.MTU == 0:
		return policy.Bridge.MTUBefore
	}
	var smallest int32
	for i := range d.nodes {
		node := &d.nodes[i]
		if node.Host == nil || !node.matches(next.NodeSelector) {
			continue
		}
		if mtu := node.Host.Network.Interfaces[next.Uplink].MTU; mtu != 0 && (smallest == 0 || mtu < smallest) {
			smallest = mtu
		}
	}
	return smallest
}

func (d *deciding) rollsBack() bool {
	uplink := d.holder.uplink
	return uplink == nil || uplink.Spec.OnFailure != vmv1alpha1.FailureKeep
}

// gaveUp returns the nodes that NMState will not try again by itself.
func gaveUp(results []NodeResult) []NodeResult {
	var failed []NodeResult
	for _, node := range results {
		if node.State == vmv1alpha1.NodeFailed {
			failed = append(failed, node)
		}
	}
	return failed
}

// retryDue reports whether the time has come to try a policy again on which NMState gave up, and asks to be woken when
// it will come. The time between attempts doubles.
func (d *deciding) retryDue(policy *Policy) bool {
	if d.Deadlines.Retry == 0 {
		return false
	}
	wait := d.Deadlines.Retry
	for range policy.Attempt {
		if wait = wait * 2; wait >= d.Deadlines.RetryMost {
			wait = d.Deadlines.RetryMost
			break
		}
	}
	last := d.Now
	for _, enactment := range policy.Enactments {
		node := d.node(enactment.Node)
		if node != nil && d.nodeResult(policy, node).State == vmv1alpha1.NodeFailed && enactment.Since.Before(last) {
			last = enactment.Since
		}
	}
	rest := last.Add(wait).Sub(d.Now)
	d.recheck(rest)
	return rest <= 0
}

// change decides about a policy that can become what is wanted without dropping a machine's port.
func (d *deciding) change(wanted nncp.Bridge, policy *Policy) {
	d.observe(policy)
	if finding := d.mayChange(wanted, policy); finding != nil {
		if finding.Reason == vmv1alpha1.ReasonWaitingForPolicy {
			d.waits = finding
		} else {
			d.block(*finding)
		}
		return
	}
	if !policy.AcceptsUpdate {
		d.block(stillInProgress(policy.Name))
		if d.deserted(policy) {
			d.Deletes = append(d.Deletes, Delete{Name: policy.Name})
		}
		return
	}
	good := policy.LastGood
	// What belongs to another WukongUplink now is not changed on any node, and cannot fail there.
	renamed := policy.Bridge
	renamed.WukongUplink = wanted.WukongUplink
	if !renamed.Equal(wanted) && everywhere(d.nodeResults(policy)) {
		bridge := policy.Bridge
		good = &bridge
	}
	d.Writes = append(d.Writes, Write{Name: policy.Name, Role: RoleBridge, Form: FormPresent, Bridge: wanted, LastGood: good})
}

// mayChange returns what speaks against a change: a node that it reaches for the first time and that is unfit, an MTU
// that a NIC does not carry, machines on nodes that it leaves.
func (d *deciding) mayChange(wanted nncp.Bridge, policy *Policy) *Condition {
	for i := range d.nodes {
		if node := &d.nodes[i]; node.matches(wanted.NodeSelector) {
			if c := d.mayReach(node, wanted, policy); c != nil {
				return c
			}
		}
	}
	return d.mayLeave(wanted, policy)
}

// mayReach returns what speaks against a change on one node, on which the policy makes the bridge already or not.
func (d *deciding) mayReach(node *Node, wanted nncp.Bridge, policy *Policy) *Condition {
	already := node.matches(policy.Bridge.NodeSelector)
	if other := d.othersOn(node, policy); !already && other != nil {
		c := isNot(vmv1alpha1.ReasonWaitingForPolicy,
			"policy %s is about to reach nodes that policy %s still covers; it does when that one has gone", policy.Name, other.Name)
		return &c
	}
	if node.Host == nil || d.Offline {
		return nil
	}
	verdict := check(node, wanted)
	for _, finding := range verdict.Findings {
		if !already || finding.Reason == vmv1alpha1.ReasonMTUTooLarge {
			c := isNot(finding.Reason, "%s", finding.Message)
			return &c
		}
	}
	if !already && verdict.Exists && !d.madeOn()[node.Name] {
		c := isNot(vmv1alpha1.ReasonBridgeNameTaken,
			"node %s, which bridge %s is to reach, has a bridge of that name that Wukong did not make: remove it on the node, or choose another bridgeName",
			node.Name, d.bridge)
		return &c
	}
	return nil
}

// mayLeave returns what speaks against a change on the nodes that the policy is no longer for afterwards.
func (d *deciding) mayLeave(wanted nncp.Bridge, policy *Policy) *Condition {
	var staying []string
	untold := false
	for i := range d.nodes {
		node := &d.nodes[i]
		if node.matches(policy.Bridge.NodeSelector) && !node.matches(wanted.NodeSelector) {
			staying = append(staying, d.usersOn(node.Name)...)
			untold = untold || !d.knownToStaying(node.Name) || underWay(d.nodeResult(policy, node))
		}
	}
	switch {
	case len(staying) > 0:
		c := waitingForMachines("bridge "+d.bridge+" leaves nodes", staying)
		return &c
	case untold:
		// A node that the policy leaves is cleaned by what the claims remember of it, and by its report. Either's change is
		// an event.
		c := isNot(vmv1alpha1.ReasonProgressing, "bridge %s is about to leave nodes; NMState finishes with them first", d.bridge)
		return &c
	}
	return nil
}

// othersOn returns another policy of the bridge that is about a node, nil for none. Two would fight over it.
func (d *deciding) othersOn(node *Node, policy *Policy) *Policy {
	for _, other := range d.policies[d.bridge] {
		if other.Name != policy.Name && node.matches(other.Bridge.NodeSelector) {
			return other
		}
	}
	return nil
}

// underWay reports whether NMState is about to change a node, or its report of the node is about to show it.
func underWay(result NodeResult) bool {
	return slices.Contains([]vmv1alpha1.NodeState{vmv1alpha1.NodeProgressing, vmv1alpha1.NodeQueued, vmv1alpha1.NodeRetrying}, result.State)
}

// knownToStaying reports whether a claim that stays remembers the bridge on a node.
func (d *deciding) knownToStaying(node string) bool {
	return slices.ContainsFunc(d.given(), func(c *Claim) bool { return !c.leaving() && slices.Contains(c.MadeOn, node) })
}

// replace decides about a policy that has to be removed before the bridge can be made as it is wanted.
func (d *deciding) replace(wanted nncp.Bridge, policy *Policy) {
	if users := d.usersOfPolicy(policy); len(users) > 0 {
		d.block(waitingForMachines("bridge "+d.bridge+" becomes "+describeChange(policy.Bridge, wanted), users))
		d.steady(policy)
		return
	}
	d.block(d.waitingForTeardown())
	d.begin(policy)
}

// usersOn returns the machines and pods on a node that are attached to the bridge.
func (d *deciding) usersOn(node string) []string {
	var users []string
	for _, claim := range d.claims[d.bridge] {
		for _, user := range claim.Users {
			if user.Node == node {
				users = append(users, user.Name+" on "+node)
			}
		}
	}
	slices.Sort(users)
	return slices.Compact(users)
}

// usersOfPolicy returns the machines and pods on a policy's nodes that are attached to the bridge.
func (d *deciding) usersOfPolicy(policy *Policy) []string {
	var users []string
	for i := range d.nodes {
		if d.nodes[i].matches(policy.Bridge.NodeSelector) {
			users = append(users, d.usersOn(d.nodes[i].Name)...)
		}
	}
	return users
}

// describeChange says what differs between two forms of a bridge.
func describeChange(from, to nncp.Bridge) string {
	if from.String() == to.String() && from.NodeSelector != nil {
		return to.String() + " on other nodes"
	}
	return strings.TrimSpace(to.String())
}
