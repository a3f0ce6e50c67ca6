// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/nodenet/hostnet"
)

// cluster is a simulated cluster: what users, the platform team, nodes, NMState and our manager made of it.
type cluster struct {
	random *rand.Rand
	clock  time.Time
	// step counts what happened, and orders it.
	step      int
	served    bool
	claims    []*heldClaim
	parents   []Parent
	uplinks   []*vmv1alpha1.WukongUplink
	policies  map[string]*heldPolicy
	foreign   []Foreign
	nodes     []*heldNode
	spaces    map[string]map[string]string
	machines  []*machine
	reports   map[reportKey]*nodeReport
	rates     rates
	healed    bool
	comparing bool
	nextClaim int
	// unsettled are the bridges whose last decision was not carried out to its end, so that claims are told what is old.
	unsettled map[string]bool
	// left and retained are the bridges that may stay on nodes when nobody wants them any more.
	left     map[string]bool
	retained map[string]bool

	tracing  bool
	trace    []string
	problems []string
	tally    map[string]int
}

// heldClaim is a claim with what it was told last.
type heldClaim struct {
	key            types.NamespacedName
	owner, network string
	created        time.Time
	deletedAt      time.Time
	wanted         Wanted
	told           *Verdict
}

// heldPolicy is a policy of ours as the API server has it.
type heldPolicy struct {
	Write
	generation int64
	// reason is that of the Available condition, empty while no handler has seen the policy.
	reason   string
	deleting bool
	// covers are the nodes that the policy was for when it was last changed, and checked those of them that could be looked
	// at, with the step of NMState's report.
	covers  map[string]bool
	checked map[string]int
}

type reportKey struct{ node, policy string }

// nodeReport is an enactment. It stays when a handler that could delete it is away.
type nodeReport struct {
	Enactment
	found   *captured
	tried   int
	settled bool
}

// heldNode is a node with its real network and with what NMState reported of it last.
type heldNode struct {
	name           string
	labels         map[string]string
	ready, handler bool
	hosts          bool
	failing        bool
	now            *network
	reported       *network
	reportedAt     int
	// makers tell who made an interface, and when somebody other than us last changed it.
	makers map[string]maker
	// initial are the addresses of the NICs as the node was installed.
	initial map[string][]netip.Prefix
}

type maker struct {
	ours bool
	// joined tells that a policy of ours has changed what a stranger made, where nobody could have looked.
	joined bool
	bridge string
	step   int
}

// machine is a running machine, attached through a claim.
type machine struct {
	name  string
	claim *heldClaim
	node  string
}

func (c *cluster) say(format string, args ...any) {
	if c.tracing {
		c.trace = append(c.trace, fmt.Sprintf("%4d ", c.step)+fmt.Sprintf(format, args...))
	}
}

func (c *cluster) violated(format string, args ...any) {
	problem := fmt.Sprintf(format, args...)
	c.say("VIOLATION %s", problem)
	if !slices.Contains(c.problems, problem) {
		c.problems = append(c.problems, problem)
	}
}

func (c *cluster) chance(percent int) bool { return c.random.IntN(100) < percent }

func pick[T any](c *cluster, from []T) T { return from[c.random.IntN(len(from))] }

func (c *cluster) node(name string) *heldNode {
	for _, node := range c.nodes {
		if node.name == name {
			return node
		}
	}
	return nil
}

func (n *heldNode) matches(selector map[string]string) bool {
	return (&Node{Labels: n.labels}).matches(selector)
}

func (c *cluster) usersOf(claim *heldClaim) []User {
	var users []User
	for _, m := range c.machines {
		if m.claim == claim {
			users = append(users, User{Name: m.name, Node: m.node})
		}
	}
	return users
}

// world is what the manager observes for one bridge; for the empty name it is everything.
func (c *cluster) world(bridge string) World {
	w := World{NMStateServed: c.served, Now: c.clock, Deadlines: Deadlines{
		Unreachable: 5 * time.Minute, Slow: 10 * time.Minute, Retry: time.Minute, RetryMost: 30 * time.Minute, Drift: 5 * time.Minute,
	}}
	w.Uplinks = slices.Clone(c.uplinks)
	w.Parents = slices.Clone(c.parents)
	for _, claim := range c.claims {
		w.Claims = append(w.Claims, c.claim(claim, bridge))
	}
	if !c.served {
		return w
	}
	w.Foreign = slices.Clone(c.foreign)
	for _, name := range slices.Sorted(maps.Keys(c.policies)) {
		w.Policies = append(w.Policies, c.policy(name, bridge))
	}
	for _, node := range c.nodes {
		w.Nodes = append(w.Nodes, node.observed())
	}
	return w
}

func (c *cluster) claim(held *heldClaim, bridge string) Claim {
	claim := Claim{
		Key: held.key, Owner: held.owner, Network: held.network, Created: held.created, Wanted: held.wanted,
		DeletedAt: held.deletedAt,
	}
	if len(c.uplinks) > 0 {
		claim.NamespaceLabels = c.spaces[held.key.Namespace]
	}
	if held.told != nil {
		claim.PolicyName = held.told.PolicyName
		claim.Granted = claim.PolicyName != "" || held.told.Available.Status == "True"
		for _, node := range held.told.Nodes {
			if !slices.Contains([]vmv1alpha1.NodeState{vmv1alpha1.NodeAdopted, vmv1alpha1.NodeMissing, vmv1alpha1.NodeUnfit}, node.State) {
				claim.MadeOn = append(claim.MadeOn, node.Name)
			}
		}
	}
	if held.deletedAt.IsZero() && bridge != "" && held.wanted.Bridge != bridge {
		return claim
	}
	claim.Users = c.usersOf(held)
	if !held.deletedAt.IsZero() && len(claim.Users) > 0 {
		claim.UsedBy = claim.Users[0].Name
	}
	return claim
}

func (c *cluster) policy(name, bridge string) Policy {
	held := c.policies[name]
	policy := Policy{
		Name: name, Role: held.Role, Node: held.Node, Generation: held.generation, Bridge: held.Bridge, Attempt: held.Attempt,
		LastGood: held.LastGood, Refused: held.Refused, RefusedBecause: held.RefusedBecause, TeardownSince: held.TeardownSince,
		AcceptsUpdate: held.acceptsUpdate(), Deleting: held.deleting,
	}
	if bridge != "" && held.Bridge.Name != bridge {
		return policy
	}
	for _, node := range c.nodes {
		if report := c.reports[reportKey{node.name, name}]; report != nil {
			policy.Enactments = append(policy.Enactments, report.Enactment)
		}
	}
	return policy
}

func (p *heldPolicy) acceptsUpdate() bool { return p.reason != "" && p.reason != "Progressing" }

func (n *heldNode) observed() Node {
	node := Node{Name: n.name, Labels: n.labels, Ready: n.ready, Handler: n.handler, HostsMachines: n.hosts}
	if n.reported != nil {
		node.Host = &hostnet.Node{Name: n.name, InternalIPs: []netip.Addr{n.now.internal}, Network: n.reported.Network}
	}
	return node
}

// bridgeNames are the bridges that somebody claims or a policy of ours is about.
func (c *cluster) bridgeNames() []string {
	names := map[string]bool{}
	for _, claim := range c.claims {
		names[claim.wanted.Bridge] = true
	}
	for _, policy := range c.policies {
		names[policy.Bridge.Name] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// String describes what the world looks like now.
func (c *cluster) String() string {
	var text strings.Builder
	for _, claim := range c.claims {
		fmt.Fprintf(&text, "claim %s %s", claim.key, claim.wanted.Bridge+": "+claim.wanted.String())
		if !claim.deletedAt.IsZero() {
			text.WriteString(" deleted")
		}
		if claim.told != nil {
			fmt.Fprintf(&text, " policy=%s available=%s ready=%s nodes=%s", claim.told.PolicyName, claim.told.Available.inShort(), claim.told.Ready.inShort(), statesOf(claim.told.Nodes))
		}
		text.WriteString("\n")
	}
	for _, name := range slices.Sorted(maps.Keys(c.policies)) {
		p := c.policies[name]
		fmt.Fprintf(&text, "policy %s %s %s gen=%d reason=%q %s %v host=%t node=%s:", name, p.Role, p.Form, p.generation, p.reason, p.Bridge.Name+": "+p.Bridge.String(), p.Bridge.NodeSelector, p.Bridge.HostIP, p.Node)
		for _, n := range c.nodes {
			if r := c.reports[reportKey{n.name, name}]; r != nil {
				fmt.Fprintf(&text, " %s=%s@%d", n.name, r.State, r.Generation)
			}
		}
		text.WriteString("\n")
	}
	for _, n := range c.nodes {
		fmt.Fprintf(&text, "node %s %v ready=%t handler=%t routes=%v:", n.name, n.labels, n.ready, n.handler, n.now.DefaultRoutes)
		for _, name := range slices.Sorted(maps.Keys(n.now.Interfaces)) {
			i := n.now.Interfaces[name]
			fmt.Fprintf(&text, " %s(%s %s %v %v ours=%t)", name, i.Type, i.Controller, i.Ports, i.Addresses, n.makers[name].ours)
		}
		text.WriteString("\n")
	}
	for _, u := range c.uplinks {
		fmt.Fprintf(&text, "uplink %s %s\n", u.Name, describeUplink(u))
	}
	return text.String()
}

func describeUplink(u *vmv1alpha1.WukongUplink) string {
	var text strings.Builder
	for _, g := range u.Spec.NodeGroups {
		fmt.Fprintf(&text, "[%s %s %v] ", g.Name, g.Interface, g.NodeSelector)
	}
	fmt.Fprintf(&text, "vlans=%v untagged=%s hostIP=%s reclaim=%s onFailure=%s", u.Spec.VLANRanges, u.Spec.Untagged, u.Spec.HostIP, u.Spec.ReclaimPolicy, u.Spec.OnFailure)
	if u.Spec.MTU != nil {
		fmt.Fprintf(&text, " mtu=%d", *u.Spec.MTU)
	}
	return text.String()
}
