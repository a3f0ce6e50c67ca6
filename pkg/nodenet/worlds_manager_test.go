// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/novasphere/wukong/pkg/naming"
)

// budget is how many writes the manager gets done before it is stopped; negative is all of them.
type budget struct{ left int }

func (b *budget) spend() bool {
	if b.left == 0 {
		return false
	}
	b.left--
	return true
}

// reconcile does for one bridge what controllers/nmstate does, and reports whether it wrote anything but another try and
// what claims are told.
func (c *cluster) reconcile(bridge string, most int) bool {
	w := c.world(bridge)
	decision := Decide(w, bridge)
	c.checkDecision(bridge, w, decision)
	b := &budget{left: most}
	wrote, finished := c.act(bridge, decision, b)
	if finished {
		told, all := c.report(bridge, decision, b)
		wrote, finished = wrote || told, all
	}
	c.unsettled[bridge] = !finished
	if !finished {
		c.say("the manager stops while it carries out the decision about %s", bridge)
	}
	return wrote
}

func (c *cluster) act(bridge string, decision Decision, b *budget) (wrote, finished bool) {
	for _, write := range decision.Writes {
		changes, name := c.changes(bridge, decision, write)
		if !changes {
			continue
		}
		if !b.spend() {
			return wrote, false
		}
		wrote = c.write(name, decision, write) || wrote
	}
	for _, node := range decision.LeftBehind {
		c.say("%s is left behind on %s", bridge, node.Name)
		c.left[node.Name+"/"+bridge] = true
	}
	for _, deletion := range decision.Deletes {
		if !b.spend() {
			return wrote, false
		}
		wrote = true
		c.delete(deletion.Name)
	}
	return wrote, true
}

// changes reports whether a write has to be done and can be, and under which name.
func (c *cluster) changes(bridge string, decision Decision, write Write) (bool, string) {
	name := write.Name
	if c.policies[name] == nil {
		name = c.nameOf(bridge, decision, write)
	}
	write.Name = name
	live := c.policies[name]
	if live == nil {
		return true, name
	}
	if live.Bridge.Name != bridge {
		c.say("policy %s is another bridge's", name)
		return false, name
	}
	return !reflect.DeepEqual(live.Write, normal(write)) && live.acceptsUpdate(), name
}

// normal leaves out what a form does not write down.
func normal(write Write) Write {
	if write.Form != FormPresent {
		write.Attempt = 0
	}
	return write
}

func (c *cluster) nameOf(bridge string, decision Decision, write Write) string {
	group := write.Bridge.NodeGroup
	switch {
	case write.Role == RoleCleanup:
		return naming.CleanupPolicy(bridge, write.Node)
	case write.Form != FormPresent:
		return naming.RemovalPolicy(bridge, group)
	}
	first := decision.FirstClaim
	preferred, fallback := naming.Policy(first.Name), naming.PolicyInNamespace(first.Namespace, first.Name)
	if uplink := (&planner{uplinks: c.uplinks}).uplinkNamed(write.Bridge.WukongUplink); uplink != nil && len(uplink.Spec.NodeGroups) > 1 {
		preferred, fallback = naming.PolicyOfGroup(first.Name, group), naming.PolicyInNamespace(first.Namespace, first.Name+"-"+group)
	}
	if existing := c.policies[preferred]; existing != nil && existing.Bridge.Name != bridge {
		return fallback
	}
	return preferred
}

// write writes a policy, and reports whether it says anything new.
func (c *cluster) write(name string, decision Decision, write Write) bool {
	isNew := write.Name == ""
	write = normal(write)
	write.Name = name
	live := c.policies[name]
	var before Write
	if live != nil {
		before = live.Write
	}
	c.checkWrite(name, live, decision, write, isNew)
	again := false
	switch {
	case live == nil:
		live = &heldPolicy{generation: 1}
		c.policies[name] = live
	case specOf(live.Write) != specOf(write):
		live.generation++
		same := before
		same.Attempt = write.Attempt
		again = reflect.DeepEqual(same, write)
	}
	live.Write = write
	if !again {
		c.cover(live, before)
	}
	c.say("write %s: %s %s of %s %s host=%t on %v (generation %d, attempt %d)", name, write.Role, write.Form, write.Bridge.Name,
		write.Bridge.String(), write.Bridge.HostIP, write.Bridge.NodeSelector, live.generation, live.Attempt)
	return !again
}

// cover notes the nodes of a policy, and what could be known of them. A node that the policy was for before, by labels
// that the node got later, is not looked at when the policy changes: NMState applies it there in any case.
func (c *cluster) cover(policy *heldPolicy, before Write) {
	checked := map[string]int{}
	policy.covers = map[string]bool{}
	for _, node := range c.nodes {
		if !node.matches(policy.Bridge.NodeSelector) {
			continue
		}
		policy.covers[node.name] = true
		c.meet(node, policy)
		at, looked := node.reportedAt, node.reported != nil
		if before.Form == policy.Form && node.matches(before.Bridge.NodeSelector) {
			at, looked = policy.checked[node.name]
		}
		if looked {
			checked[node.name] = at
		}
	}
	policy.checked = checked
}

// meet notes what somebody else made on a node under the names of a policy before the node's report shows it.
func (c *cluster) meet(node *heldNode, policy *heldPolicy) {
	if made := node.makers[policy.Bridge.Name]; node.reported == nil || made.step > node.reportedAt {
		c.join(node, policy)
	}
}

// join notes that what somebody else made on a node under the names of a policy is that policy's from now on, since nobody
// could have looked before.
func (c *cluster) join(node *heldNode, policy *heldPolicy) {
	if policy.Form != FormPresent || !node.matches(policy.Bridge.NodeSelector) {
		return
	}
	names := append([]string{policy.Bridge.Name, policy.Bridge.Port()}, node.now.Interfaces[policy.Bridge.Name].Ports...)
	for _, name := range names {
		if made, known := node.makers[name]; known && !made.ours && !made.joined {
			c.tally["a stranger's interface under a policy that came upon it"]++
			made.joined = true
			node.makers[name] = made
		}
	}
}

// specOf is what makes a new generation.
func specOf(write Write) string {
	b := write.Bridge
	b.NodeSelector, b.NodeGroup, b.WukongUplink = nil, "", ""
	text := fmt.Sprintf("%s %+v %d", write.Form, b, write.Attempt%2)
	for _, key := range slices.Sorted(maps.Keys(write.Bridge.NodeSelector)) {
		text += " " + key + "=" + write.Bridge.NodeSelector[key]
	}
	return text
}

func (c *cluster) delete(name string) {
	policy := c.policies[name]
	if policy == nil {
		return
	}
	c.say("delete %s", name)
	if !c.healed && c.chance(c.rates.stuck) {
		policy.deleting = true
		return
	}
	c.dropPolicy(name)
}

// report tells the claims that stay before it lets go of the others, since those may be the only ones that remember what was
// made.
func (c *cluster) report(bridge string, decision Decision, b *budget) (wrote, finished bool) {
	for _, claim := range slices.Clone(c.claims) {
		verdict, decided := decision.Verdicts[claim.key]
		if !decided || verdict.Release || claim.told != nil && reflect.DeepEqual(*claim.told, verdict) {
			continue
		}
		if !b.spend() {
			return wrote, false
		}
		claim.told = &verdict
		c.say("tell %s: %s, policy %s, %s", claim.key, verdict.inShort(), verdict.PolicyName, statesOf(verdict.Nodes))
	}
	for _, claim := range slices.Clone(c.claims) {
		if verdict := decision.Verdicts[claim.key]; claim.wanted.Bridge == bridge && verdict.Release {
			if !b.spend() {
				return wrote, false
			}
			wrote = true
			c.release(claim)
		}
	}
	return wrote, true
}

func (c *cluster) release(claim *heldClaim) {
	c.say("release %s", claim.key)
	c.claims = slices.DeleteFunc(c.claims, func(other *heldClaim) bool { return other == claim })
	if uplink, _ := Resolve(c.uplinks, claim.wanted.Uplink); uplink != nil && uplink.Spec.ReclaimPolicy == "Retain" {
		c.retained[claim.wanted.Bridge] = true
	}
	for _, policy := range c.policies {
		uplink := (&planner{uplinks: c.uplinks}).uplinkNamed(policy.Bridge.WukongUplink)
		if policy.Bridge.Name == claim.wanted.Bridge && policy.Form == FormPresent && uplink != nil && uplink.Spec.ReclaimPolicy == "Retain" {
			c.retained[claim.wanted.Bridge] = true
		}
	}
}
