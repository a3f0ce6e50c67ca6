// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"

// unfit returns what speaks on a node against a bridge that is not there yet. A claim that cannot be met has nothing for
// which others would have to wait: whoever comes later may have the name, the NIC and the VLAN.
func (a *allocation) unfit(g *grant) *Refusal {
	if g.claim.Granted || g.claim.standing || a.Offline || !a.NMStateServed || len(a.policies[g.wanted.Bridge]) > 0 {
		return nil
	}
	looked := a.looks[g.wanted]
	if looked == nil {
		looked = a.lookAt(g)
		a.looks[g.wanted] = looked
	}
	g.nodes = looked.nodes
	return looked.refusal
}

// lookAt tries the first write of a bridge, and returns why it cannot be, if so.
func (a *allocation) lookAt(g *grant) *grant {
	looked := &grant{}
	if g.uplink != nil && len(a.overlaps(g.uplink)) > 0 {
		return looked
	}
	d := &deciding{planner: a.planner, bridge: g.wanted.Bridge, holder: g}
	groups := groupsOf(g.wanted, g.uplink)
	for _, group := range sortedGroups(groups) {
		d.first(groups[group])
	}
	if d.blocked == nil || !isFinding(d.blocked.Reason) {
		return looked
	}
	d.sortResults()
	looked.refusal, looked.nodes = &Refusal{Reason: d.blocked.Reason, Message: d.blocked.Message}, d.results
	return looked
}

// isFinding tells what was found on nodes, and only a person can change, from what time will.
func isFinding(reason string) bool {
	switch reason {
	case vmv1alpha1.ReasonForeignPolicy, vmv1alpha1.ReasonNICMissing, vmv1alpha1.ReasonNICDown, vmv1alpha1.ReasonNICInUse,
		vmv1alpha1.ReasonBridgeNameTaken, vmv1alpha1.ReasonHostIPAtRisk, vmv1alpha1.ReasonHostIPCannotMove,
		vmv1alpha1.ReasonVLANInUse, vmv1alpha1.ReasonMTUTooLarge:
		return true
	default:
		return false
	}
}
