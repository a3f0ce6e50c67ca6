// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"maps"
	"slices"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/nodenet/hostnet"
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

func has(node *Node, name string) bool {
	_, found := node.Host.Network.Interfaces[name]
	return found
}

// rememberNodes adds the remembered nodes to what is told of nodes. What is told of a node that has the bridge from us must
// not read as if it were a stranger's.
func (d *deciding) rememberNodes() {
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

func (d *deciding) rememberedNode(node *Node) NodeResult {
	made := slices.ContainsFunc(d.Writes, func(w Write) bool { return w.Form == FormPresent && node.matches(w.Bridge.NodeSelector) })
	if made {
		return node.result(vmv1alpha1.NodeProgressing, "")
	}
	return node.result(vmv1alpha1.NodeLeaving, "bridge "+d.bridge+", which Wukong made there, is still on the node")
}

// forget tells of the nodes on which something stays when the claims that remember it go.
func (d *deciding) forget() {
	stays := map[string]bool{}
	for _, claim := range d.claims[d.bridge] {
		if verdict := d.Verdicts[claim.Key]; !verdict.Release && verdict.PolicyName != "" {
			for _, node := range verdict.Nodes {
				stays[node.Name] = true
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.madeOn())) {
		node := d.node(name)
		if node == nil || slices.ContainsFunc(d.LeftBehind, func(result NodeResult) bool { return result.Name == name }) {
			continue
		}
		switch {
		case (!answers(node) || has(node, d.bridge)) && !stays[name] && !d.staysByPolicy(node):
			d.LeftBehind = append(d.LeftBehind, node.result(vmv1alpha1.NodeLeaving, "there is no policy any more that could remove the bridge"))
		case answers(node) && d.orphan(node):
			d.LeftBehind = append(d.LeftBehind, node.result(vmv1alpha1.NodeLeaving,
				"the VLAN interface stays that was the bridge's port before the node went to another node group"))
		}
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

// orphan reports whether a node has a VLAN interface that nobody uses and that was the bridge's port for claims that go now.
func (d *deciding) orphan(node *Node) bool {
	for _, i := range node.Host.Network.Interfaces {
		if i.VLANID == 0 || i.Controller != "" {
			continue
		}
		goes, stays := false, false
		for _, claim := range d.given() {
			if form := formOf(claim.Wanted, i); form.VLANID == i.VLANID && form.Port() == i.Name {
				goes, stays = goes || d.Verdicts[claim.Key].Release, stays || !d.Verdicts[claim.Key].Release
			}
		}
		if goes && !stays {
			return true
		}
	}
	return false
}

func (d *deciding) deletes(policy *Policy) bool {
	return slices.ContainsFunc(d.Deletes, func(x Delete) bool { return x.Name == policy.Name })
}

// formOn returns the form of the bridge that a node has: one of those that we know of, or what a claim asked for once on
// another NIC, since WukongUplinks change.
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
	made := node.Host.Network.Interfaces[d.bridge]
	for _, claim := range d.given() {
		for _, port := range made.Ports {
			forms = append(forms, formOf(claim.Wanted, node.Host.Network.Interfaces[port]))
		}
	}
	for _, form := range forms {
		if form.Uplink != "" && exists(node, form) {
			return asItIs(node, form), true
		}
	}
	return nncp.Bridge{}, false
}

// formOf returns the bridge that a claim asks for on the NIC that a port shows.
func formOf(wanted Wanted, port hostnet.Interface) nncp.Bridge {
	form := nncp.Bridge{Name: wanted.Bridge, Type: wanted.Type, VLANID: wanted.VLANID}
	switch {
	case wanted.VLANID != 0:
		form.Uplink = port.VLANBase
	case port.VLANBase == "":
		form.Uplink = port.Name
	}
	return form
}
