// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// grant is what was decided about one claim before anybody looked at nodes.
type grant struct {
	claim *Claim
	// wanted is what the claim asks for, with the uplink's own name and MTU filled in.
	wanted Wanted
	// uplink is the WukongUplink, nil where there is none.
	uplink *vmv1alpha1.WukongUplink
	// outside is the rule of the fence that the claim breaks, nil for none. A claim that was granted before keeps its
	// bridge all the same.
	outside *Refusal
	// refusal is why the claim does not get its bridge, nil when it does.
	refusal *Refusal
	// nodes are the states of the nodes where one of them is why.
	nodes []NodeResult
}

// segment is somebody's use of a NIC and VLAN.
type segment struct {
	carrier string
	bridge  string
	grant   *grant
	parent  *Parent
}

// allocation collects who has what while claims are granted one after the other.
type allocation struct {
	*planner
	segments map[int32][]segment
	// bridges are the bridges that count against an uplink's quota, in all and by namespace.
	bridges map[string]map[string]bool
	holders map[string]*grant
	// made are our policies by their bridge's VLAN, in the order of the bridges' names.
	made map[int32][]*Policy
	// looks are what the nodes said of a bridge that is not there yet.
	looks map[Wanted]*grant
}

// allocate decides for all claims and parents who may have what: whoever has it already, then the oldest.
func (p *planner) allocate(claims []*Claim) {
	a := &allocation{
		planner: p, segments: map[int32][]segment{}, bridges: map[string]map[string]bool{}, holders: map[string]*grant{},
		made: map[int32][]*Policy{}, looks: map[Wanted]*grant{},
	}
	for _, bridge := range slices.Sorted(maps.Keys(p.policies)) {
		for _, policy := range p.policies[bridge] {
			a.made[policy.Bridge.VLANID] = append(a.made[policy.Bridge.VLANID], policy)
			if policy.Role == RoleBridge && !policy.removes() && policy.Bridge.WukongUplink != "" {
				a.count(policy.Bridge.WukongUplink, policy.Bridge.Name)
			}
		}
	}
	parents := make([]*Parent, 0, len(p.Parents))
	for i := range p.Parents {
		parents = append(parents, &p.Parents[i])
	}
	slices.SortFunc(parents, (*Parent).before)
	for len(claims) > 0 || len(parents) > 0 {
		if len(parents) > 0 && (len(claims) == 0 || parents[0].beforeClaim(claims[0])) {
			a.admitParent(parents[0])
			parents = parents[1:]
			continue
		}
		if !claims[0].leaving() {
			a.admit(claims[0])
		}
		claims = claims[1:]
	}
}

func rank(granted bool) int {
	if granted {
		return 1
	}
	return 0
}

func (p *Parent) before(other *Parent) int {
	return cmp.Or(
		-cmp.Compare(rank(p.Granted), rank(other.Granted)), p.Created.Compare(other.Created),
		cmp.Compare(p.Key.Namespace, other.Key.Namespace), cmp.Compare(p.Key.Name, other.Key.Name),
	)
}

func (p *Parent) beforeClaim(claim *Claim) bool {
	return cmp.Or(
		-cmp.Compare(rank(p.Granted), rank(claim.Granted)), p.Created.Compare(claim.Created),
		cmp.Compare(p.Key.Namespace, claim.Key.Namespace), cmp.Compare(p.Key.Name, claim.Key.Name),
	) <= 0
}

// admit decides about one claim, after all that go before it.
func (a *allocation) admit(claim *Claim) {
	g := &grant{claim: claim}
	a.grants[claim.Key] = g
	g.uplink, g.outside = Resolve(a.uplinks, claim.Wanted.Uplink)
	g.wanted = a.canonical(claim.Wanted)
	if g.uplink != nil {
		g.outside = Fence(g.uplink, Use{
			Namespace: claim.Key.Namespace, NamespaceLabels: claim.NamespaceLabels,
			Type: networkTypeOf(claim.Wanted.Type), VLANID: cmp.Or(claim.Wanted.VLANID, claim.Tag), MTU: claim.Wanted.MTU,
		})
	}
	if g.uplink == nil && g.outside == nil && a.uplinkGone(claim) {
		g.outside = refuse(vmv1alpha1.ReasonUplinkNotFound,
			"WukongUplink %s, for which bridge %s was made, is gone; the bridge stays as it is: ask the platform team to make the WukongUplink again",
			claim.Wanted.Uplink, claim.Wanted.Bridge)
	}
	if !claim.Granted && g.outside != nil {
		g.refusal = g.outside
		return
	}
	for _, check := range []func(*grant) *Refusal{a.bridgeConflict, a.segmentConflict, a.leftover, a.quota, a.unfit} {
		if g.refusal = check(g); g.refusal != nil {
			return
		}
	}
	if a.holders[g.wanted.Bridge] == nil {
		a.holders[g.wanted.Bridge] = g
	}
	a.segments[g.wanted.VLANID] = append(a.segments[g.wanted.VLANID], segment{carrier: g.wanted.Uplink, bridge: g.wanted.Bridge, grant: g})
	if g.uplink != nil {
		a.count(g.uplink.Name, g.wanted.Bridge)
		a.count(g.uplink.Name+"/"+claim.Key.Namespace, g.wanted.Bridge)
	}
}

// uplinkGone reports whether a claim's bridge was made for a WukongUplink that is no more. Its name is no NIC's.
func (a *allocation) uplinkGone(claim *Claim) bool {
	return claim.Granted && slices.ContainsFunc(a.policies[claim.Wanted.Bridge], func(p *Policy) bool {
		return p.Bridge.WukongUplink != "" && p.Bridge.WukongUplink == claim.Wanted.Uplink
	})
}

// canonical returns what is wanted with the uplink's own name and MTU filled in.
func (p *planner) canonical(wanted Wanted) Wanted {
	uplink, _ := Resolve(p.uplinks, wanted.Uplink)
	if uplink == nil {
		return wanted
	}
	wanted.Uplink = uplink.Name
	if wanted.MTU == 0 && uplink.Spec.MTU != nil {
		wanted.MTU = *uplink.Spec.MTU
	}
	return wanted
}

func (a *allocation) count(scope, bridge string) {
	if a.bridges[scope] == nil {
		a.bridges[scope] = map[string]bool{}
	}
	a.bridges[scope][bridge] = true
}

func (a *allocation) bridgeConflict(g *grant) *Refusal {
	holder := a.holders[g.wanted.Bridge]
	if holder == nil || holder.wanted == g.wanted {
		return nil
	}
	if g.claim.sameNetwork(holder.claim) {
		return refuse(vmv1alpha1.ReasonBridgeConflict,
			"this machine itself has bridge %s as %s, which cannot be changed to %s under it: choose another bridgeName as well, "+
				"or remove the network, restart the machine, and add the network again",
			g.wanted.Bridge, holder.wanted, g.wanted)
	}
	return refuse(vmv1alpha1.ReasonBridgeConflict,
		"bridge %s already exists for %s as %s; this claim wants %s: use the same settings, or another bridgeName",
		g.wanted.Bridge, holder.claim.Key, holder.wanted, g.wanted)
}

func (a *allocation) segmentConflict(g *grant) *Refusal {
	for _, other := range a.segments[g.wanted.VLANID] {
		if other.bridge == g.wanted.Bridge || !a.sameWire(other.carrier, g.wanted.Uplink) {
			continue
		}
		port := describePort(g.wanted)
		switch {
		case other.parent != nil:
			return refuse(vmv1alpha1.ReasonNICInUse,
				"%s is the parent of the macvlan or ipvlan of %s and cannot be a bridge's port as well; use a VLAN of its own, or another uplink",
				port, other.parent.Key)
		case g.claim.sameNetwork(other.grant.claim):
			return refuse(vmv1alpha1.ReasonUplinkConflict,
				"this machine itself has %s in bridge %s, and it cannot be in two bridges: keep bridgeName %s, "+
					"or remove the network, restart the machine, and add the network again",
				port, other.bridge, other.bridge)
		default:
			return refuse(vmv1alpha1.ReasonUplinkConflict,
				"%s is already the port of bridge %s for %s and cannot be in two bridges; use bridgeName %s, or another VLAN or uplink",
				port, other.bridge, other.grant.claim.Key, other.bridge)
		}
	}
	return nil
}

// leftover finds a policy of another bridge that has the NIC and VLAN on a node, whoever claims it, or nobody. A bridge
// that is there itself already is not taken away for that.
func (a *allocation) leftover(g *grant) *Refusal {
	if a.standing(g) {
		return nil
	}
	for _, policy := range a.made[g.wanted.VLANID] {
		bridge := policy.Bridge.Name
		if bridge == g.wanted.Bridge || !a.onWire(policy, g.wanted.Uplink) {
			continue
		}
		switch {
		case policy.removes():
		case a.claimed(bridge):
			return refuse(vmv1alpha1.ReasonUplinkConflict,
				"%s is already the port of bridge %s and cannot be in two bridges; use bridgeName %s, or another VLAN or uplink",
				describePort(g.wanted), bridge, bridge)
		case len(a.claims[bridge]) == 0 && !a.retained(policy.Bridge):
			return refuse(vmv1alpha1.ReasonUplinkConflict,
				"%s is the port of bridge %s of policy %s, which no claim asks for any more; use bridgeName %s, which takes it over, or another VLAN or uplink",
				describePort(g.wanted), bridge, policy.Name, bridge)
		case a.retained(policy.Bridge):
			return refuse(vmv1alpha1.ReasonUplinkConflict,
				"%s is the port of bridge %s, which its uplink's reclaimPolicy Retain keeps; use bridgeName %s, or another VLAN or uplink",
				describePort(g.wanted), bridge, bridge)
		}
		return refuse(vmv1alpha1.ReasonWaitingForPolicy,
			"%s is still the port of bridge %s, which is being removed from the nodes; nothing needs to be done", describePort(g.wanted), bridge)
	}
	return nil
}

// claimed reports whether a claim asks for the bridge and stays.
func (a *allocation) claimed(bridge string) bool {
	return slices.ContainsFunc(a.claims[bridge], func(c *Claim) bool { return !c.leaving() && (c.Granted || c.standing) })
}

// standing reports whether a policy makes the granted bridge already.
func (a *allocation) standing(g *grant) bool {
	return slices.ContainsFunc(a.made[g.wanted.VLANID], func(p *Policy) bool {
		return p.Bridge.Name == g.wanted.Bridge && p.Role == RoleBridge && !p.removes() && a.onWire(p, g.wanted.Uplink)
	})
}

func (a *allocation) quota(g *grant) *Refusal {
	if g.uplink == nil || g.claim.Granted {
		return nil
	}
	quota := g.uplink.Spec.Quota
	inAll, inNamespace := a.bridges[g.uplink.Name], a.bridges[g.uplink.Name+"/"+g.claim.Key.Namespace]
	switch {
	case quota.BridgesPerNamespace != nil && !inNamespace[g.wanted.Bridge] && len(inNamespace) >= int(*quota.BridgesPerNamespace):
		return refuse(vmv1alpha1.ReasonQuotaExceeded,
			"WukongUplink %s allows namespace %s %d distinct bridges, and they are in use; use one of them, or ask the platform team for more",
			g.uplink.Name, g.claim.Key.Namespace, *quota.BridgesPerNamespace)
	case quota.Bridges != nil && !inAll[g.wanted.Bridge] && len(inAll) >= int(*quota.Bridges):
		return refuse(vmv1alpha1.ReasonQuotaExceeded,
			"WukongUplink %s carries at most %d distinct bridges, and they are in use; use one of them, or ask the platform team for more",
			g.uplink.Name, *quota.Bridges)
	}
	return nil
}

// admitParent decides about a macvlan or ipvlan, which shares its NIC with others of its kind but with no bridge.
func (a *allocation) admitParent(parent *Parent) {
	carrier := parent.Interface
	if uplink, _ := Resolve(a.uplinks, parent.Interface); uplink != nil {
		carrier = uplink.Name
	}
	for _, other := range a.segments[parent.VLANID] {
		if other.grant != nil && a.sameWire(other.carrier, carrier) {
			a.parents[parent.Key] = refuse(vmv1alpha1.ReasonNICInUse,
				"%s is the port of bridge %s for %s and cannot be a macvlan's or ipvlan's parent as well; use type bridge with bridgeName %s, or another NIC",
				parent.Interface, other.bridge, other.grant.claim.Key, other.bridge)
			return
		}
	}
	a.segments[parent.VLANID] = append(a.segments[parent.VLANID], segment{carrier: carrier, parent: parent})
}

// retained reports whether a bridge stays when nobody claims it any more.
func (p *planner) retained(bridge nncp.Bridge) bool {
	uplink := p.uplinkNamed(bridge.WukongUplink)
	return uplink != nil && uplink.Spec.ReclaimPolicy == vmv1alpha1.ReclaimRetain
}

func (p *planner) uplinkNamed(name string) *vmv1alpha1.WukongUplink {
	for _, uplink := range p.uplinks {
		if uplink.Name == name {
			return uplink
		}
	}
	return nil
}

func describePort(wanted Wanted) string {
	return nncp.Bridge{Uplink: wanted.Uplink, VLANID: wanted.VLANID}.Port()
}

// sameWire reports whether two carriers, each a WukongUplink or a NIC by name, are the same wire on some node.
func (p *planner) sameWire(a, b string) bool {
	if a == b {
		return true
	}
	key := [2]string{min(a, b), max(a, b)}
	if known, ok := p.overlap[key]; ok {
		return known
	}
	shared := share(p.wires(a), p.wires(b))
	p.overlap[key] = shared
	return shared
}

// onWire reports whether a policy's NIC is the wire of a carrier on some node. The policy's nodes and NIC count, not those
// that its WukongUplink has got since.
func (p *planner) onWire(policy *Policy, carrier string) bool {
	// Policies are many, and their nodes and NICs few.
	key := [2]string{fmt.Sprint(policy.Bridge.Uplink, "/", policy.Bridge.NodeSelector), carrier}
	if known, ok := p.overlap[key]; ok {
		return known
	}
	shared := share(p.wiresOf(policy.Bridge.Uplink, policy.Bridge.NodeSelector), p.wires(carrier))
	p.overlap[key] = shared
	return shared
}

func share(first, second []string) bool {
	return slices.ContainsFunc(first, func(wire string) bool {
		_, found := slices.BinarySearch(second, wire)
		return found
	})
}

// wires returns the NICs of a carrier on each node, and once more by their names alone for what is on every node.
func (p *planner) wires(carrier string) []string {
	uplink := p.uplinkNamed(carrier)
	if uplink == nil {
		return p.wiresOf(carrier, nil)
	}
	var wires []string
	for i := range uplink.Spec.NodeGroups {
		group := &uplink.Spec.NodeGroups[i]
		wires = append(wires, p.wiresOf(string(group.Interface), selectorOf(group))...)
	}
	slices.Sort(wires)
	return wires
}

func (p *planner) wiresOf(nic string, selector map[string]string) []string {
	var wires []string
	if len(selector) == 0 {
		wires = append(wires, nic)
	}
	for i := range p.nodes {
		if p.nodes[i].matches(selector) {
			wires = append(wires, p.nodes[i].Name+"/"+nic)
		}
	}
	slices.Sort(wires)
	return wires
}
