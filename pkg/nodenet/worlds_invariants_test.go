// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/nodenet/hostnet"
)

// checkDecision holds a decision against the plan for everything, and looks at what claims are told.
func (c *cluster) checkDecision(bridge string, _ World, decision Decision) {
	for key, verdict := range decision.Verdicts {
		if verdict.Release {
			continue
		}
		for _, condition := range []Condition{verdict.Allowed, verdict.Available, verdict.Ready} {
			if condition.Status == "" || condition.Reason == "" || condition.Message == "" {
				c.violated("%s is told nothing: %+v", key, verdict)
			}
		}
	}
	for key, verdict := range decision.Verdicts {
		for i := 1; i < len(verdict.Nodes); i++ {
			if verdict.Nodes[i-1].Name >= verdict.Nodes[i].Name {
				c.violated("%s is told of a node twice, or of nodes in no order: %s", key, statesOf(verdict.Nodes))
			}
		}
	}
	if c.random.IntN(12) != 0 {
		return
	}
	everything := c.world("")
	plan := Make(everything)
	if planned, found := plan.Bridges[bridge]; found && !reflect.DeepEqual(planned, decision) {
		c.violated("bridge %s alone is decided otherwise than in the whole plan:\n%+v\n%+v", bridge, decision, planned)
	}
	everything.Claims, everything.Nodes = shuffled(c.random, everything.Claims), shuffled(c.random, everything.Nodes)
	everything.Policies, everything.Uplinks = shuffled(c.random, everything.Policies), shuffled(c.random, everything.Uplinks)
	everything.Parents, everything.Foreign = shuffled(c.random, everything.Parents), shuffled(c.random, everything.Foreign)
	if again := Make(everything); !reflect.DeepEqual(again, plan) {
		c.violated("the order of what was observed changes the plan")
	}
}

// checkWrite looks at a policy that is about to be written.
func (c *cluster) checkWrite(name string, live *heldPolicy, decision Decision, write Write, isNew bool) {
	if isNew && live != nil {
		c.tally["a new policy written over another one of its bridge"]++
		if live.Form != write.Form || !maps.Equal(live.Bridge.NodeSelector, write.Bridge.NodeSelector) {
			c.violated("policy %s is overwritten by another one", name)
		}
	}
	if isNew && write.Form == FormPresent && !c.allowed(write) {
		c.violated("policy %s is made and nobody may have it: %s", name, write.Bridge)
	}
	if write.Form == FormPresent {
		return
	}
	for _, m := range c.machines {
		if m.claim.wanted.Bridge == write.Bridge.Name && c.node(m.node).matches(write.Bridge.NodeSelector) {
			c.violated("policy %s removes %s under machine %s on %s", name, write.Bridge.Name, m.name, m.node)
		}
	}
}

// allowed reports whether a claim may have the bridge of a new policy by the fence of this moment, or had it before.
func (c *cluster) allowed(write Write) bool {
	uplink := (&planner{uplinks: c.uplinks}).uplinkNamed(write.Bridge.WukongUplink)
	if write.Bridge.HostIP && (uplink == nil || uplink.Spec.HostIP != vmv1alpha1.HostIPMove) {
		return false
	}
	for _, claim := range c.world("").Claims {
		if claim.Wanted.Bridge != write.Bridge.Name || claim.leaving() {
			continue
		}
		found, refusal := Resolve(c.uplinks, claim.Wanted.Uplink)
		if found != nil {
			refusal = Fence(found, Use{
				Namespace: claim.Key.Namespace, NamespaceLabels: claim.NamespaceLabels, Type: networkTypeOf(claim.Wanted.Type),
				VLANID: claim.Wanted.VLANID, MTU: claim.Wanted.MTU,
			})
		}
		if (refusal == nil || claim.Granted) && claim.Wanted.VLANID == write.Bridge.VLANID {
			return true
		}
	}
	return false
}

// excused reports whether a policy may meet what it meets on a node, since nobody could have looked: the node joined the
// policy's nodes later, or somebody made or changed the interface later.
func (c *cluster) excused(node *heldNode, policy *heldPolicy, name, what string) bool {
	looked, known := policy.checked[node.name]
	switch {
	case !known:
		c.tally["a node joined later: "+what]++
	case node.makers[name].step > looked:
		c.tally["changed by hand later: "+what]++
	default:
		return false
	}
	return true
}

// beforeApply looks at what a policy is about to do to a node.
func (c *cluster) beforeApply(node *heldNode, policy *heldPolicy) {
	bridge := policy.Bridge
	if policy.Form != FormPresent {
		if _, there := node.now.Interfaces[bridge.Name]; there {
			for _, m := range c.machines {
				if m.node != node.name || m.claim.wanted.Bridge != bridge.Name {
					continue
				}
				if !policy.covers[node.name] {
					c.tally["a node with machines joined the nodes of a removal"]++
				} else {
					c.violated("%s removes %s of %s under machine %s", policy.Name, bridge.Name, node.name, m.name)
				}
			}
		}
		return
	}
	nic, found := node.now.Interfaces[bridge.Uplink]
	carries := len(nic.Addresses) > 0 || slices.Contains(node.now.DefaultRoutes, nic.Name)
	if found && bridge.VLANID == 0 && !bridge.HostIP && nic.Controller != bridge.Name && carries && !c.excused(node, policy, nic.Name, "a NIC with an address") {
		c.violated("%s takes %s of %s with %v", policy.Name, nic.Name, node.name, nic.Addresses)
	}
}

// afterApply compares what a policy made of a node's network with what was there.
func (c *cluster) afterApply(node *heldNode, policy *heldPolicy, before, after *network) {
	for _, name := range slices.Sorted(maps.Keys(before.Interfaces)) {
		was := before.Interfaces[name]
		is, stays := after.Interfaces[name]
		if node.makers[name].ours || node.makers[name].joined || stays && reflect.DeepEqual(was, is) {
			continue
		}
		if stays && c.mayChange(policy, was, is) {
			continue
		}
		if was.Type == "ethernet" && node.makers[was.Controller].ours {
			// It was the port of a bridge of ours, of this one in another form, or of one that was left behind.
			continue
		}
		if !c.excused(node, policy, name, "a stranger's interface") {
			c.violated("%s changes %s of %s, which is not ours: %+v, now %+v", policy.Name, name, node.name, was, is)
			continue
		}
		if made := node.makers[name]; was.Type != "ethernet" {
			made.joined = true
			node.makers[name] = made
		}
	}
	for name, addresses := range node.initial {
		for _, address := range addresses {
			if before.holds(address.Addr()) && !after.holds(address.Addr()) && !c.excused(node, policy, name, "an address lost") {
				c.violated("%s takes address %s away from %s", policy.Name, address, node.name)
			}
		}
	}
	if policy.deleting {
		// Whoever keeps it from going gets it applied on nodes that come meanwhile, and its claims are gone.
		c.left[node.name+"/"+policy.Bridge.Name] = true
	}
	c.checkTaken(node, policy, before)
	makers := map[string]maker{}
	for name := range after.Interfaces {
		made, known := node.makers[name]
		if _, old := before.Interfaces[name]; !old {
			made, known = maker{ours: true, bridge: policy.Bridge.Name}, true
		}
		if known {
			makers[name] = made
		}
	}
	node.makers = makers
}

// checkTaken looks for what a policy makes and somebody else had made already, so that it will be removed with the policy.
func (c *cluster) checkTaken(node *heldNode, policy *heldPolicy, before *network) {
	taken := []string{policy.Bridge.Name}
	if policy.Bridge.VLANID != 0 {
		taken = append(taken, policy.Bridge.Port())
	}
	for _, name := range taken {
		made := node.makers[name]
		if _, there := before.Interfaces[name]; !there || policy.Form != FormPresent || made.ours || made.joined {
			continue
		}
		if !c.excused(node, policy, name, "a stranger's interface") && name == policy.Bridge.Name {
			c.violated("%s takes over %s of %s", policy.Name, name, node.name)
		}
		made.joined = true
		node.makers[name] = made
	}
}

// mayChange reports whether a policy of ours may change an interface that is not ours like that: the NIC that it is for
// becomes its bridge's port or is one no more.
func (c *cluster) mayChange(policy *heldPolicy, was, is hostnet.Interface) bool {
	if was.Name != policy.Bridge.Uplink || was.Type != "ethernet" {
		return false
	}
	free := func(i hostnet.Interface) bool { return i.Controller == "" || i.Controller == policy.Bridge.Name }
	was.Addresses, is.Addresses, was.State, is.State = nil, nil, "", ""
	allowed := free(was) && free(is)
	was.Controller, is.Controller = "", ""
	return allowed && reflect.DeepEqual(was, is)
}

// checkStep looks at the world after each step.
func (c *cluster) checkStep() {
	names := slices.Sorted(maps.Keys(c.policies))
	for i, name := range names {
		for _, other := range names[i+1:] {
			c.checkPair(c.policies[name], c.policies[other])
		}
	}
	for _, node := range c.nodes {
		if len(node.now.DefaultRoutes) == 0 || !node.now.holds(node.now.internal) {
			c.violated("node %s is cut off", node.name)
		}
	}
}

// checkPair finds two policies that fight over a NIC and VLAN of a node.
func (c *cluster) checkPair(a, b *heldPolicy) {
	if a.Form != FormPresent || b.Form != FormPresent || a.Bridge.Name == b.Bridge.Name ||
		a.Bridge.Uplink != b.Bridge.Uplink || a.Bridge.VLANID != b.Bridge.VLANID {
		return
	}
	for _, node := range c.nodes {
		if !node.matches(a.Bridge.NodeSelector) || !node.matches(b.Bridge.NodeSelector) {
			continue
		}
		if a.covers[node.name] && b.covers[node.name] {
			c.violated("%s and %s give %s of %s to two bridges", a.Name, b.Name, a.Bridge.Port(), node.name)
		} else {
			c.tally["two bridges on one NIC and VLAN of a node that joined later"]++
		}
	}
}

// checkSettled looks at a healed world in which nothing is done any more.
func (c *cluster) checkSettled() {
	for _, claim := range c.claims {
		if claim.told == nil {
			c.violated("%s is told nothing", claim.key)
			continue
		}
		ready := claim.told.Ready
		if !claim.deletedAt.IsZero() && len(c.usersOf(claim)) == 0 && ready.Reason != vmv1alpha1.ReasonWaitingForMachines {
			c.violated("%s is deleted and never released: %s %s", claim.key, ready.Reason, ready.Message)
		}
		c.tally["settled claims "+string(ready.Status)+" "+ready.Reason]++
		if !strings.Contains(ready.Message, "somebody else") && slices.Contains([]string{vmv1alpha1.ReasonProgressing, vmv1alpha1.ReasonWaitingForPolicy, vmv1alpha1.ReasonTearingDown}, ready.Reason) {
			c.violated("%s waits for ever: %s %s", claim.key, ready.Reason, ready.Message)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.policies)) {
		if c.policies[name].Form != FormPresent {
			c.violated("policy %s stays for ever", name)
		}
	}
}

// checkEmpty looks at a healed world that nobody claims anything of any more.
func (c *cluster) checkEmpty() {
	for _, claim := range c.claims {
		c.violated("%s is never released", claim.key)
	}
	for _, name := range slices.Sorted(maps.Keys(c.policies)) {
		if !c.retained[c.policies[name].Bridge.Name] {
			c.violated("policy %s stays, and nobody wants it", name)
		}
	}
	for _, node := range c.nodes {
		for _, name := range slices.Sorted(maps.Keys(node.now.Interfaces)) {
			made := node.makers[name]
			switch {
			case !made.ours || c.retained[made.bridge]:
			case node.now.Interfaces[name].Type == "vlan" && node.now.Interfaces[name].Controller == "":
				// A node went to another node group, and its bridge got another port.
				c.tally["a VLAN interface that nobody uses stays"]++
			case c.left[node.name+"/"+made.bridge]:
				c.tally["left behind, and told"]++
			default:
				c.violated("%s stays on %s, and nobody is told", name, node.name)
			}
		}
		c.checkAddresses(node)
	}
}

// checkAddresses finds NICs that did not get their addresses back.
func (c *cluster) checkAddresses(node *heldNode) {
	for name, addresses := range node.initial {
		nic := node.now.Interfaces[name]
		excused := c.tally["a node joined later: an address lost"]+c.tally["changed by hand later: an address lost"] > 0
		if nic.Controller == "" && !excused && !slices.EqualFunc(nic.Addresses, addresses, func(a, b netip.Prefix) bool { return a == b }) {
			c.violated("%s of %s has %v instead of %v", name, node.name, nic.Addresses, addresses)
		}
		if slices.Contains(addresses, netip.PrefixFrom(node.now.internal, 24)) && nic.Controller == "" && !slices.Contains(node.now.DefaultRoutes, name) {
			c.violated("%s of %s has lost the default route", name, node.name)
		}
	}
}
