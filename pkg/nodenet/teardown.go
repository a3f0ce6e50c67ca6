// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"slices"
	"time"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// tearDown decides about a policy whose bridge nobody wants as it is: it first removes the bridge from the
// nodes and is deleted when no reachable node has it any more. Deleting a policy alone changes no node.
func tearDown(o Observed, holder *Claim, d *Decision) {
	switch {
	case o.Policy.Deleting:
	case o.Policy.TeardownSince.IsZero():
		beginTeardown(o, d)
	default:
		finishTeardown(o, d)
	}
	for _, claim := range o.Claims {
		switch rival := o.rivalOf(claim); {
		case claim.leaving() && claim.Bridge != o.Policy.Bridge:
			d.Verdicts[claim.Key] = Verdict{Release: true}
		case claim.leaving():
			d.Verdicts[claim.Key] = o.tearingDown(claim)
		case rival != nil:
			d.Verdicts[claim.Key] = uplinkConflict(claim, *rival)
		case holder != nil && claim.Bridge != holder.Bridge:
			d.Verdicts[claim.Key] = bridgeConflict(claim, *holder)
		default:
			d.Verdicts[claim.Key] = o.waitingForTeardown(claim)
		}
	}
}

// beginTeardown decides about a policy that still makes the bridge.
func beginTeardown(o Observed, d *Decision) {
	if len(o.Enactments) == 0 && !o.anyHandler() {
		// No handler has seen the policy and none is there to see it: nothing was made.
		d.DeletePolicy = true
		return
	}
	if o.Policy.AcceptsUpdate {
		bridge := o.Policy.Bridge
		d.Absent = &bridge
		return
	}
	// NMState takes no new version of a policy that it still works on.
	last := o.lastDeletion()
	if last.IsZero() {
		// Nobody has left; the bridge is only to be made anew, which can wait for NMState.
		return
	}
	deadline := o.Deadlines.Slow
	if !o.anyHandler() {
		deadline = o.Deadlines.Unreachable
	}
	if rest := last.Add(deadline).Sub(o.Now); rest > 0 {
		d.RecheckAfter = rest
		return
	}
	d.DeletePolicy = true
	d.LeftBehind = o.nodesWithPolicy()
}

// finishTeardown decides about a policy that removes the bridge: it has done its work when each node that has
// seen it has answered, has failed for good, or is past its deadline.
func finishTeardown(o Observed, d *Decision) {
	waiting := false
	for _, node := range o.nodesWithPolicy() {
		deadline := o.Deadlines.Slow
		switch node.State {
		case vmv1alpha1.NodeApplied:
			continue
		case vmv1alpha1.NodeFailed, vmv1alpha1.NodeAborted:
			d.LeftBehind = append(d.LeftBehind, node)
			continue
		case vmv1alpha1.NodeNotReady, vmv1alpha1.NodeNoHandler:
			deadline = o.Deadlines.Unreachable
		}
		rest := o.Policy.TeardownSince.Add(deadline).Sub(o.Now)
		if rest <= 0 {
			d.LeftBehind = append(d.LeftBehind, node)
			continue
		}
		waiting = true
		if d.RecheckAfter == 0 || rest < d.RecheckAfter {
			d.RecheckAfter = rest
		}
	}
	if waiting {
		d.LeftBehind = nil
		return
	}
	d.DeletePolicy, d.RecheckAfter = true, 0
}

// lastDeletion returns the time at which the last claim was deleted.
func (o Observed) lastDeletion() time.Time {
	var last time.Time
	for _, claim := range o.Claims {
		if claim.DeletedAt.After(last) {
			last = claim.DeletedAt
		}
	}
	return last
}

// nodesWithPolicy returns the state of the nodes that have to remove the bridge: those that NMState reports
// on, and those whose handler is about to see the policy.
func (o Observed) nodesWithPolicy() []NodeResult {
	reported := make(map[string]bool, len(o.Enactments))
	for _, enactment := range o.Enactments {
		reported[enactment.Node] = true
	}
	return slices.DeleteFunc(o.nodeResults(), func(node NodeResult) bool {
		unreachable := node.State == vmv1alpha1.NodeNotReady || node.State == vmv1alpha1.NodeNoHandler
		return unreachable && !reported[node.Name]
	})
}

func (o Observed) anyHandler() bool {
	return slices.ContainsFunc(o.Nodes, func(node Node) bool { return node.Ready && node.Handler })
}
