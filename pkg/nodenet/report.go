// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"fmt"
	"maps"
	"slices"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/nodenet/hostnet"
)

// UplinkReport is what a WukongUplink is told.
type UplinkReport struct {
	// Ready is its condition.
	Ready Condition
	// FoundNodes is the number of nodes with the interface of all nodes, for example "3/3".
	FoundNodes string
	// Nodes are the nodes of its groups, in the order of their names.
	Nodes []vmv1alpha1.UplinkNodeStatus
	// Bridges are the bridges that are claimed or kept on it, in the order of their names.
	Bridges []vmv1alpha1.UplinkBridgeStatus
}

// report returns what a WukongUplink is told.
func (p *planner) report(uplink *vmv1alpha1.WukongUplink) UplinkReport {
	report := UplinkReport{Bridges: p.bridgesOn(uplink)}
	found, missing, unfit := 0, []string{}, []string{}
	for i := range p.nodes {
		status := p.nodeOn(uplink, &p.nodes[i])
		switch {
		case status == nil:
			continue
		case status.State == vmv1alpha1.UplinkNodeFound:
			found++
		case status.State == vmv1alpha1.UplinkNodeMissing:
			missing = append(missing, status.Name+" ("+status.Interface+")")
		case status.State == vmv1alpha1.UplinkNodeUnfit:
			unfit = append(unfit, status.Message)
		}
		report.Nodes = append(report.Nodes, *status)
	}
	report.FoundNodes = fmt.Sprintf("%d/%d", found, len(report.Nodes))
	report.Ready = p.uplinkReady(uplink, report.Nodes, missing, unfit)
	return report
}

func (p *planner) uplinkReady(uplink *vmv1alpha1.WukongUplink, nodes []vmv1alpha1.UplinkNodeStatus, missing, unfit []string) Condition {
	overlapping := p.overlaps(uplink)
	switch {
	case len(overlapping) > 0:
		return isNot(vmv1alpha1.ReasonNodeGroupsOverlap,
			"nodes are in several node groups: %s; correct the nodeSelectors, until then no bridge on this uplink is made or changed", list(overlapping))
	case isDefault(uplink) && DefaultUplink(p.uplinks, "") != uplink.Name:
		return isNot(vmv1alpha1.ReasonSeveralDefaults,
			"WukongUplink %s says default as well and is taken, being the first by name; take default from one of them", DefaultUplink(p.uplinks, ""))
	case !p.NMStateServed:
		return Condition{Status: "Unknown", Reason: vmv1alpha1.ReasonNMStateNotInstalled,
			Message: "NMState is not installed, so nobody can tell which nodes have the interface; install kubernetes-nmstate"}
	case len(nodes) == 0:
		return isNot(vmv1alpha1.ReasonNoMatchingNode, "no node is in a node group of this uplink; correct the nodeSelectors, or label nodes")
	case len(missing) > 0:
		return isNot(vmv1alpha1.ReasonInterfaceMissing,
			"nodes lack the interface: %s; correct the group's interface, or give these nodes a group of their own", list(missing))
	case len(unfit) > 0:
		return isNot(vmv1alpha1.ReasonInterfaceUnfit, "%s", list(unfit))
	}
	return is(vmv1alpha1.ReasonInterfaceFound, "every node of the groups that NMState reports has the interface")
}

// nodeOn returns the uplink on one node, nil when the node is in none of its groups.
func (p *planner) nodeOn(uplink *vmv1alpha1.WukongUplink, node *Node) *vmv1alpha1.UplinkNodeStatus {
	for i := range uplink.Spec.NodeGroups {
		group := &uplink.Spec.NodeGroups[i]
		if !node.matches(selectorOf(group)) {
			continue
		}
		status := &vmv1alpha1.UplinkNodeStatus{
			Name: node.Name, NodeGroup: group.Name, Interface: string(group.Interface), State: vmv1alpha1.UplinkNodeFound,
		}
		if node.Host == nil {
			status.State, status.Message = vmv1alpha1.UplinkNodeUnknown, "NMState has not reported the node; let the nmstate-handler run on it"
			return status
		}
		finding := hostnet.CheckNIC(*node.Host, string(group.Interface))
		switch {
		case finding == nil:
		case finding.Reason == vmv1alpha1.ReasonNICMissing:
			status.State, status.Message = vmv1alpha1.UplinkNodeMissing, finding.Message
		default:
			status.State, status.Message = vmv1alpha1.UplinkNodeUnfit, finding.Message
		}
		return status
	}
	return nil
}

// bridgesOn returns the bridges that are claimed or kept on an uplink.
func (p *planner) bridgesOn(uplink *vmv1alpha1.WukongUplink) []vmv1alpha1.UplinkBridgeStatus {
	bridges := map[string]int32{}
	for _, granted := range p.grants {
		if granted.refusal == nil && granted.uplink != nil && granted.uplink.Name == uplink.Name {
			bridges[granted.wanted.Bridge] = granted.wanted.VLANID
		}
	}
	for name, policies := range p.policies {
		for _, policy := range policies {
			if policy.Bridge.WukongUplink == uplink.Name && !policy.removes() {
				bridges[name] = policy.Bridge.VLANID
			}
		}
	}
	statuses := make([]vmv1alpha1.UplinkBridgeStatus, 0, len(bridges))
	for _, name := range slices.Sorted(maps.Keys(bridges)) {
		statuses = append(statuses, vmv1alpha1.UplinkBridgeStatus{Name: name, VLANID: bridges[name]})
	}
	return statuses
}
