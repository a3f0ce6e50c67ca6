// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// Refusal is why something is not allowed: a documented reason, and a message that says what to write instead.
type Refusal struct {
	// Reason is one of the documented reasons.
	Reason string
	// Message says which rule was broken and what to do.
	Message string
}

func refuse(reason, message string, args ...any) *Refusal {
	return &Refusal{Reason: reason, Message: fmt.Sprintf(message, args...)}
}

// Resolve returns the WukongUplink that a name means: the one of that name, else the one that has an interface of that
// name. It returns nil for both when there is no WukongUplink at all, and a refusal when none or several fit.
func Resolve(uplinks []*vmv1alpha1.WukongUplink, name string) (*vmv1alpha1.WukongUplink, *Refusal) {
	if len(uplinks) == 0 {
		return nil, nil
	}
	var having []*vmv1alpha1.WukongUplink
	for _, uplink := range uplinks {
		if uplink.Name == name {
			return uplink, nil
		}
		if slices.ContainsFunc(uplink.Spec.NodeGroups, func(g vmv1alpha1.UplinkNodeGroup) bool { return string(g.Interface) == name }) {
			having = append(having, uplink)
		}
	}
	switch len(having) {
	case 1:
		return having[0], nil
	case 0:
		return nil, refuse(vmv1alpha1.ReasonUplinkNotFound,
			"%s is neither a WukongUplink nor an interface of one, and while a WukongUplink exists nothing else may be used; write one of %s as uplink",
			name, list(namesOf(uplinks)))
	default:
		return nil, refuse(vmv1alpha1.ReasonUplinkAmbiguous,
			"%s is an interface of several WukongUplinks; write one of %s as uplink", name, list(namesOf(having)))
	}
}

// DefaultUplink returns the name of the uplink of networks that name none: that of the WukongUplink which says default,
// the first by name where several do, else the given one.
func DefaultUplink(uplinks []*vmv1alpha1.WukongUplink, otherwise string) string {
	var names []string
	for _, uplink := range uplinks {
		if isDefault(uplink) {
			names = append(names, uplink.Name)
		}
	}
	if len(names) == 0 {
		return otherwise
	}
	return slices.Min(names)
}

func isDefault(uplink *vmv1alpha1.WukongUplink) bool {
	return uplink.Spec.Default != nil && *uplink.Spec.Default
}

func namesOf(uplinks []*vmv1alpha1.WukongUplink) []string {
	names := make([]string, 0, len(uplinks))
	for _, uplink := range uplinks {
		names = append(names, uplink.Name)
	}
	slices.Sort(names)
	return names
}

// selectorOf returns a node group's selector as a policy takes it.
func selectorOf(group *vmv1alpha1.UplinkNodeGroup) map[string]string {
	if len(group.NodeSelector) == 0 {
		return nil
	}
	selector := make(map[string]string, len(group.NodeSelector))
	for key, value := range group.NodeSelector {
		selector[key] = string(value)
	}
	return selector
}

// groupsOf returns the bridge as it is wanted on each node group of its uplink, by the group's name; without a
// WukongUplink on all nodes, under the empty name.
func groupsOf(wanted Wanted, uplink *vmv1alpha1.WukongUplink) map[string]nncp.Bridge {
	bridge := nncp.Bridge{Name: wanted.Bridge, Type: wanted.Type, Uplink: wanted.Uplink, VLANID: wanted.VLANID, MTU: wanted.MTU}
	if uplink == nil {
		return map[string]nncp.Bridge{"": bridge}
	}
	if uplink.Spec.MTU != nil && bridge.MTU == 0 {
		bridge.MTU = *uplink.Spec.MTU
	}
	if uplink.Spec.MaxUnavailable != nil {
		bridge.MaxUnavailable = uplink.Spec.MaxUnavailable.String()
	}
	bridge.WukongUplink = uplink.Name
	groups := make(map[string]nncp.Bridge, len(uplink.Spec.NodeGroups))
	for i := range uplink.Spec.NodeGroups {
		group := &uplink.Spec.NodeGroups[i]
		bridge.NodeGroup, bridge.Uplink, bridge.NodeSelector = group.Name, string(group.Interface), selectorOf(group)
		groups[group.Name] = bridge
	}
	return groups
}

// overlaps returns the nodes that are in several groups of an uplink, sorted, each with its groups.
func (p *planner) overlaps(uplink *vmv1alpha1.WukongUplink) []string {
	var found []string
	for i := range p.nodes {
		node := &p.nodes[i]
		var groups []string
		for j := range uplink.Spec.NodeGroups {
			if node.matches(selectorOf(&uplink.Spec.NodeGroups[j])) {
				groups = append(groups, uplink.Spec.NodeGroups[j].Name)
			}
		}
		if len(groups) > 1 {
			found = append(found, node.Name+" ("+strings.Join(groups, ", ")+")")
		}
	}
	return found
}

// sortedGroups returns the names of the groups in order.
func sortedGroups[V any](groups map[string]V) []string {
	return slices.Sorted(maps.Keys(groups))
}
