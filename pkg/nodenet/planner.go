// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// planner is a world in order, with what was decided for all claims together.
type planner struct {
	World
	uplinks []*vmv1alpha1.WukongUplink
	nodes   []Node
	// claims and policies are those of each bridge, in order.
	claims   map[string][]*Claim
	policies map[string][]*Policy
	grants   map[types.NamespacedName]*grant
	parents  map[types.NamespacedName]*Refusal
	overlap  map[[2]string]bool
}

func newPlanner(w World) *planner {
	p := &planner{
		World:    w,
		uplinks:  slices.Clone(w.Uplinks),
		nodes:    slices.Clone(w.Nodes),
		claims:   map[string][]*Claim{},
		policies: map[string][]*Policy{},
		grants:   make(map[types.NamespacedName]*grant, len(w.Claims)),
		parents:  map[types.NamespacedName]*Refusal{},
		overlap:  map[[2]string]bool{},
	}
	slices.SortFunc(p.uplinks, func(a, b *vmv1alpha1.WukongUplink) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(p.nodes, func(a, b Node) int { return strings.Compare(a.Name, b.Name) })
	for i := range w.Policies {
		policy := &w.Policies[i]
		p.policies[policy.Bridge.Name] = append(p.policies[policy.Bridge.Name], policy)
	}
	for _, policies := range p.policies {
		sortPolicies(policies)
	}
	ordered := make([]*Claim, 0, len(w.Claims))
	for i := range w.Claims {
		claim := w.Claims[i]
		claim.standing = p.stands(&claim)
		ordered = append(ordered, &claim)
	}
	slices.SortFunc(ordered, (*Claim).before)
	for _, claim := range ordered {
		p.claims[claim.Wanted.Bridge] = append(p.claims[claim.Wanted.Bridge], claim)
	}
	p.allocate(ordered)
	return p
}

// stands reports whether a policy makes what a claim asks for.
func (p *planner) stands(claim *Claim) bool {
	wanted := p.canonical(claim.Wanted)
	return slices.ContainsFunc(p.policies[wanted.Bridge], func(policy *Policy) bool {
		made := policy.Bridge
		return policy.Role == RoleBridge && !policy.removes() && made.Type == wanted.Type && made.VLANID == wanted.VLANID &&
			made.MTU == wanted.MTU && cmp.Or(made.WukongUplink, made.Uplink) == wanted.Uplink
	})
}

// bridgeNames returns the names of all bridges that somebody claims or a policy of ours is about.
func (p *planner) bridgeNames() []string {
	names := map[string]bool{}
	for name := range p.claims {
		names[name] = true
	}
	for name := range p.policies {
		names[name] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// holder returns the claim that says what the bridge is, nil when no claim may.
func (p *planner) holder(bridge string) *grant {
	for _, claim := range p.claims[bridge] {
		if granted := p.grants[claim.Key]; granted != nil && granted.refusal == nil {
			return granted
		}
	}
	return nil
}

func (p *planner) node(name string) *Node {
	index, found := slices.BinarySearchFunc(p.nodes, name, func(n Node, name string) int { return cmp.Compare(n.Name, name) })
	if !found {
		return nil
	}
	return &p.nodes[index]
}
