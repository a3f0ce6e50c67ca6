// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"strings"

	"k8s.io/apimachinery/pkg/types"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// ParentNIC returns the NIC, or VLAN interface, that a macvlan's or ipvlan's parent means: its own name, or the interface
// of the WukongUplink that it names. A refusal says that nodes have different interfaces there, since one attachment names
// one parent for all nodes.
func ParentNIC(uplinks []*vmv1alpha1.WukongUplink, parent string) (string, *Refusal) {
	name, _ := SplitParent(parent)
	for _, uplink := range uplinks {
		if uplink.Name != name {
			continue
		}
		nic := uplink.Spec.NodeGroups[0].Interface
		for _, group := range uplink.Spec.NodeGroups {
			if group.Interface != nic {
				return "", refuse(vmv1alpha1.ReasonUplinkAmbiguous,
					"WukongUplink %s is another interface on other nodes, and a macvlan or ipvlan has one parent for all; write that NIC as bridgeName, or use type bridge",
					uplink.Name)
			}
		}
		return string(nic) + strings.TrimPrefix(parent, name), nil
	}
	return parent, nil
}

// ParentOutside returns the rule of the fence that a macvlan or ipvlan breaks, nil for none. parent is the NIC or
// WukongUplink that it names.
func ParentOutside(uplinks []*vmv1alpha1.WukongUplink, parent string, use Use) *Refusal {
	name, vlan := SplitParent(parent)
	uplink, refusal := Resolve(uplinks, name)
	if refusal != nil || uplink == nil {
		return refusal
	}
	use.VLANID = vlan
	return Fence(uplink, use)
}

// ParentRefused returns why a macvlan or ipvlan may not have its NIC beside the bridges, nil when it may.
func ParentRefused(w World, key types.NamespacedName) *Refusal {
	return newPlanner(w).parents[key]
}
