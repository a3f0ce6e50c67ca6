// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"fmt"
	"maps"
	"slices"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/nodenet/hostnet"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// look is what was seen on a group's nodes before the first write.
type look struct {
	nodes []*Node
	// findings are what speaks against the bridge, by node.
	findings map[string][]hostnet.Finding
	// exist are the nodes that have the bridge already.
	exist map[string]bool
	// hostIP are the nodes whose NIC carries an address or default route that has to move to the bridge.
	hostIP []string
	// hostRoutes are those of them that have routes through the NIC.
	hostRoutes []string
	// known and silent are the nodes that NMState has reported, and those that it is about to.
	known, silent []string
}

// first decides about a bridge that has no policy yet: whether it may be made, or is there already.
func (d *deciding) first(wanted nncp.Bridge) {
	write := Write{Role: RoleBridge, Form: FormPresent, Bridge: wanted}
	if d.Offline {
		d.Writes = append(d.Writes, write)
		return
	}
	seen := d.look(wanted)
	if problem := d.coveredBy(wanted, seen); problem != nil {
		d.waits = problem
		d.unfit(seen)
		return
	}
	ours := d.ours(seen)
	if foreign := d.foreign(wanted, seen.nodes); foreign != nil && !ours {
		foreign.apply(d, seen)
		return
	}
	if len(seen.exist) > 0 && !ours {
		d.adopt(seen, "")
		return
	}
	if ours && d.carriesHost(wanted, seen) {
		d.keepHost(seen)
		return
	}
	if problem := d.speaksAgainst(&write.Bridge, seen); problem != nil {
		d.block(*problem)
		d.unfit(seen)
		return
	}
	d.Writes = append(d.Writes, write)
}

// ours reports whether it is we who made the bridge on the group's nodes that have it. Where a stranger has made it on one
// of them too, all are left as they are: a policy would make that one ours, and remove it one day.
func (d *deciding) ours(seen *look) bool {
	for name := range seen.exist {
		if !d.madeOn()[name] {
			return false
		}
	}
	return len(seen.exist) > 0
}

// carriesHost reports whether a node reaches the cluster through the bridge.
func (d *deciding) carriesHost(wanted nncp.Bridge, seen *look) bool {
	return slices.ContainsFunc(seen.nodes, func(n *Node) bool {
		return seen.exist[n.Name] && (n.Host.Carries(wanted.Name) || len(n.Host.Network.Interfaces[wanted.Name].Addresses) > 0)
	})
}

// keepHost leaves a bridge as it is that carries a host's address and whose policy somebody has deleted: what the policy
// captured is lost with it, and the same policy written again would find no address on the NIC and take the bridge's.
func (d *deciding) keepHost(seen *look) {
	d.adopt(seen, "")
	for i := range d.results {
		if d.results[i].State == vmv1alpha1.NodeAdopted && d.madeOn()[d.results[i].Name] {
			// It is ours, and to be removed one day.
			d.results[i].State = vmv1alpha1.NodeApplied
		}
	}
	for _, claim := range d.claims[d.bridge] {
		if d.policyName == "" {
			d.policyName = claim.PolicyName
		}
	}
	d.block(is(vmv1alpha1.ReasonAdopted,
		"policy %s, which moved the host's address to bridge %s, was deleted: the bridge is used as it is, and gives the address back when its last machine goes",
		d.policyName, d.bridge))
}

// look checks the bridge on every node of its group.
func (d *deciding) look(wanted nncp.Bridge) *look {
	seen := &look{findings: map[string][]hostnet.Finding{}, exist: map[string]bool{}}
	if d.holder.uplink != nil && d.holder.uplink.Spec.HostIP == vmv1alpha1.HostIPMove && wanted.VLANID == 0 {
		wanted.HostIP = true
	}
	for i := range d.nodes {
		node := &d.nodes[i]
		if !node.matches(wanted.NodeSelector) {
			continue
		}
		seen.nodes = append(seen.nodes, node)
		if node.Host == nil {
			if node.Ready && node.Handler {
				seen.silent = append(seen.silent, node.Name)
			}
			continue
		}
		seen.known = append(seen.known, node.Name)
		verdict := check(node, wanted)
		if verdict.Exists {
			seen.exist[node.Name] = true
		}
		if verdict.Moves {
			seen.hostIP = append(seen.hostIP, node.Name)
		}
		if verdict.MovesRoutes {
			seen.hostRoutes = append(seen.hostRoutes, node.Name)
		}
		findings := verdict.Findings
		if !node.Ready {
			// What is known of it is old: it may not keep others waiting for what cannot work there, but it must not be cut
			// off when it is back.
			findings = slices.DeleteFunc(slices.Clone(findings), func(f hostnet.Finding) bool { return !hostnet.Dangerous(f.Reason) })
		}
		if len(findings) > 0 {
			seen.findings[node.Name] = findings
		}
	}
	return seen
}

// check asks whether a bridge may be made on a node that NMState has reported.
func check(node *Node, bridge nncp.Bridge) hostnet.Verdict {
	return hostnet.Check(*node.Host, wantedOf(bridge))
}

// exists asks whether a node that NMState has reported has a bridge as a policy makes it.
func exists(node *Node, bridge nncp.Bridge) bool {
	return hostnet.Exists(*node.Host, wantedOf(bridge))
}

func wantedOf(bridge nncp.Bridge) hostnet.Wanted {
	return hostnet.Wanted{
		Name: bridge.Name, Type: bridge.Type, NIC: bridge.Uplink, VLANID: bridge.VLANID, MTU: bridge.MTU,
		Port: bridge.Port(), MoveHostIP: bridge.HostIP,
	}
}

// coveredBy returns that a policy of ours is about nodes of the group, nil for none: it goes first. So does the policy of
// another group where the bridge has but one, since the new one gets its name.
func (d *deciding) coveredBy(bridge nncp.Bridge, seen *look) *Condition {
	single := d.holder.uplink == nil || len(d.holder.uplink.Spec.NodeGroups) == 1
	for _, policy := range d.policies[d.bridge] {
		covers := slices.ContainsFunc(seen.nodes, func(n *Node) bool { return n.matches(policy.Bridge.NodeSelector) })
		if !covers && (!single || policy.Role != RoleBridge) {
			continue
		}
		if policy.removes() {
			c := d.waitingForTeardown()
			return &c
		}
		if users := d.usersOfPolicy(policy); len(users) > 0 {
			c := waitingForMachines("bridge "+d.bridge+" goes from nodes that policy "+policy.Name+" is for", users)
			return &c
		}
		if policy.Role == RoleBridge {
			c := isNot(vmv1alpha1.ReasonWaitingForPolicy,
				"policy %s still covers nodes of group %s; bridge %s is made there when it does no more", policy.Name, bridge.NodeGroup, d.bridge)
			return &c
		}
	}
	return nil
}

// speaksAgainst returns what keeps a bridge from being made, nil for nothing, and decides whether the host's address
// has to move.
func (d *deciding) speaksAgainst(bridge *nncp.Bridge, seen *look) *Condition {
	if finding := seen.worst(); finding != nil {
		c := isNot(finding.Reason, "%s", finding.Message)
		return &c
	}
	switch {
	case len(seen.nodes) == 0:
		c := noMatchingNode(d.bridge)
		return &c
	case len(seen.silent) > 0:
		c := isNot(vmv1alpha1.ReasonProgressing, "waiting for NMState's report of %s, without which bridge %s is not made", list(seen.silent), d.bridge)
		return &c
	case len(seen.known) == 0:
		c := d.ready(d.unreported(seen))
		return &c
	case len(seen.hostIP) > 0 && len(seen.hostIP) < len(seen.known):
		c := isNot(vmv1alpha1.ReasonHostIPCannotMove,
			"NIC %s carries an address on %s and not on the other nodes of the group; give these nodes a node group of their own in the WukongUplink",
			bridge.Uplink, list(seen.hostIP))
		return &c
	case len(seen.hostRoutes) > 0 && len(seen.hostRoutes) < len(seen.hostIP):
		c := isNot(vmv1alpha1.ReasonHostIPCannotMove,
			"routes go through NIC %s on %s and not on the other nodes of the group; give these nodes a node group of their own in the WukongUplink",
			bridge.Uplink, list(seen.hostRoutes))
		return &c
	}
	if len(seen.hostIP) == 0 {
		return nil
	}
	bridge.HostIP, bridge.HostRoutes = true, len(seen.hostRoutes) > 0
	return d.typeOfNIC(bridge, seen)
}

// typeOfNIC notes the type of a NIC whose address moves. It is one for all nodes of a policy.
func (d *deciding) typeOfNIC(bridge *nncp.Bridge, seen *look) *Condition {
	types := map[string]bool{}
	for _, node := range seen.nodes {
		if node.Host == nil {
			continue
		}
		kind := node.Host.Network.Interfaces[bridge.Uplink].Type
		if types[kind] = true; kind != "ethernet" {
			bridge.UplinkType = kind
		}
	}
	if len(types) > 1 {
		c := isNot(vmv1alpha1.ReasonHostIPCannotMove,
			"%s is of another type on some nodes of the group (%s); give these nodes a node group of their own in the WukongUplink",
			bridge.Uplink, list(slices.Sorted(maps.Keys(types))))
		return &c
	}
	return nil
}

// worst returns the finding to tell: the most dangerous one, with the other nodes that have it.
func (l *look) worst() *hostnet.Finding {
	var worst *hostnet.Finding
	count := 0
	for _, node := range l.nodes {
		findings := l.findings[node.Name]
		if len(findings) == 0 {
			continue
		}
		count++
		if worst == nil || hostnet.Worse(findings[0].Reason, worst.Reason) {
			worst = &findings[0]
		}
	}
	if worst == nil || count == 1 {
		return worst
	}
	return &hostnet.Finding{Reason: worst.Reason, Message: fmt.Sprintf("%s; %d nodes in all are unfit, see status.nodes", worst.Message, count)}
}

// unreported are the states of nodes of which nothing is known.
func (d *deciding) unreported(seen *look) []NodeResult {
	results := make([]NodeResult, 0, len(seen.nodes))
	for _, node := range seen.nodes {
		result := node.result(vmv1alpha1.NodeProgressing, "")
		switch {
		case !node.Ready:
			result.State = vmv1alpha1.NodeNotReady
		case !node.Handler:
			result.State = vmv1alpha1.NodeNoHandler
		}
		results = append(results, result)
	}
	return results
}

// unfit reports each node for which something speaks against the bridge. The others have to wait for these, and must not
// read as if the bridge were made there.
func (d *deciding) unfit(seen *look) {
	for _, result := range d.unreported(seen) {
		findings := seen.findings[result.Name]
		switch {
		case len(findings) > 0:
			result.State, result.Message = vmv1alpha1.NodeUnfit, findings[0].Message
		case result.State == vmv1alpha1.NodeProgressing:
			result.State, result.Message = vmv1alpha1.NodeUnfit, "the bridge is made here when nothing speaks against it any more on any node of the group"
		}
		d.results = append(d.results, result)
	}
}

// adopt uses a bridge that is there without us. It is never written, so nodes that lack it stay without.
func (d *deciding) adopt(seen *look, foreignPolicy string) {
	d.adopted = true
	for _, result := range d.unreported(seen) {
		switch {
		case seen.exist[result.Name] && len(seen.findings[result.Name]) == 0:
			result.State, result.Usable = vmv1alpha1.NodeAdopted, true
		case result.State != vmv1alpha1.NodeProgressing:
		case len(seen.findings[result.Name]) > 0:
			result.State, result.Message = vmv1alpha1.NodeUnfit, seen.findings[result.Name][0].Message
		default:
			result.State = vmv1alpha1.NodeMissing
		}
		d.results = append(d.results, result)
	}
	if len(seen.exist) == 0 {
		d.block(isNot(vmv1alpha1.ReasonProgressing, "bridge %s is made by policy %s of somebody else; waiting until a node has it", d.bridge, foreignPolicy))
	}
}

// foreignUse is what somebody else's policy means for a bridge.
type foreignUse struct {
	policy   string
	conflict string
}

// foreign returns what somebody else's policies mean for a bridge on the given nodes, nil for nothing.
func (d *deciding) foreign(wanted nncp.Bridge, nodes []*Node) *foreignUse {
	var adopts *foreignUse
	for _, policy := range d.sortedForeign() {
		if !slices.ContainsFunc(nodes, func(n *Node) bool { return n.matches(policy.NodeSelector) }) {
			continue
		}
		use := policy.Intent.Concerns(wantedOf(wanted))
		switch {
		case use.Use == hostnet.UseConflicts:
			return &foreignUse{policy: policy.Name, conflict: use.Text}
		case use.Use == hostnet.UseAdopts && adopts == nil:
			adopts = &foreignUse{policy: policy.Name}
		}
	}
	return adopts
}

func (f *foreignUse) apply(d *deciding, seen *look) {
	if f.conflict == "" {
		d.adopt(seen, f.policy)
		return
	}
	d.block(isNot(vmv1alpha1.ReasonForeignPolicy,
		"nothing is written, because policy %s, which Wukong did not make, %s", f.policy, f.conflict))
	d.unfit(seen)
}
