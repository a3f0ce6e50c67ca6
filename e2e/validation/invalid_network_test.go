// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import "strings"

// invalidNetworks are about names, VLANs, NICs, MACs and MTUs.
var invalidNetworks = []invalid{
	{"network without a name", wukong("networks: [{type: bridge}]"), refused("spec.networks[0].name", "Required value")},
	{"network name with a capital", wukong("networks: [{name: LAN}]"), refused("spec.networks[0].name", "must be a DNS label")},
	{"network name with a dot", wukong("networks: [{name: lan.a}]"), refused("spec.networks[0].name", "must be a DNS label")},
	{"network name that ends with a hyphen", wukong("networks: [{name: lan-}]"), refused("spec.networks[0].name", "for example management")},
	{"network name with a newline", wukong(`networks: [{name: "lan\n"}]`), refused("spec.networks[0].name", "must be a DNS label")},
	{"network name too long", wukong("networks: [{name: " + strings.Repeat("a", 64) + "}]"), refused("spec.networks[0].name", "may not be more than 63")},
	{"two networks of one name", wukong("networks: [{name: lan}, {name: lan}]"), refused("spec.networks[1]", "Duplicate value")},
	{"seventeen networks", wukong("networks: [{name: a1}, {name: a2}, {name: a3}, {name: a4}, {name: a5}, {name: a6}, {name: a7}, {name: a8}, " +
		"{name: b1}, {name: b2}, {name: b3}, {name: b4}, {name: b5}, {name: b6}, {name: b7}, {name: b8}, {name: c1}]"),
		refused("spec.networks", "must have at most 16 items")},
	{"networks by name", wukong("networks: {lan: {}}"), refused("spec.networks.lan", "unknown field")},

	{"vlanid", network("vlanid: 100"), refused("spec.networks[0].vlanid", "unknown field")},
	{"vlan", network("vlan: 100"), refused("spec.networks[0].vlan", "unknown field")},
	{"vlanId 0", network("vlanId: 0"), refused("spec.networks[0].vlanId", "must be between 1 and 4094; leave it out for an untagged network")},
	{"vlanId 4095", network("vlanId: 4095"), refused("spec.networks[0].vlanId", "must be between 1 and 4094")},
	{"vlanId -1", network("vlanId: -1"), refused("spec.networks[0].vlanId", "must be between 1 and 4094")},
	{"vlanID 0", network("vlanID: 0"), refused("spec.networks[0].vlanID", "must be between 1 and 4094; leave it out for an untagged network")},
	{"vlanID 4095", network("vlanID: 4095"), refused("spec.networks[0].vlanID", "must be between 1 and 4094")},
	{"vlanId as a string", network("vlanId: '100'"), refused("spec.networks[0].vlanId", `must be of type integer: "string"`)},
	{"vlanId beyond 32 bits", network("vlanId: 4294967396"), findings{
		{"spec.networks[0].vlanId", "must be between 1 and 4094"},
		{"<nil>", "must be of type integer with format int32 in spec.networks[0].vlanId"},
	}},
	{"vlanId and vlanID differ", network("vlanId: 100, vlanID: 200"), refused("spec.networks[0].vlanID", "must not differ; leave vlanID out")},

	{"bridgeName of 16 characters", network("bridgeName: br-1234567890123"), refused("spec.networks[0].bridgeName", "must be at most 15 characters")},
	{"bridgeName with a slash", network("bridgeName: br/lan"), refused("spec.networks[0].bridgeName", "for example br-mgmt or ens160")},
	{"bridgeName with a space", network("bridgeName: br lan"), refused("spec.networks[0].bridgeName", "must consist of letters, digits")},
	{"bridgeName with a newline", network(`bridgeName: "br-lan\n"`), refused("spec.networks[0].bridgeName", "must consist of letters, digits")},
	{"bridgeName ..", network("bridgeName: '..'"), refused("spec.networks[0].bridgeName", "must consist of letters, digits")},
	{"bridgeName .", network("bridgeName: '.'"), refused("spec.networks[0].bridgeName", "must consist of letters, digits")},
	{"bridgeName that is an option", network("bridgeName: '-a'"), refused("spec.networks[0].bridgeName", "must consist of letters, digits")},
	{"bridgeName with a colon", network("bridgeName: 'eth0:1'"), refused("spec.networks[0].bridgeName", "must consist of letters, digits")},
	{"bridgeName with an umlaut", network("bridgeName: brücke"), refused("spec.networks[0].bridgeName", "must consist of letters, digits")},
	{"bridgeName all", network("bridgeName: all"), refused("spec.networks[0].bridgeName", "must not be all, default or lo")},
	{"bridgeName lo", network("bridgeName: lo"), refused("spec.networks[0].bridgeName", "must not be all, default or lo")},
	{"bridgeName empty", network("bridgeName: ''"), findings{
		{"spec.networks[0].bridgeName", "must consist of letters, digits"},
		{"spec.networks[0].bridgeName", "at least 1 chars long"},
	}},
	{"bridgeName is the uplink", network("bridgeName: ens160, uplink: ens160"),
		refused("spec.networks[0].bridgeName", "must not be the NIC itself; write for example br-lan, and the NIC in uplink")},
	{"uplink of 64 characters", network("uplink: " + strings.Repeat("a", 64)), refused("spec.networks[0].uplink", "may not be more than 63")},
	{"uplink empty", network("uplink: ''"), findings{
		{"spec.networks[0].uplink", "must consist of letters, digits"},
		{"spec.networks[0].uplink", "at least 1 chars long"},
	}},
	{"uplink with a slash", network("uplink: net/ens160"), refused("spec.networks[0].uplink", "write the name of a WukongUplink, or of a NIC such as ens160")},
	{"uplink all", network("uplink: all"), refused("spec.networks[0].uplink", "must not be all, default or lo")},
	{"uplink default", network("uplink: default"), refused("spec.networks[0].uplink", "write the name of a WukongUplink, or of a NIC such as ens160")},
	{"one bridge with two VLANs", wukong("networks: [{name: a, bridgeName: br-x, vlanId: 100}, {name: b, bridgeName: br-x, vlanID: 200}]"),
		refused("spec.networks", "give one of them another bridgeName")},
	{"one bridge with two uplinks", wukong("networks: [{name: a, bridgeName: br-x, uplink: ens160}, {name: b, bridgeName: br-x}]"),
		refused("spec.networks", "networks on one bridge must have the same type, uplink")},
	{"one bridge of two types", wukong("networks: [{name: a, bridgeName: br-x}, {name: b, bridgeName: br-x, type: ovs}]"),
		refused("spec.networks", "networks on one bridge must have the same type, uplink")},

	{"MAC of a group", mac("01:00:5e:10:00:01"), refused("spec.networks[0].macAddress", "must be a unicast address: the second digit must be even")},
	{"MAC of everybody", mac("FF:FF:FF:FF:FF:FF"), refused("spec.networks[0].macAddress", "must be a unicast address: the second digit must be even")},
	{"MAC too short", mac("02:00:5e:10:00"), refused("spec.networks[0].macAddress", "must be six octets in hexadecimal separated by colons")},
	{"MAC with dashes", mac("02-00-5e-10-00-01"), refused("spec.networks[0].macAddress", "for example 02:00:5e:10:00:01")},
	{"MAC with dots", mac("0200.5e10.0001"), refused("spec.networks[0].macAddress", "must be six octets")},
	{"MAC with a letter beyond f", mac("02:00:5e:10:00:0g"), refused("spec.networks[0].macAddress", "must be six octets")},
	{"MAC of zeros", mac("00:00:00:00:00:00"), refused("spec.networks[0].macAddress", "leave macAddress out to have one derived")},
	{"MAC that KubeVirt keeps", mac("02:00:00:00:00:00"), refused("spec.networks[0].macAddress", "which KubeVirt keeps for itself")},
	{"one MAC twice", wukong("networks: [{name: a, macAddress: '02:00:5e:10:00:ab'}, {name: b, macAddress: '02:00:5E:10:00:AB'}]"),
		refused("spec.networks", "each macAddress must be used only once in a machine")},

	{"mtu too small", network("mtu: 100"), refused("spec.networks[0].mtu", "must be between 576 and 65535")},
	{"mtu too large", network("mtu: 70000"), refused("spec.networks[0].mtu", "must be between 576 and 65535")},
	{"mtu zero", network("mtu: 0"), refused("spec.networks[0].mtu", "must be between 576 and 65535")},
	{"mtu too small for IPv6", network("mtu: 1000, ipConfig: {mode: static, address: 'fd00::10/64'}"),
		refused("spec.networks[0].mtu", "must be at least 1280 for a network with an IPv6 address")},
	{"mtu too small for a second address", network("mtu: 1000, ipConfig: {mode: static, address: 10.0.0.10/24, addresses: ['fd00::10/64']}"),
		refused("spec.networks[0].mtu", "must be at least 1280 for a network with an IPv6 address")},
}
