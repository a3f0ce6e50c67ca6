// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

// invalidTypes are about what a network's type leaves no room for.
var invalidTypes = []invalid{
	{"type that does not exist", network("type: vxlan"), refused("spec.networks[0].type", `supported values: "pod", "bridge", "macvlan", "ipvlan", "sriov", "ovs"`)},
	{"type with a capital", network("type: Bridge"), refused("spec.networks[0].type", `supported values: "pod", "bridge", "macvlan", "ipvlan", "sriov", "ovs"`)},

	{"default with a bridge", podNetwork("type: bridge, bridgeName: br-lan"),
		refused("spec.networks[0].name", "the name default is reserved for the pod network, which has no bridge, VLAN, uplink or NAD; give this network another name")},
	{"default with a VLAN", podNetwork("vlanID: 100"), refused("spec.networks[0].name", "give this network another name, for example lan")},
	{"default with an attachment", podNetwork("nadName: lan"), refused("spec.networks[0].name", "give this network another name")},
	{"default as macvlan", podNetwork("type: macvlan"), refused("spec.networks[0].name", "give this network another name")},
	{"default with a static address", podNetwork("ipConfig: {mode: static, address: 10.0.0.10/24}"),
		refused("spec.networks[0].ipConfig.mode", "the pod network's address comes by DHCP; write mode dhcp or leave ipConfig out")},
	{"pod network with a bridge", network("type: pod, bridgeName: br-lan"),
		refused("spec.networks[0].type", "leave them out, or use type bridge")},
	{"pod network with an uplink", network("type: pod, uplink: ens160"), refused("spec.networks[0].type", "leave them out, or use type bridge")},
	{"two pod networks", wukong("networks: [{name: default}, {name: lan, type: pod}]"),
		refused("spec.networks", "must contain at most one pod network; the network named default is one")},

	{"attachment with two slashes", network("nadName: a/b/c"), refused("spec.networks[0].nadName", "must be the name of a NetworkAttachmentDefinition, or namespace/name")},
	{"attachment with a capital", network("nadName: LAN"), refused("spec.networks[0].nadName", "for example lan or networks/lan")},
	{"attachment in no namespace", network("nadName: /lan"), refused("spec.networks[0].nadName", "must be the name of a NetworkAttachmentDefinition")},
	{"attachment with two dots", network("nadName: a..b"), refused("spec.networks[0].nadName", "must be the name of a NetworkAttachmentDefinition")},
	{"attachment and a bridge", network("nadName: lan, bridgeName: br-lan"),
		refused("spec.networks[0].nadName", "nothing is created for this network; leave bridgeName, vlanId and uplink out")},
	{"attachment and a VLAN", network("nadName: lan, vlanId: 100"), refused("spec.networks[0].nadName", "leave bridgeName, vlanId and uplink out")},

	{"macvlan with a VLAN", network("type: macvlan, bridgeName: ens160, vlanId: 100"),
		refused("spec.networks[0].vlanId", "write the VLAN interface as bridgeName, for example ens160.100, or use type bridge")},
	{"ipvlan with a VLAN in its other spelling", network("type: ipvlan, bridgeName: ens160, vlanID: 100"),
		refused("spec.networks[0].vlanId", "write the VLAN interface as bridgeName")},
	{"macvlan with two parents", network("type: macvlan, bridgeName: ens160, uplink: ens161"),
		refused("spec.networks[0].uplink", "uplink must not name another one; leave uplink out")},
	{"macvlan on a name the kernel cannot have", network("type: macvlan, bridgeName: enp175s0f0np0.100"),
		refused("spec.networks[0].bridgeName", "must be at most 15 characters")},

	{"sriov without a resource", network("type: sriov"),
		refused("spec.networks[0].type", "must have either nadName, an existing attachment, or bridgeName, the device plugin's resource")},
	{"sriov with a resource and an attachment", network("type: sriov, bridgeName: openshift.io/nic, nadName: lan"), findings{
		{"spec.networks[0].type", "must have either nadName"},
		{"spec.networks[0].nadName", "leave bridgeName, vlanId and uplink out"},
	}},
	{"sriov with a NIC", network("type: sriov, bridgeName: ens160"),
		refused("spec.networks[0].bridgeName", "must be the device plugin's resource, prefix/name, for example openshift.io/sriovnic")},
	{"sriov with an uplink", network("type: sriov, bridgeName: openshift.io/nic, uplink: ens160"),
		refused("spec.networks[0].uplink", "may not be set for sriov; the device plugin chooses the NIC")},
	{"bridge with a resource", network("bridgeName: a.io/nic"), refused("spec.networks[0].bridgeName", "must consist of letters, digits")},
}
