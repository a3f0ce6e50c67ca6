// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"fmt"
	"strings"
)

// validUplinks are WukongUplinks that must be accepted.
var validUplinks = []valid{
	{"uplink with a range alone", uplink(someGroups + ", " + someVLANs), map[string]any{
		"untagged": "Refuse", "hostIP": "Refuse", "reclaimPolicy": "Delete", "onFailure": "RollBack",
		"networkTypes": nil, "namespaceSelector": nil, "mtu": nil, "maxUnavailable": nil, "default": nil,
	}},
	{"uplink for untagged networks alone", uplink(someGroups + ", untagged: Allow"), map[string]any{"untagged": "Allow", "vlanRanges": nil}},
	{"uplink with null in place of its choices", fence("untagged: null, hostIP: null, reclaimPolicy: null, onFailure: null"),
		map[string]any{"untagged": "Refuse", "hostIP": "Refuse", "reclaimPolicy": "Delete", "onFailure": "RollBack"}},
	{"uplink with everything", uplink("nodeGroups: [{name: rack1, interface: ens160, nodeSelector: {topology.kubernetes.io/zone: rack1}}, " +
		"{name: rack2, interface: enp175s0f0np0, nodeSelector: {topology.kubernetes.io/zone: rack2}}], " +
		"vlanRanges: [{first: 100, last: 199}, {first: 300, last: 300}], untagged: Allow, namespaceSelector: {matchLabels: {team: a}}, " +
		"networkTypes: [bridge, ovs, macvlan, ipvlan], quota: {bridges: 4096, bridgesPerNamespace: 1}, hostIP: Move, mtu: 9000, " +
		"maxUnavailable: 25%, reclaimPolicy: Retain, onFailure: Keep, default: true"), nil},
	{"uplink of 63 characters of a name", uplinkNamed(strings.Repeat("a", 63), someGroups+", "+someVLANs), nil},
	{"uplink with a dot in its name", uplinkNamed("ens160.storage", someGroups+", "+someVLANs), nil},
	{"uplink of a generated name", strings.Replace(fence(""), "{name:", "{generateName:", 1), nil},
	{"uplink of a generated name that is cut", strings.Replace(uplinkNamed(strings.Repeat("a", 63), someGroups+", "+someVLANs), "{name:", "{generateName:", 1), nil},
	{"uplink that says a namespace", strings.Replace(fence(""), "{name: physnet1}", "{name: physnet1, namespace: default}", 1), nil},
	{"uplink that says another namespace", strings.Replace(fence(""), "{name: physnet1}", "{name: physnet1, namespace: team}", 1), nil},
	{"status of an uplink is left out", fence("") + "status: {bridgeCount: 5}\n", nil},

	{"group name of 20 characters", group("name: " + strings.Repeat("a", 20) + ", interface: ens160"), nil},
	{"interface of 15 characters", group("name: all, interface: enp175s0f0np012"), nil},
	{"interface that is a bond", group("name: all, interface: bond0"), nil},
	{"nodeSelector that is empty", group("name: all, interface: ens160, nodeSelector: {}"), nil},
	{"nodeSelector with a label of no value", group("name: all, interface: ens160, nodeSelector: {node-role.kubernetes.io/worker: ''}"), nil},
	{"nodeSelector at the bounds", group("name: all, interface: ens160, nodeSelector: {" + longKey + ": " + strings.Repeat("b", 63) + "}"), nil},
	{"groups at the bounds", uplink("nodeGroups: [" + strings.Join(manyGroups(), ", ") + "], vlanRanges: [" + strings.Join(manyRanges(), ", ") + "]"), nil},

	{"VLANs at the bounds", vlanRange("first: 1, last: 4094"), nil},
	{"VLANs that overlap", uplink(someGroups + ", vlanRanges: [{first: 100, last: 199}, {first: 150, last: 250}]"), nil},
	{"no range of VLANs", uplink(someGroups + ", vlanRanges: [], untagged: Allow"), nil},

	{"selector of every namespace", fence("namespaceSelector: {}"), nil},
	{"selector with each operator", fence("namespaceSelector: {matchExpressions: [{key: a, operator: In, values: [b]}, {key: a, operator: NotIn, values: [c, d]}, " +
		"{key: e, operator: Exists}, {key: f, operator: DoesNotExist, values: []}]}"), nil},

	{"networkTypes of one", fence("networkTypes: [ovs]"), nil},
	{"quota that is empty", fence("quota: {}"), nil},
	{"mtu of an uplink at the lower bound", fence("mtu: 576"), nil},
	{"mtu of an uplink at the upper bound", fence("mtu: 65535"), nil},
	{"maxUnavailable of one node", fence("maxUnavailable: 1"), nil},
	{"maxUnavailable of many nodes", fence("maxUnavailable: 5000"), nil},
	{"maxUnavailable of every node", fence("maxUnavailable: 100%"), nil},
	{"maxUnavailable of few nodes", fence("maxUnavailable: 1%"), nil},
	// The NIC itself is the port of an Open vSwitch bridge whatever VLANs its networks have.
	{"hostIP of Open vSwitch", fence("hostIP: Move, networkTypes: [ovs]"), nil},
	{"hostIP of any type", fence("hostIP: Move"), nil},
	{"hostIP of untagged bridges", fence("hostIP: Move, untagged: Allow, networkTypes: [bridge]"), nil},
}

// longKey is as long as the key of a label can be.
var longKey = strings.Repeat(strings.Repeat("a", 62)+".", 4)[:251] + "aa/" + strings.Repeat("b", 63)

// manyGroups are as many groups as there may be, each with as many labels.
func manyGroups() []string {
	var groups []string
	for i := range 64 {
		var labels []string
		for j := range 32 {
			labels = append(labels, fmt.Sprintf("example.org/label-%d: %s", j, strings.Repeat("a", 63)))
		}
		groups = append(groups, fmt.Sprintf("{name: group-%d, interface: ens%d, nodeSelector: {%s}}", i, i, strings.Join(labels, ", ")))
	}
	return groups
}

// manyRanges are as many ranges as there may be.
func manyRanges() []string {
	var ranges []string
	for i := range 64 {
		ranges = append(ranges, fmt.Sprintf("{first: %d, last: %d}", i*64+1, i*64+62))
	}
	return ranges
}
