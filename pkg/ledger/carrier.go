// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"slices"
	"strings"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// Carrier returns the one name of what carries a network, whichever way the network spells it: the WukongUplink of that
// name, else the first one by name that has the NIC in a node group, else the name itself.
func Carrier(uplinks []vmv1alpha1.WukongUplink, name string) string {
	if slices.ContainsFunc(uplinks, func(uplink vmv1alpha1.WukongUplink) bool { return uplink.Name == name }) {
		return name
	}
	if uplink := uplinkWith(uplinks, name); uplink != "" {
		return uplink
	}
	return name
}

// uplinkWith returns the first WukongUplink by name that has a NIC, empty for none.
func uplinkWith(uplinks []vmv1alpha1.WukongUplink, nic string) string {
	first := ""
	for i := range uplinks {
		has := slices.ContainsFunc(uplinks[i].Spec.NodeGroups, func(group vmv1alpha1.UplinkNodeGroup) bool {
			return string(group.Interface) == nic
		})
		if has && (first == "" || uplinks[i].Name < first) {
			first = uplinks[i].Name
		}
	}
	return first
}

// Segment returns the one name of a segment, whichever way a network spells what carries it. A WukongUplink may be a VLAN
// interface, so that ens160/100 is that uplink without a VLAN.
func Segment(uplinks []vmv1alpha1.WukongUplink, segment string) string {
	slash := strings.LastIndexByte(segment, '/')
	if slash < 0 || strings.Contains(segment, ":") {
		// An attachment that exists already, or a device plugin's resource: no uplink carries it.
		return segment
	}
	carrier, vlan := segment[:slash], segment[slash+1:]
	if vlan != "0" {
		if uplink := uplinkWith(uplinks, carrier+"."+vlan); uplink != "" {
			return uplink + "/0"
		}
	}
	return Carrier(uplinks, carrier) + "/" + vlan
}
