// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"cmp"
	"slices"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// result returns a state of the node.
func (n *Node) result(state vmv1alpha1.NodeState, message string) NodeResult {
	return NodeResult{Name: n.Name, Hostname: n.hostname(), State: state, Message: message}
}

// nodeResults returns the state of each node of a policy, in the order of their names.
func (d *deciding) nodeResults(policy *Policy) []NodeResult {
	results := []NodeResult{}
	for i := range d.nodes {
		if node := &d.nodes[i]; node.matches(policy.Bridge.NodeSelector) {
			results = append(results, d.nodeResult(policy, node))
		}
	}
	return results
}

// nodeResult returns the state of a policy on one node, and whether the bridge is there.
func (d *deciding) nodeResult(policy *Policy, node *Node) NodeResult {
	result := d.stateOf(policy, node)
	if !policy.removes() {
		result.Usable = result.State == vmv1alpha1.NodeApplied || node.Host != nil && exists(node, policy.Bridge)
	}
	return result
}

// stateOf judges by NMState's report. It counts only for the policy's present generation: NMState's own summary stays
// True for a while after a change.
func (d *deciding) stateOf(policy *Policy, node *Node) NodeResult {
	enactment, reported := policy.enactment(node.Name)
	reported = reported && enactment.Generation == policy.Generation
	current := reported && !enactment.precedes(policy)
	switch {
	case current && enactment.State == vmv1alpha1.NodeApplied:
		return d.confirm(policy, node, enactment)
	case !node.Ready:
		return node.result(vmv1alpha1.NodeNotReady, "")
	case !node.Handler:
		return node.result(vmv1alpha1.NodeNoHandler, "")
	case current:
		return node.result(enactment.State, enactment.Message)
	case reported && d.isNotTried(policy, enactment):
		return node.result(vmv1alpha1.NodeFailed,
			"NMState has not tried the policy, since it failed with an earlier one of the same name: "+enactment.Message)
	default:
		return node.result(vmv1alpha1.NodeProgressing, "")
	}
}

// precedes reports whether a report is about an earlier policy of the same name, whose generations count from 1 as well:
// a node that is slow may still show it.
func (e Enactment) precedes(policy *Policy) bool {
	return !e.Since.IsZero() && e.Since.Before(policy.Created)
}

// isNotTried reports whether a handler leaves a policy alone because of the attempts that it counts for an earlier one of the
// same name and generation: one that was busy while the earlier one was deleted never saw it go (kubernetes-nmstate,
// controllers/handler/nodenetworkconfigurationpolicy_controller.go). One that is only slow has as long as a failure waits for its
// next try.
func (d *deciding) isNotTried(policy *Policy, earlier Enactment) bool {
	if earlier.State != vmv1alpha1.NodeFailed || policy.removes() {
		return false
	}
	wait := d.Deadlines.Retry
	if wait == 0 {
		wait = d.Deadlines.Slow
	}
	rest := policy.Created.Add(wait).Sub(d.Now)
	d.recheck(rest)
	return rest <= 0
}

// confirm compares what NMState says it did with what it reports of the node: nothing else tells that somebody has taken
// the bridge away since. The report of a node that does not answer may be older than the bridge.
func (d *deciding) confirm(policy *Policy, node *Node, enactment Enactment) NodeResult {
	if d.Deadlines.Drift == 0 || policy.removes() || !answers(node) || exists(node, policy.Bridge) {
		return node.result(vmv1alpha1.NodeApplied, "")
	}
	if rest := enactment.Since.Add(d.Deadlines.Drift).Sub(d.Now); rest > 0 {
		d.recheck(rest)
		return node.result(vmv1alpha1.NodeProgressing, "NMState applied the policy; its report of the node does not show the bridge yet")
	}
	return node.result(vmv1alpha1.NodeFailed,
		"NMState applied the policy, and its report of the node does not show the bridge: somebody has removed or changed it")
}

func (p *Policy) enactment(node string) (Enactment, bool) {
	index := slices.IndexFunc(p.Enactments, func(e Enactment) bool { return e.Node == node })
	if index < 0 {
		return Enactment{}, false
	}
	return p.Enactments[index], true
}

// everywhere reports whether every node that can answer has the bridge.
func everywhere(results []NodeResult) bool {
	some := false
	for _, node := range results {
		switch node.State {
		case vmv1alpha1.NodeApplied:
			some = true
		case vmv1alpha1.NodeNotReady, vmv1alpha1.NodeNoHandler:
		default:
			return false
		}
	}
	return some
}

// sortedForeign returns everybody else's policies in the order of their names.
func (p *planner) sortedForeign() []Foreign {
	return slices.SortedFunc(slices.Values(p.Foreign), func(a, b Foreign) int { return cmp.Compare(a.Name, b.Name) })
}
