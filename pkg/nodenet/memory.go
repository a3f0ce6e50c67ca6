// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"maps"
	"slices"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// What was made on which node is remembered in two places: in the policy, and in the claims' statuses. The second one has
// to do where somebody deleted the policy, so a status must not lose it before the node's report shows that it is gone.

// madeOn returns the nodes that a claim's status reports as having the bridge from us.
func (d *deciding) madeOn() map[string]bool {
	if d.made == nil {
		d.made = map[string]bool{}
		for _, claim := range d.given() {
			for _, node := range claim.MadeOn {
				d.made[node] = true
			}
		}
	}
	return d.made
}

// given returns the claims that were told of a policy.
func (d *deciding) given() []*Claim {
	return slices.DeleteFunc(slices.Clone(d.claims[d.bridge]), func(c *Claim) bool { return c.PolicyName == "" })
}

// remembered returns the nodes on which a bridge of ours may still be: those of madeOn whose report does not show that
// nothing of its name is there any more. The report of a node that does not answer is old and shows nothing.
func (d *deciding) remembered() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(d.madeOn())), func(name string) bool {
		node := d.node(name)
		return node == nil || answers(node) && !has(node, d.bridge)
	})
}

// answers reports whether what NMState reports of a node is what it is like.
func answers(node *Node) bool {
	return node.Ready && node.Handler && node.Host != nil
}

// usersOnRemembered returns the machines and pods on the remembered nodes that are attached to the bridge.
func (d *deciding) usersOnRemembered() []string {
	var users []string
	for _, name := range d.remembered() {
		users = append(users, d.usersOn(name)...)
	}
	return users
}

func has(node *Node, name string) bool {
	_, found := node.Host.Network.Interfaces[name]
	return found
}

// rememberNodes adds the remembered nodes to what is told of nodes. What is told of a node that has the bridge from us must
// not read as if it were a stranger's.
func (d *deciding) rememberNodes() {
	for i := range d.results {
		d.denyNode(&d.results[i])
	}
	for _, name := range d.remembered() {
		at := slices.IndexFunc(d.results, func(result NodeResult) bool { return result.Name == name })
		if at < 0 {
			d.results = append(d.results, d.rememberedNode(d.node(name)))
			continue
		}
		switch result := &d.results[at]; result.State {
		case vmv1alpha1.NodeAdopted:
			result.State = vmv1alpha1.NodeApplied
		case vmv1alpha1.NodeUnfit, vmv1alpha1.NodeMissing:
			result.State = vmv1alpha1.NodeFailed
		}
	}
}

// denyNode sees to it that a node which no policy is about does not read as if one were, beside others for which there is
// one: it is remembered otherwise.
func (d *deciding) denyNode(result *NodeResult) {
	node := d.node(result.Name)
	if len(d.policies[d.bridge]) == 0 && len(d.given()) == 0 || d.madeOn()[node.Name] || d.staysByPolicy(node) {
		return
	}
	switch result.State {
	case vmv1alpha1.NodeNotReady:
		result.State, result.Message = vmv1alpha1.NodeUnfit, "the node is not ready"
	case vmv1alpha1.NodeNoHandler:
		result.State, result.Message = vmv1alpha1.NodeUnfit, "no kubernetes-nmstate handler runs on the node"
	}
}

func (d *deciding) rememberedNode(node *Node) NodeResult {
	made := slices.ContainsFunc(d.Writes, func(w Write) bool { return w.Form == FormPresent && node.matches(w.Bridge.NodeSelector) })
	if made {
		return node.result(vmv1alpha1.NodeProgressing, "")
	}
	return node.result(vmv1alpha1.NodeLeaving, "bridge "+d.bridge+", which Wukong made there, is still on the node")
}

// forget tells of the nodes on which the bridge stays when the claims that remember it go.
func (d *deciding) forget() {
	if !slices.ContainsFunc(d.given(), func(c *Claim) bool { return d.Verdicts[c.Key].Release }) {
		return
	}
	stays := map[string]bool{}
	for _, claim := range d.claims[d.bridge] {
		if verdict := d.Verdicts[claim.Key]; !verdict.Release && verdict.PolicyName != "" {
			for _, node := range verdict.Nodes {
				stays[node.Name] = true
			}
		}
	}
	for _, name := range d.remembered() {
		node := d.node(name)
		told := slices.ContainsFunc(d.LeftBehind, func(result NodeResult) bool { return result.Name == name })
		if told || stays[name] || d.staysByPolicy(node) {
			continue
		}
		d.LeftBehind = append(d.LeftBehind, node.result(vmv1alpha1.NodeLeaving, "there is no policy any more that could remove the bridge"))
	}
}

// staysByPolicy reports whether a policy that is not deleted now says what is to become of the bridge on a node.
func (d *deciding) staysByPolicy(node *Node) bool {
	if slices.ContainsFunc(d.Writes, func(w Write) bool { return node.matches(w.Bridge.NodeSelector) }) {
		return true
	}
	return slices.ContainsFunc(d.policies[d.bridge], func(p *Policy) bool {
		return node.matches(p.Bridge.NodeSelector) && !d.deletes(p)
	})
}

func (d *deciding) deletes(policy *Policy) bool {
	return slices.ContainsFunc(d.Deletes, func(x Delete) bool { return x.Name == policy.Name })
}

// formOn returns the form of the bridge that a node has of those that we know of. What has another form now may be a
// stranger's.
func (d *deciding) formOn(node *Node) (nncp.Bridge, bool) {
	var forms []nncp.Bridge
	for _, policy := range d.policies[d.bridge] {
		forms = append(forms, policy.Bridge)
	}
	for _, claim := range d.given() {
		uplink, _ := Resolve(d.uplinks, claim.Wanted.Uplink)
		groups := groupsOf(claim.Wanted, uplink)
		for _, group := range sortedGroups(groups) {
			forms = append(forms, groups[group])
		}
	}
	for _, form := range forms {
		if exists(node, form) {
			return asItIs(node, form), true
		}
	}
	return nncp.Bridge{}, false
}
