// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"cmp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// Decision is what is to be done about one bridge.
type Decision struct {
	// FirstClaim names the claim after which new policies are named.
	FirstClaim types.NamespacedName
	// Writes are the policies that have to be as they say.
	Writes []Write
	// Deletes are the policies that are to be deleted.
	Deletes []Delete
	// LeftBehind are the nodes on which the bridge stays, and why. They are told once, when the last claim is released.
	LeftBehind []NodeResult
	// Verdicts say for each claim what it is told. A claim that is to be released has Release set.
	Verdicts map[types.NamespacedName]Verdict
	// RecheckAfter is the time until a deadline, 0 when none runs.
	RecheckAfter time.Duration
}

// KeepAll takes back every release: it is for a decision that could not be carried out.
func (d *Decision) KeepAll() {
	for key, verdict := range d.Verdicts {
		if verdict.Release {
			delete(d.Verdicts, key)
		}
	}
}

// Form is the way in which a policy is written.
type Form string

const (
	// FormPresent makes the bridge.
	FormPresent Form = "Present"
	// FormAbsent removes it.
	FormAbsent Form = "Absent"
	// FormRestore removes it and gives the host's address back to the NIC.
	FormRestore Form = "Restore"
)

// Write is a policy as it has to be.
type Write struct {
	// Name is the existing policy's name, empty for a new one.
	Name string
	// Role is what the policy is for, and Form what it says.
	Role Role
	Form Form
	// Node is the node of a cleanup.
	Node string
	// Bridge is the bridge to make or remove.
	Bridge nncp.Bridge
	// Attempt, LastGood, Refused, RefusedBecause and TeardownSince are what the policy has to remember.
	Attempt        int
	LastGood       *nncp.Bridge
	Refused        *nncp.Bridge
	RefusedBecause string
	TeardownSince  time.Time
}

// Delete is a policy that is to be deleted.
type Delete struct {
	// Name is the policy's name.
	Name string
}

// NodeResult is the state of the bridge on one node.
type NodeResult struct {
	// Name is the node's name.
	Name string
	// Hostname is its hostname label where it differs.
	Hostname string
	// State is how far the node is.
	State vmv1alpha1.NodeState
	// Usable tells whether a machine may be started there now.
	Usable bool
	// Message holds NMState's words when something failed, or what has to be done.
	Message string
}

// deciding is a decision about one bridge in the making.
type deciding struct {
	*planner
	Decision
	bridge string
	holder *grant
	// results are the states of the nodes.
	results []NodeResult
	// blocked is what keeps the bridge from being as it is wanted, nil for nothing.
	blocked *Condition
	// waits is that one policy of the bridge waits for another, nil when none does. What that one waits for tells more.
	waits *Condition
	// adopted tells that the bridge is there without us, on some node.
	adopted bool
	// policyName is the policy that claims are told.
	policyName string
	// busy tells that something of the bridge's earlier form is still being removed.
	busy bool
	// untoldPolicy is a policy that goes when claims remember what it made, empty for none.
	untoldPolicy string
	// made are the nodes of madeOn.
	made map[string]bool
}

// decide returns what is to be done about a bridge.
func (p *planner) decide(bridge string) Decision {
	d := &deciding{planner: p, bridge: bridge, holder: p.holder(bridge)}
	d.Verdicts = make(map[types.NamespacedName]Verdict, len(p.claims[bridge]))
	if !p.NMStateServed {
		d.withoutNMState()
		return d.Decision
	}
	if d.holder != nil {
		d.FirstClaim = d.holder.claim.Key
	}
	if d.abandoned() {
		d.removeAbandoned()
	}
	if !d.busy {
		d.shape()
	}
	d.rememberNodes()
	d.sortResults()
	d.tell()
	d.forget()
	return d.Decision
}

// sortResults orders the states of the nodes, each node once. What a policy does on a node counts before what the node
// would be fit for.
func (d *deciding) sortResults() {
	slices.SortStableFunc(d.results, func(a, b NodeResult) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(b.weight(), a.weight()))
	})
	d.results = slices.CompactFunc(d.results, func(a, b NodeResult) bool { return a.Name == b.Name })
}

// weight orders what is told of one node.
func (n NodeResult) weight() int {
	switch {
	case n.Usable:
		return 2
	case n.State != vmv1alpha1.NodeUnfit:
		return 1
	}
	return 0
}

// shape decides about each policy of the bridge, and about those that it needs.
func (d *deciding) shape() {
	wanted := map[string]nncp.Bridge{}
	if d.holder != nil {
		wanted = d.wantedGroups()
	}
	matched, unwanted := match(d.policies[d.bridge], wanted)
	if len(wanted) > 0 && d.overlapping() {
		d.cleanUp(wanted)
		return
	}
	for _, group := range sortedGroups(wanted) {
		d.keep(wanted[group], matched[group])
	}
	for _, policy := range unwanted {
		d.drop(policy)
	}
	d.cleanUp(wanted)
}

// wantedGroups returns the bridge as its holder wants it, by node group. What the fence no longer allows stays as it is.
func (d *deciding) wantedGroups() map[string]nncp.Bridge {
	if d.holder.outside == nil {
		return groupsOf(d.holder.wanted, d.holder.uplink)
	}
	groups := map[string]nncp.Bridge{}
	for _, policy := range d.policies[d.bridge] {
		if policy.Role == RoleBridge && !policy.removes() {
			groups[policy.Bridge.NodeGroup] = policy.Bridge
		}
	}
	return groups
}

// overlapping stops everything while the uplink contradicts itself: two policies would fight over one node.
func (d *deciding) overlapping() bool {
	if d.holder.uplink == nil {
		return false
	}
	nodes := d.overlaps(d.holder.uplink)
	if len(nodes) == 0 {
		return false
	}
	c := isNot(vmv1alpha1.ReasonUplinkInvalid,
		"nothing is changed while nodes are in several node groups of WukongUplink %s: %s; the platform team has to correct its nodeSelectors",
		d.holder.uplink.Name, list(nodes))
	d.block(c)
	for _, policy := range d.policies[d.bridge] {
		switch {
		case policy.Role == RoleCleanup:
		case !policy.removes():
			d.observe(policy)
		case !policy.Deleting:
			d.finish(policy)
		}
	}
	return true
}

// block notes what keeps the bridge from being as it is wanted. The first one noted counts.
func (d *deciding) block(c Condition) {
	if d.blocked == nil {
		d.blocked = &c
	}
}

// recheck asks for another look after a time.
func (d *deciding) recheck(after time.Duration) {
	if after > 0 && (d.RecheckAfter == 0 || after < d.RecheckAfter) {
		d.RecheckAfter = after
	}
}

// observe adds the states of a policy's nodes.
func (d *deciding) observe(policy *Policy) {
	if d.policyName == "" {
		d.policyName = policy.Name
	}
	d.results = append(d.results, d.nodeResults(policy)...)
}

// match finds the policy of each wanted group, and the policies that nobody wants. A policy from before the WukongUplink
// existed is that of the group with its NIC.
func match(policies []*Policy, wanted map[string]nncp.Bridge) (matched map[string]*Policy, unwanted []*Policy) {
	matched = map[string]*Policy{}
	var strangers []*Policy
	for _, policy := range policies {
		group, known := wanted[policy.Bridge.NodeGroup]
		switch {
		case policy.Role == RoleCleanup:
		case policy.Role == RoleCleanup:
			unwanted = append(unwanted, policy)
		case known && matched[group.NodeGroup] == nil:
			matched[group.NodeGroup] = policy
		default:
			strangers = append(strangers, policy)
		}
	}
	for _, policy := range strangers {
		taken := false
		for _, group := range sortedGroups(wanted) {
			if matched[group] == nil && policy.Bridge.Uplink == wanted[group].Uplink && policy.Bridge.WukongUplink != wanted[group].WukongUplink {
				matched[group], taken = policy, true
				break
			}
		}
		if !taken {
			unwanted = append(unwanted, policy)
		}
	}
	return matched, unwanted
}
