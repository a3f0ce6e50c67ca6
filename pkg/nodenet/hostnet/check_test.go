// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package hostnet

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// The node of the tables: eno1 has its addresses and default routes, ens160 and ens161 are free, ens162 has the
// address of a storage network.
const (
	nodeNICs = `
- {name: lo, type: loopback, state: up, mtu: 65536, ipv4: {enabled: true, address: [{ip: 127.0.0.1, prefix-length: 8}]}}
- {name: eno1, type: ethernet, state: up, mtu: 1500, ipv4: {enabled: true, address: [{ip: 10.0.0.11, prefix-length: 24}]}, ipv6: {enabled: true, address: [{ip: "fd00::11", prefix-length: 64}, {ip: "fe80::1", prefix-length: 64}]}}
- {name: ens160, type: ethernet, state: up, mtu: 1500, ipv4: {enabled: false}, ipv6: {enabled: true, address: [{ip: "fe80::2", prefix-length: 64}]}}
- {name: ens161, type: ethernet, state: up, mtu: 9000}
- {name: ens162, type: ethernet, state: up, mtu: 1500, ipv4: {enabled: true, address: [{ip: 192.168.5.11, prefix-length: 24}]}}
`
	nodeRoutes = `
- {destination: 0.0.0.0/0, next-hop-interface: eno1, next-hop-address: 10.0.0.1, table-id: 254}
- {destination: "::/0", next-hop-interface: eno1, next-hop-address: "fe80::ff", table-id: 254}
`
)

// checkRow is one bridge on that node, with more interfaces and routes added.
type checkRow struct {
	name       string
	interfaces string
	routes     string
	ips        []string // instead of eno1's
	want       Wanted
	findings   []string // the reasons, in order
	exists     bool
	hostIP     bool
	moves      bool
	says       []string // in the messages
}

func untagged(bridge, nic string) Wanted {
	return Wanted{Name: bridge, Type: vmv1alpha1.BridgeTypeLinux, NIC: nic, Port: nic}
}

func tagged(bridge, nic string, id int32) Wanted {
	return Wanted{Name: bridge, Type: vmv1alpha1.BridgeTypeLinux, NIC: nic, VLANID: id, Port: nic + ".100"}
}

func (w Wanted) ovs() Wanted          { w.Type = vmv1alpha1.BridgeTypeOVS; return w }
func (w Wanted) moving() Wanted       { w.MoveHostIP = true; return w }
func (w Wanted) ofMTU(m int32) Wanted { w.MTU = m; return w }

func reasons(names ...string) []string { return names }

const (
	atRisk     = vmv1alpha1.ReasonHostIPAtRisk
	cannotMove = vmv1alpha1.ReasonHostIPCannotMove
	nicInUse   = vmv1alpha1.ReasonNICInUse
	vlanInUse  = vmv1alpha1.ReasonVLANInUse
	nameTaken  = vmv1alpha1.ReasonBridgeNameTaken
	nicMissing = vmv1alpha1.ReasonNICMissing
	nicDown    = vmv1alpha1.ReasonNICDown
	mtuTooBig  = vmv1alpha1.ReasonMTUTooLarge
)

var checkRows = []checkRow{
	// The NIC by itself.
	{name: "a free NIC", want: untagged("br-lan", "ens160")},
	{name: "a free NIC and OVS", want: untagged("br-lan", "ens160").ovs()},
	{name: "a VLAN of a free NIC", want: tagged("br-lan", "ens160", 100)},
	{name: "link-local addresses are nobody's", want: untagged("br-lan", "ens160").moving()},
	{
		name: "no such NIC", want: untagged("br-lan", "ens999"), findings: reasons(nicMissing),
		says: []string{"node n1 has no NIC ens999, it has eno1, ens160, ens161 and ens162", "nodeGroups"},
	},
	{name: "no such NIC for a VLAN", want: tagged("br-lan", "ens999", 100), findings: reasons(nicMissing)},
	{
		name: "the NIC is down", interfaces: `[{name: ens170, type: ethernet, state: down}]`,
		want: untagged("br-lan", "ens170"), findings: reasons(nicDown), says: []string{"NIC ens170 of node n1 is down"},
	},
	{
		name: "the NIC is down for a VLAN", interfaces: `[{name: ens170, type: ethernet, state: down}]`,
		want: tagged("br-lan", "ens170", 100), findings: reasons(nicDown),
	},
	{
		name: "NetworkManager does not manage the NIC", interfaces: `[{name: ens170, type: ethernet, state: ignore}]`,
		want: untagged("br-lan", "ens170"), findings: reasons(nicDown), says: []string{"not managed by NetworkManager", "nmcli device set ens170 managed yes"},
	},
	{
		name:       "nobody has to manage the NIC of a bridge that exists",
		interfaces: `[{name: ens170, type: ethernet, state: ignore, controller: br-lan}, {name: br-lan, type: linux-bridge, state: ignore, bridge: {port: [{name: ens170}]}}]`,
		want:       untagged("br-lan", "ens170"), exists: true,
	},
	{
		name: "MTU larger than the NIC's", want: untagged("br-lan", "ens160").ofMTU(9000), findings: reasons(mtuTooBig),
		says: []string{"MTU of 9000 and NIC ens160 of node n1 carries 1500"},
	},
	{name: "MTU larger than the NIC's for a VLAN", want: tagged("br-lan", "ens160", 100).ofMTU(1501), findings: reasons(mtuTooBig)},
	{name: "MTU as large as the NIC's", want: untagged("br-lan", "ens161").ofMTU(9000)},

	// The node's own addresses.
	{
		name: "default route and InternalIP, IPv4 alone", ips: []string{"10.0.0.11"}, want: untagged("br-lan", "eno1"),
		findings: reasons(atRisk), hostIP: true,
		says: []string{"node n1 would lose the default route, its InternalIP 10.0.0.11 and address fd00::11/64 if NIC eno1 became a port of bridge br-lan",
			"use a VLAN of eno1 (vlanId), another NIC, or hostIP: Move on the WukongUplink"},
	},
	{
		name: "default route and InternalIP, IPv6 alone", ips: []string{"fd00::11"}, want: untagged("br-lan", "eno1"),
		findings: reasons(atRisk), hostIP: true, says: []string{"its InternalIP fd00::11 and address 10.0.0.11/24"},
	},
	{
		name: "default route of IPv4 without an address", routes: `[{destination: 0.0.0.0/0, next-hop-interface: ens160, table-id: 254}]`,
		want: untagged("br-lan", "ens160"), findings: reasons(atRisk), hostIP: true, says: []string{"would lose the default route if"},
	},
	{
		name: "default route of IPv6 without an address", routes: `[{destination: "::/0", next-hop-interface: ens160}]`,
		want: untagged("br-lan", "ens160"), findings: reasons(atRisk), hostIP: true,
	},
	{
		name: "default route of another table", routes: `[{destination: 0.0.0.0/0, next-hop-interface: ens160, table-id: 100}]`,
		want: untagged("br-lan", "ens160"),
	},
	{
		name: "InternalIP of IPv4 without the route", ips: []string{"192.168.5.11"}, want: untagged("br-lan", "ens162"),
		findings: reasons(atRisk), hostIP: true, says: []string{"would lose its InternalIP 192.168.5.11 if NIC ens162"},
	},
	{
		name:       "InternalIP of IPv6 without the route",
		interfaces: `[{name: ens170, type: ethernet, state: up, ipv6: {enabled: true, address: [{ip: "2001:db8::5", prefix-length: 64}]}}]`,
		ips:        []string{"2001:db8::5"}, want: untagged("br-lan", "ens170"), findings: reasons(atRisk), hostIP: true,
		says: []string{"its InternalIP 2001:db8::5"},
	},
	{
		name: "InternalIP of IPv4 written as IPv6", ips: []string{"::ffff:192.168.5.11"}, want: untagged("br-lan", "ens162"),
		findings: reasons(atRisk), hostIP: true,
	},
	{
		name: "a storage address is lost as well", want: untagged("br-lan", "ens162"), findings: reasons(atRisk),
		says: []string{"would lose address 192.168.5.11/24"},
	},
	{name: "a VLAN on the NIC with the node's address", want: tagged("br-lan", "eno1", 100), hostIP: true},
	{name: "OVS on the NIC with the node's address", want: untagged("br-lan", "eno1").ovs(), findings: reasons(atRisk), hostIP: true,
		says: []string{"network of type bridge"}},
	{name: "the address may move", want: untagged("br-lan", "eno1").moving(), hostIP: true, moves: true},
	{name: "a storage address may move", want: untagged("br-lan", "ens162").moving(), moves: true},
	{
		name: "an address cannot move to OVS", want: untagged("br-lan", "eno1").ovs().moving(), findings: reasons(cannotMove), hostIP: true,
		says: []string{"hostIP: Move cannot move that to br-lan"},
	},
	{name: "OVS on a free NIC with leave to move", want: untagged("br-lan", "ens160").ovs().moving()},
	{
		name:       "the address is on a VLAN of the NIC",
		interfaces: `[{name: ens160.7, type: vlan, state: up, vlan: {base-iface: ens160, id: 7}, ipv4: {enabled: true, address: [{ip: 10.7.0.1, prefix-length: 24}]}}]`,
		routes:     `[{destination: 0.0.0.0/0, next-hop-interface: ens160.7}]`, ips: []string{"10.7.0.1"}, want: untagged("br-lan", "ens160"),
	},
	{
		name:       "the address is on this bridge",
		interfaces: `[{name: br-lan, type: linux-bridge, state: up, bridge: {port: [{name: ens170}]}, ipv4: {enabled: true, address: [{ip: 10.8.0.1, prefix-length: 24}]}}, {name: ens170, type: ethernet, state: up, controller: br-lan}]`,
		routes:     `[{destination: 0.0.0.0/0, next-hop-interface: br-lan}]`, ips: []string{"10.8.0.1"}, want: untagged("br-lan", "ens170"), exists: true,
	},
	{name: "an interface that is not enabled has no address",
		interfaces: `[{name: ens170, type: ethernet, state: up, ipv4: {enabled: false, address: [{ip: 10.9.0.1, prefix-length: 24}]}}]`, want: untagged("br-lan", "ens170")},

	// The NIC in another controller.
	{
		name:       "the NIC is in another bridge",
		interfaces: `[{name: br0, type: linux-bridge, state: up, bridge: {port: [{name: ens170}]}}, {name: ens170, type: ethernet, state: up, controller: br0}]`,
		want:       untagged("br-lan", "ens170"), findings: reasons(nicInUse), says: []string{"NIC ens170 of node n1 is a port of linux-bridge br0", "bridgeName br0"},
	},
	{
		name:       "the NIC is in another bridge, told by the bridge alone",
		interfaces: `[{name: br0, type: linux-bridge, state: up, bridge: {port: [{name: ens170}]}}, {name: ens170, type: ethernet, state: up}]`,
		want:       untagged("br-lan", "ens170"), findings: reasons(nicInUse),
	},
	{
		name:       "the NIC is in another bridge and OVS is wanted",
		interfaces: `[{name: br0, type: linux-bridge, state: up, bridge: {port: [{name: ens170}]}}, {name: ens170, type: ethernet, state: up, controller: br0}]`,
		want:       untagged("br-lan", "ens170").ovs(), findings: reasons(nicInUse),
	},
	{
		name:       "a VLAN of a NIC that is in another bridge",
		interfaces: `[{name: br0, type: linux-bridge, state: up, bridge: {port: [{name: ens170}]}}, {name: ens170, type: ethernet, state: up, controller: br0}]`,
		want:       tagged("br-lan", "ens170", 100),
	},
	{
		name: "the bond over the NIC has the node's address",
		interfaces: `[{name: bond0, type: bond, state: up, link-aggregation: {mode: 802.3ad, port: [ens170, ens171]}, ipv4: {enabled: true, address: [{ip: 10.8.0.1, prefix-length: 24}]}},
			{name: ens170, type: ethernet, state: up, controller: bond0}, {name: ens171, type: ethernet, state: up, controller: bond0}]`,
		routes: `[{destination: 0.0.0.0/0, next-hop-interface: bond0}]`, ips: []string{"10.8.0.1"},
		want: untagged("br-lan", "ens170"), findings: reasons(nicInUse), says: []string{"port of bond bond0", "use bond0 as the uplink"},
	},
	{
		name: "a VLAN of one leg of a bond", interfaces: `[{name: bond0, type: bond, state: up, link-aggregation: {ports: [ens170]}}, {name: ens170, type: ethernet, state: up}]`,
		want: tagged("br-lan", "ens170", 100), findings: reasons(nicInUse), says: []string{"use bond0 as the uplink"},
	},
	{
		name: "a bond is a NIC", interfaces: `[{name: bond0, type: bond, state: up, link-aggregation: {port: [ens170]}}, {name: ens170, type: ethernet, state: up, controller: bond0}]`,
		want: untagged("br-lan", "bond0"),
	},
	{
		name: "a bridge is not a NIC", interfaces: `[{name: br0, type: linux-bridge, state: up}]`,
		want: untagged("br-lan", "br0"), findings: reasons(nicInUse), says: []string{"br0 of node n1 is itself a linux-bridge"},
	},
	{name: "a VLAN of a bridge", interfaces: `[{name: br0, type: linux-bridge, state: up}]`, want: tagged("br-lan", "br0", 100)},
	{
		name: "the internal interface of an OVS bridge has the node's address",
		interfaces: `[{name: br-ex, type: ovs-interface, state: up, controller: br-ex, mtu: 1400, ipv4: {enabled: true, address: [{ip: 10.8.0.1, prefix-length: 24}]}},
			{name: br-ex, type: ovs-bridge, state: up, bridge: {port: [{name: br-ex}, {name: ens170}]}}, {name: ens170, type: ethernet, state: up, controller: br-ex}]`,
		routes: `[{destination: 0.0.0.0/0, next-hop-interface: br-ex}]`, ips: []string{"10.8.0.1"},
		want: untagged("br-lan", "br-ex"), findings: reasons(atRisk, nicInUse), hostIP: true,
	},
	{
		name: "an OVS bridge with its internal interface is there",
		interfaces: `[{name: br-ex, type: ovs-interface, state: up, controller: br-ex, ipv4: {enabled: true, address: [{ip: 10.8.0.1, prefix-length: 24}]}},
			{name: br-ex, type: ovs-bridge, state: up, bridge: {port: [{name: br-ex}, {name: ens170}]}}, {name: ens170, type: ethernet, state: up, controller: br-ex}]`,
		want: untagged("br-ex", "ens170").ovs(), exists: true,
	},
	{
		name: "VLANs of others on the NIC", interfaces: `[{name: ens160.7, type: vlan, state: up, vlan: {base-iface: ens160, id: 7}}]`,
		want: untagged("br-lan", "ens160"),
	},

	// The bridge's name.
	{
		name: "the bridge's name is a dummy", interfaces: `[{name: br-lan, type: dummy, state: up}]`,
		want: untagged("br-lan", "ens160"), findings: reasons(nameTaken), says: []string{"node n1 has an interface br-lan of type dummy"},
	},
	{name: "the bridge's name is a NIC", want: untagged("ens161", "ens160"), findings: reasons(nameTaken)},
	{
		name: "the bridge's name is an OVS bridge", interfaces: `[{name: br-lan, type: ovs-bridge, state: up, bridge: {port: [{name: ens170}]}}]`,
		want: untagged("br-lan", "ens160"), findings: reasons(nameTaken), says: []string{"of type ovs-bridge"},
	},
	{
		name: "the bridge's name is a Linux bridge and OVS is wanted", interfaces: `[{name: br-lan, type: linux-bridge, state: up, bridge: {port: [{name: ens170}]}}]`,
		want: untagged("br-lan", "ens160").ovs(), findings: reasons(nameTaken),
	},
	{
		name:       "the bridge has other ports",
		interfaces: `[{name: br-lan, type: linux-bridge, state: up, bridge: {port: [{name: vethb}, {name: ens171}, {name: ens170}, {name: vetha}]}}, {name: ens170, type: ethernet, state: up}, {name: ens171, type: ethernet, state: up}, {name: vetha, type: veth, state: up}]`,
		want:       untagged("br-lan", "ens160"), findings: reasons(nameTaken), says: []string{"bridge br-lan already, and it has the ports ens170 and ens171, not ens160"},
	},
	{
		name: "the bridge has no NIC, as a CNI plugin makes it", interfaces: `[{name: br-lan, type: linux-bridge, state: ignore, bridge: {port: [{name: vetha}]}}]`,
		want: untagged("br-lan", "ens160"), findings: reasons(nameTaken), says: []string{"it has no NIC as a port, not ens160"},
	},
	{
		name:       "the bridge has our NIC and another",
		interfaces: `[{name: br-lan, type: linux-bridge, state: up, bridge: {port: [{name: ens170}, {name: ens171}]}}, {name: ens170, type: ethernet, state: up, controller: br-lan}, {name: ens171, type: ethernet, state: up, controller: br-lan}]`,
		want:       untagged("br-lan", "ens170"), exists: true,
	},
	{
		name:       "the bridge is there and down",
		interfaces: `[{name: br-lan, type: linux-bridge, state: down, bridge: {port: [{name: ens170}]}}, {name: ens170, type: ethernet, state: up, controller: br-lan}]`,
		want:       untagged("br-lan", "ens170"), exists: true, findings: reasons(nicDown), says: []string{"bridge br-lan of node n1 exists and is down"},
	},
	{
		name:       "the bridge has the NIC and a VLAN of it is wanted",
		interfaces: `[{name: br-lan, type: linux-bridge, state: up, bridge: {port: [{name: ens170}]}}, {name: ens170, type: ethernet, state: up, controller: br-lan}]`,
		want:       tagged("br-lan", "ens170", 100), findings: reasons(nameTaken),
	},

	// The VLAN interface.
	{
		name:       "the VLAN is in our bridge",
		interfaces: `[{name: ens160.100, type: vlan, state: up, controller: br-lan, vlan: {base-iface: ens160, id: 100}}, {name: br-lan, type: linux-bridge, state: up, bridge: {port: [{name: ens160.100}]}}]`,
		want:       tagged("br-lan", "ens160", 100), exists: true,
	},
	{
		name: "the VLAN interface is free", interfaces: `[{name: ens160.100, type: vlan, state: up, vlan: {base-iface: ens160, id: 100}}]`,
		want: tagged("br-lan", "ens160", 100),
	},
	{
		name: "the VLAN interface is a dummy", interfaces: `[{name: ens160.100, type: dummy, state: up}]`,
		want: tagged("br-lan", "ens160", 100), findings: reasons(nameTaken), says: []string{"interface ens160.100 that is of type dummy, not VLAN 100 of NIC ens160"},
	},
	{
		name: "the VLAN interface is another VLAN", interfaces: `[{name: ens160.100, type: vlan, state: up, vlan: {base-iface: ens160, id: 200}}]`,
		want: tagged("br-lan", "ens160", 100), findings: reasons(nameTaken), says: []string{"that is VLAN 200 of ens160"},
	},
	{
		name: "the VLAN interface is on another NIC", interfaces: `[{name: ens160.100, type: vlan, state: up, vlan: {base-iface: ens161, id: 100}}]`,
		want: tagged("br-lan", "ens160", 100), findings: reasons(nameTaken), says: []string{"that is VLAN 100 of ens161"},
	},
	{
		name:       "our bridge has another VLAN under our port's name",
		interfaces: `[{name: ens160.100, type: vlan, state: up, controller: br-lan, vlan: {base-iface: ens160, id: 200}}, {name: br-lan, type: linux-bridge, state: up, bridge: {port: [{name: ens160.100}]}}]`,
		want:       tagged("br-lan", "ens160", 100), findings: reasons(nameTaken),
	},
	{
		name:       "the VLAN is in another bridge",
		interfaces: `[{name: ens160.100, type: vlan, state: up, controller: br0, vlan: {base-iface: ens160, id: 100}}, {name: br0, type: linux-bridge, state: up, bridge: {port: [{name: ens160.100}]}}]`,
		want:       tagged("br-lan", "ens160", 100), findings: reasons(vlanInUse), says: []string{"VLAN 100 of NIC ens160 of node n1 is in br0 already", "bridgeName br0"},
	},
	{
		name: "the VLAN has another name", interfaces: `[{name: storage, type: vlan, state: up, vlan: {base-iface: ens160, id: 100}}]`,
		want: tagged("br-lan", "ens160", 100), findings: reasons(vlanInUse), says: []string{"node n1 has VLAN 100 of NIC ens160 already, as interface storage"},
	},
	{
		name:       "the VLAN has another name in another bridge",
		interfaces: `[{name: v100, type: vlan, state: up, controller: br0, vlan: {base-iface: ens160, id: 100}}, {name: br0, type: linux-bridge, state: up, bridge: {port: [{name: v100}]}}]`,
		want:       tagged("br-lan", "ens160", 100), findings: reasons(vlanInUse), says: []string{"as interface v100, a port of br0"},
	},
	{
		name:       "the VLAN interface has an IPv4 address",
		interfaces: `[{name: ens160.100, type: vlan, state: up, vlan: {base-iface: ens160, id: 100}, ipv4: {enabled: true, address: [{ip: 10.7.0.1, prefix-length: 24}]}}]`,
		want:       tagged("br-lan", "ens160", 100), findings: reasons(atRisk), says: []string{"would lose address 10.7.0.1/24 if its interface ens160.100", "hostIP: Move does not help"},
	},
	{
		name:       "the VLAN interface has the node's IPv6 address and Move does not help",
		interfaces: `[{name: ens160.100, type: vlan, state: up, vlan: {base-iface: ens160, id: 100}, ipv6: {enabled: true, address: [{ip: "fd07::1", prefix-length: 64}]}}]`,
		ips:        []string{"fd07::1"}, want: tagged("br-lan", "ens160", 100).moving(), findings: reasons(atRisk), says: []string{"its InternalIP fd07::1"},
	},
	{
		name:       "the VLAN interface has the default route",
		interfaces: `[{name: ens160.100, type: vlan, state: up, vlan: {base-iface: ens160, id: 100}}]`,
		routes:     `[{destination: "::/0", next-hop-interface: ens160.100}]`, want: tagged("br-lan", "ens160", 100), findings: reasons(atRisk),
	},

	// Several at once: the most dangerous first.
	{
		name: "the node's NIC, a name that is taken and a large MTU", interfaces: `[{name: br-lan, type: dummy, state: up}]`,
		want: untagged("br-lan", "eno1").ofMTU(9000), findings: reasons(atRisk, nameTaken, mtuTooBig), hostIP: true,
	},
}

func (r checkRow) node(t *testing.T) Node {
	t.Helper()
	n, err := Parse([]byte(yamlState(r.interfaces, r.routes)))
	if err != nil {
		t.Fatal(err)
	}
	ips := r.ips
	if ips == nil {
		ips = []string{"10.0.0.11", "fd00::11"}
	}
	node := Node{Name: "n1", Network: n}
	for _, ip := range ips {
		node.InternalIPs = append(node.InternalIPs, netip.MustParseAddr(ip))
	}
	return node
}

// yamlState adds interfaces and routes, in flow style, to those of the node.
func yamlState(interfaces, routes string) string {
	flow := func(block, more string) string {
		more = strings.Trim(strings.TrimSpace(more), "[]")
		var entries []string
		for line := range strings.Lines(block) {
			if entry := strings.TrimPrefix(strings.TrimSpace(line), "- "); entry != "" {
				entries = append(entries, entry)
			}
		}
		if more = strings.ReplaceAll(more, "\n", " "); more != "" {
			entries = append(entries, strings.ReplaceAll(more, "\t", " "))
		}
		return "[" + strings.Join(entries, ", ") + "]"
	}
	return "interfaces: " + flow(nodeNICs, interfaces) + "\nroutes: {running: " + flow(nodeRoutes, routes) + "}\n"
}

func TestCheck(t *testing.T) {
	for _, row := range checkRows {
		t.Run(row.name, func(t *testing.T) {
			node := row.node(t)
			got := Check(node, row.want)
			var found, messages []string
			for _, f := range got.Findings {
				found = append(found, f.Reason)
				messages = append(messages, f.Message)
				if !strings.Contains(f.Message, "node n1") || !strings.Contains(f.Message, ": ") {
					t.Errorf("message without its node, or without what to do: %s", f.Message)
				}
			}
			if diff := cmp.Diff(row.findings, found); diff != "" {
				t.Errorf("findings, -want +got:\n%s\n%s", diff, strings.Join(messages, "\n"))
			}
			flags := [3]bool{got.Exists, got.HostIP, got.Moves}
			if want := [3]bool{row.exists, row.hostIP, row.moves}; flags != want {
				t.Errorf("exists, hostIP, moves: got %v, want %v", flags, want)
			}
			for _, says := range row.says {
				if all := strings.Join(messages, "\n"); !strings.Contains(all, says) {
					t.Errorf("no message says %q:\n%s", says, all)
				}
			}
			if diff := cmp.Diff(got, Check(row.node(t), row.want)); diff != "" {
				t.Errorf("a second look differs:\n%s", diff)
			}
		})
	}
}
