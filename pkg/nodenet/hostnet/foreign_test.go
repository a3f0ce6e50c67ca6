// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package hostnet

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	// mgmtPolicy makes a bridge of a VLAN, as a platform team would before there was a Wukong.
	mgmtPolicy = `{"interfaces":[
 {"name":"ens160.100","type":"vlan","state":"up","vlan":{"base-iface":"ens160","id":100}},
 {"name":"br-mgmt","type":"linux-bridge","state":"up","ipv4":{"enabled":true,"dhcp":true},
  "bridge":{"options":{"stp":{"enabled":false}},"port":[{"name":"ens160.100","vlan":{}}]}}]}`

	// movePolicy is NMState's own example of a bridge over the NIC with the default route.
	movePolicy = `
interfaces:
- name: br1
  type: linux-bridge
  state: up
  mac-address: "{{ capture.base-iface.interfaces.0.mac-address }}"
  ipv4: "{{ capture.base-iface.interfaces.0.ipv4 }}"
  bridge:
    options: {stp: {enabled: false}}
    port: [{name: "{{ capture.base-iface.interfaces.0.name }}"}]
routes: {config: "{{ capture.bridge-routes.routes.running }}"}
`
	mixedPolicy = `
interfaces:
- {name: bond0, type: bond, state: up, link-aggregation: {mode: active-backup, ports: [ens161, ens160]}}
- {name: br-ex, type: ovs-interface, state: up, ipv4: {enabled: true, dhcp: true}}
- {name: br-ex, type: ovs-bridge, state: up, bridge: {ports: [{name: br-ex}, {name: ovsbond, link-aggregation: {mode: balance-slb, port: [{name: ens171}, {name: ens170}]}}]}}
- {name: vrf1, type: vrf, state: up, vrf: {port: [ens180], route-table-id: 100}}
- {name: ens190, type: ethernet, state: up, controller: br0}
- {name: v7, vlan: {base-iface: "{{ capture.nic.interfaces.0.name }}", id: "7"}}
- {name: "{{ capture.nic.interfaces.0.name }}", type: ethernet, state: up}
- {name: "{{ capture.nic.interfaces.0.name }}", state: absent}
- {name: br-old, type: linux-bridge, state: absent}
- {name: br-ref, type: linux-bridge, state: up, bridge: "{{ capture.old.interfaces.0.bridge }}"}
- "{{ capture.nic.interfaces.0 }}"
- {type: ethernet}
`
)

func TestForeign(t *testing.T) {
	cases := map[string]struct {
		state string
		want  Intent
	}{
		"nothing": {"", Intent{}},
		"VLANBridge": {mgmtPolicy, Intent{
			Bridges: map[string][]string{"br-mgmt": {"ens160.100"}}, Interfaces: []string{"br-mgmt", "ens160.100"},
			Types: map[string]string{"br-mgmt": "linux-bridge", "ens160.100": "vlan"},
			VLANs: map[string]VLAN{"ens160.100": {Base: "ens160", ID: 100}},
		}},
		"Captures": {movePolicy, Intent{
			Bridges:    map[string][]string{"br1": {"{{ capture.base-iface.interfaces.0.name }}"}},
			Interfaces: []string{"br1"}, Types: map[string]string{"br1": "linux-bridge"},
		}},
		"InterfacesFromCapture": {`{interfaces: "{{ capture.all.interfaces }}"}`, Intent{}},
		"Mixed": {mixedPolicy, Intent{
			Bridges: map[string][]string{
				"bond0": {"ens160", "ens161"}, "br-ex": {"br-ex", "ens170", "ens171", "ovsbond"}, "vrf1": {"ens180"},
				"br0": {"ens190"}, "br-ref": {"{{ capture.old.interfaces.0.bridge }}"},
			},
			Interfaces: []string{"bond0", "br-ex", "br-ref", "ens190", "v7", "vrf1"},
			Absent:     []string{"br-old"},
			Types: map[string]string{
				"bond0": "bond", "br-ex": "ovs-bridge", "vrf1": "vrf", "ens190": "ethernet", "v7": "vlan", "br-ref": "linux-bridge",
			},
			VLANs: map[string]VLAN{"v7": {ID: 7}},
		}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := Foreign([]byte(tc.state))
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range []*map[string][]string{&tc.want.Bridges} {
				if *m == nil {
					*m = map[string][]string{}
				}
			}
			if tc.want.Types == nil {
				tc.want.Types = map[string]string{}
			}
			if tc.want.VLANs == nil {
				tc.want.VLANs = map[string]VLAN{}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	for _, wrong := range []string{"{", "[]", `"{{ capture }}"`, "7"} {
		if _, err := Foreign([]byte(wrong)); err == nil {
			t.Errorf("Foreign(%s) did not fail", wrong)
		}
	}
}

func TestConcerns(t *testing.T) {
	mgmt := tagged("br-mgmt", "ens160", 100)
	lan := untagged("br-lan", "ens160")
	cases := []struct {
		name   string
		policy string
		want   Wanted
		use    Use
		says   string
	}{
		{"another network", mgmtPolicy, untagged("br-lan", "ens161"), UseNone, ""},
		{"the same NIC, untagged", mgmtPolicy, lan, UseNone, ""},
		{"the very bridge", mgmtPolicy, mgmt, UseAdopts, ""},
		{"the very bridge without its VLAN interface", `{interfaces: [{name: br-mgmt, type: linux-bridge, state: up, bridge: {port: [{name: ens160.100}]}}]}`, mgmt, UseAdopts, ""},
		{"the very bridge with a second NIC", `{interfaces: [{name: br-lan, bridge: {port: [{name: ens161}, {name: ens160}]}}]}`, lan, UseAdopts, ""},
		{"the port names the bridge", `{interfaces: [{name: ens160, type: ethernet, state: up, controller: br-lan}]}`, lan, UseAdopts, ""},
		{"the very OVS bridge", `{interfaces: [{name: br-lan, type: ovs-interface}, {name: br-lan, type: ovs-bridge, bridge: {port: [{name: ens160}, {name: br-lan}]}}]}`, lan.ovs(), UseAdopts, ""},
		{"a port from a capture", movePolicy, untagged("br1", "ens160"), UseAdopts, ""},
		{"a port from a capture in another bridge", movePolicy, lan, UseNone, ""},
		{"a bridge from a capture", mixedPolicy, untagged("br-ref", "ens165"), UseAdopts, ""},
		{"the NIC is only named", `{interfaces: [{name: ens160, type: ethernet, state: up, mtu: 9000}]}`, lan, UseNone, ""},
		{"the VLAN interface alone", `{interfaces: [{name: ens160.100, type: vlan, vlan: {base-iface: ens160, id: 100}}]}`, mgmt, UseNone, ""},
		{"the VLAN interface's MTU alone", `{interfaces: [{name: ens160.100, mtu: 1400}]}`, mgmt, UseNone, ""},

		{"the bridge with another port", mgmtPolicy, untagged("br-mgmt", "ens161"), UseConflicts, "makes bridge br-mgmt with the port ens160.100, not ens161: choose another bridgeName"},
		{"the bridge with no port", `{interfaces: [{name: br-lan, type: linux-bridge, bridge: {port: []}}]}`, lan, UseConflicts, "no NIC as a port, not ens160"},
		{"the bridge without a list of ports", `{interfaces: [{name: br-lan, type: linux-bridge, mtu: 9000}]}`, lan, UseConflicts, "without saying what its ports are"},
		{"the bridge of another type", mgmtPolicy, mgmt.ovs(), UseConflicts, "makes br-mgmt an interface of type linux-bridge, not ovs-bridge"},
		{"the bridge's name is a bond", `{interfaces: [{name: br-lan, link-aggregation: {port: [ens160]}}]}`, lan, UseConflicts, "of type bond"},
		{"the bridge goes", `{interfaces: [{name: br-lan, type: linux-bridge, state: absent}]}`, lan, UseConflicts, "removes br-lan (state: absent)"},
		{"the VLAN interface goes", `{interfaces: [{name: ens160.100, state: absent}]}`, mgmt, UseConflicts, "removes ens160.100"},
		{"the VLAN interface of others goes", `{interfaces: [{name: ens160.100, state: absent}]}`, lan, UseNone, ""},
		{"the NIC goes", `{interfaces: [{name: ens160, type: ethernet, state: absent}]}`, mgmt, UseConflicts, "removes ens160"},
		{"the NIC is in another bridge", `{interfaces: [{name: br0, type: linux-bridge, bridge: {port: [{name: ens160}]}}]}`, lan, UseConflicts, "makes ens160 a port of br0"},
		{"the NIC is in another bridge and OVS is wanted", `{interfaces: [{name: br0, type: linux-bridge, bridge: {port: [{name: ens160}]}}]}`, lan.ovs(), UseConflicts, "bridgeName br0"},
		{"the NIC is in another bridge and a VLAN is wanted", `{interfaces: [{name: br0, type: linux-bridge, bridge: {port: [{name: ens160}]}}]}`, mgmt, UseNone, ""},
		{"the NIC is in a bond", mixedPolicy, lan, UseConflicts, "makes ens160 a port of bond0"},
		{"the NIC is in the bond of an OVS bridge", mixedPolicy, untagged("br-lan", "ens170"), UseConflicts, "makes ens170 a port of br-ex"},
		{"the NIC names another bridge", mixedPolicy, untagged("br-lan", "ens190"), UseConflicts, "makes ens190 a port of br0"},
		{"the VLAN interface is in another bridge", mgmtPolicy, tagged("br-lan", "ens160", 100), UseConflicts, "makes ens160.100 a port of br-mgmt"},
		{"the VLAN interface is a dummy", `{interfaces: [{name: ens160.100, type: dummy}]}`, mgmt, UseConflicts, "makes ens160.100 an interface of type dummy, not VLAN 100 of ens160"},
		{"the VLAN interface is another VLAN", `{interfaces: [{name: ens160.100, type: vlan, vlan: {base-iface: ens160, id: 200}}]}`, mgmt, UseConflicts, "makes ens160.100 VLAN 200 of ens160"},
		{"the VLAN interface is on another NIC", `{interfaces: [{name: ens160.100, type: vlan, vlan: {base-iface: ens161, id: "{{ capture.id }}"}}]}`, mgmt, UseConflicts, "makes ens160.100 a VLAN of ens161"},
		{"the VLAN has another name", `{interfaces: [{name: v100, type: vlan, vlan: {base-iface: ens160, id: 100}}]}`, mgmt, UseConflicts, "makes VLAN 100 of ens160 as v100"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			intent, err := Foreign([]byte(tc.policy))
			if err != nil {
				t.Fatal(err)
			}
			got := intent.Concerns(tc.want)
			if got.Use != tc.use || !strings.Contains(got.Text, tc.says) {
				t.Errorf("got %+v, want %s %q", got, tc.use, tc.says)
			}
			if (got.Text != "") != (got.Use == UseConflicts) {
				t.Errorf("a conflict, and nothing else, has a text: %+v", got)
			}
		})
	}
}
