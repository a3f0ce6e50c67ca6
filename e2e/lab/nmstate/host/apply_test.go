// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const vlanBridge = `
interfaces:
- {name: ens160.100, type: vlan, state: up, vlan: {base-iface: ens160, id: 100}, ipv4: {enabled: false}, ipv6: {enabled: false}}
- name: br-v100
  type: linux-bridge
  state: up
  ipv4: {enabled: false}
  ipv6: {enabled: false}
  bridge: {options: {stp: {enabled: false}}, port: [{name: ens160.100, vlan: {}}]}
`

const plainBridge = `
interfaces:
- name: br-lan
  type: linux-bridge
  state: up
  bridge: {options: {stp: {enabled: false}}, port: [{name: ens161}]}
`

func freshNode() State {
	return New("eno1", "10.0.0.11/24", "10.0.0.1", "ens160", "ens161", "enp175s0f0np0")
}

// summary is what a reader compares: name, type, controller, ports, addresses.
func summary(state State) map[string]string {
	view := map[string]string{}
	for _, link := range state.List() {
		text := link.Type + " " + link.State
		if link.Controller != "" {
			text += " in " + link.Controller
		}
		if len(link.Ports) > 0 {
			text += " holds " + strings.Join(link.PortNames(), ",")
		}
		if link.VLAN != nil {
			text += " over " + link.VLAN.Base
		}
		if link.HasAddress() {
			text += " at " + strings.Join(append(link.IPv4.Addresses, link.IPv6.Addresses...), ",")
		}
		view[link.Name] = text
	}
	return view
}

func TestApply(t *testing.T) {
	base := map[string]string{
		"eno1":          "ethernet up at 10.0.0.11/24",
		"ens160":        "ethernet up",
		"ens161":        "ethernet up",
		"enp175s0f0np0": "ethernet up",
	}
	with := func(changes map[string]string) map[string]string {
		view := map[string]string{}
		maps.Copy(view, base)
		maps.Copy(view, changes)
		return view
	}
	cases := map[string]struct {
		reason string
		states []string
		want   map[string]string
	}{
		"VLANUplink": {
			reason: "a VLAN interface becomes the only port and its NIC keeps everything",
			states: []string{vlanBridge},
			want: with(map[string]string{
				"ens160.100": "vlan up in br-v100 over ens160", "br-v100": "linux-bridge up holds ens160.100",
			}),
		},
		"VLANOnManagementNIC": {
			reason: "a VLAN interface on the NIC with the node's address is always fine",
			states: []string{strings.ReplaceAll(vlanBridge, "ens160", "eno1")},
			want: with(map[string]string{
				"eno1.100": "vlan up in br-v100 over eno1", "br-v100": "linux-bridge up holds eno1.100",
			}),
		},
		"Partial": {
			reason: "what a policy does not name stays",
			states: []string{vlanBridge, plainBridge},
			want: with(map[string]string{
				"ens160.100": "vlan up in br-v100 over ens160", "br-v100": "linux-bridge up holds ens160.100",
				"br-lan": "linux-bridge up holds ens161", "ens161": "ethernet up in br-lan",
			}),
		},
		"PortsOverride": {
			reason: "a stated port list replaces the old one; the freed NIC stays up without an address",
			states: []string{plainBridge, `{interfaces: [{name: br-lan, type: linux-bridge, state: up, bridge: {port: [{name: enp175s0f0np0}]}}]}`},
			want: with(map[string]string{
				"br-lan": "linux-bridge up holds enp175s0f0np0", "enp175s0f0np0": "ethernet up in br-lan",
			}),
		},
		"PortsOmitted": {
			reason: "without a port list the ports are left alone",
			states: []string{plainBridge, `{interfaces: [{name: br-lan, type: linux-bridge, state: up, mtu: 9000}]}`},
			want: with(map[string]string{
				"br-lan": "linux-bridge up holds ens161", "ens161": "ethernet up in br-lan",
			}),
		},
		"LastBridgeWins": {
			reason: "a NIC that another bridge holds moves without a word",
			states: []string{plainBridge, strings.ReplaceAll(plainBridge, "br-lan", "br-other")},
			want: with(map[string]string{
				"br-lan": "linux-bridge up", "br-other": "linux-bridge up holds ens161", "ens161": "ethernet up in br-other",
			}),
		},
		"Teardown": {
			reason: "absent removes bridge and VLAN; doing it twice is fine",
			states: []string{vlanBridge,
				`{interfaces: [{name: br-v100, type: linux-bridge, state: absent}, {name: ens160.100, type: vlan, state: absent}]}`,
				`{interfaces: [{name: br-v100, type: linux-bridge, state: absent}, {name: ens160.100, type: vlan, state: absent}]}`},
			want: base,
		},
		"TeardownOfBridgeOnNIC": {
			reason: "the NIC of a removed bridge stays up, without an address",
			states: []string{plainBridge, `{interfaces: [{name: br-lan, type: linux-bridge, state: absent}]}`},
			want:   base,
		},
		"MoveAddressByDHCP": {
			reason: "a bridge over the management NIC that asks for DHCP gets the node's address and its default route",
			states: []string{`{interfaces: [{name: br1, type: linux-bridge, state: up, ipv4: {enabled: true, dhcp: true}, bridge: {port: [{name: eno1}]}}]}`},
			want: with(map[string]string{
				"eno1": "ethernet up in br1", "br1": "linux-bridge up holds eno1 at 10.0.0.11/24",
			}),
		},
		"OVS": {
			reason: "both spellings of the STP option of an OVS bridge are taken",
			states: []string{
				`{interfaces: [{name: ovs0, type: ovs-bridge, state: up, bridge: {options: {stp: false}, port: [{name: ens160}]}}]}`,
				`{interfaces: [{name: ovs0, type: ovs-bridge, state: up, bridge: {options: {stp: {enabled: false}}, port: [{name: ens160}]}}]}`},
			want: with(map[string]string{"ovs0": "ovs-bridge up holds ens160", "ens160": "ethernet up in ovs0"}),
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			state := freshNode()
			for _, document := range tc.states {
				next, err := Apply(state, []byte(document))
				if err != nil {
					t.Fatalf("%s\nApply: %v", tc.reason, err)
				}
				state = next
			}
			if diff := cmp.Diff(tc.want, summary(state)); diff != "" {
				t.Errorf("%s\n-want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestApplyRefuses(t *testing.T) {
	cases := map[string]struct {
		reason string
		first  string
		state  string
		want   string
	}{
		"UnknownPort": {
			reason: "a NIC that the node does not have",
			state:  strings.ReplaceAll(plainBridge, "ens161", "ens999"),
			want:   "NmstateError: InvalidArgument: Controller interface br-lan is holding unknown port ens999",
		},
		"UnknownBase": {
			reason: "a VLAN over nothing",
			state:  strings.ReplaceAll(vlanBridge, "base-iface: ens160", "base-iface: ens999"),
			want:   "base interface ens999 does not exist",
		},
		"LongName": {
			reason: "NetworkManager refuses 16 bytes",
			state:  strings.ReplaceAll(plainBridge, "br-lan", "br-sixteen-bytes"),
			want:   "interface name is longer than 15 characters",
		},
		"UnknownKey": {
			reason: "a typing error inside an interface",
			state:  `{interfaces: [{name: br-lan, type: linux-bridge, state: up, bridge: {ports: []}}]}`,
			want:   `Interface br-lan: unknown field`,
		},
		"AddressOnPort": {
			reason: "a port cannot carry an address",
			state:  plainBridge + "- {name: ens161, type: ethernet, state: up, ipv4: {enabled: true, dhcp: true}}\n",
			want:   "cannot have IP enabled as it is attached to a controller where IP is not allowed",
		},
		"NoType": {
			reason: "a new interface needs a type",
			state:  `{interfaces: [{name: br9, state: up}]}`,
			want:   "Failed to find unknown type interface br9",
		},
		"SamePortTwice": {
			reason: "two bridges of one state want one NIC",
			state:  plainBridge + "- {name: br2, type: linux-bridge, state: up, bridge: {port: [{name: ens161}]}}\n",
			want:   "held by more than one controller",
		},
		"SameVLANTwice": {
			reason: "the kernel knows each VLAN of a NIC once",
			first:  vlanBridge,
			state:  `{interfaces: [{name: v100, type: vlan, state: up, vlan: {base-iface: ens160, id: 100}}]}`,
			want:   "File exists",
		},
		"VLANLargerThanBase": {
			reason: "a VLAN cannot have a larger MTU than its NIC",
			state:  `{interfaces: [{name: v1, type: vlan, state: up, mtu: 9000, vlan: {base-iface: ens160, id: 1}}]}`,
			want:   "VerificationError",
		},
		"OVSWithMAC": {
			reason: "an OVS bridge has no MAC address of its own",
			state:  `{interfaces: [{name: ovs0, type: ovs-bridge, state: up, mac-address: "02:00:00:00:00:01"}]}`,
			want:   "cannot hold mac-address",
		},
		"BridgeOverManagementNIC": {
			reason: "taking the NIC with the default route cuts the node off",
			state:  strings.ReplaceAll(plainBridge, "ens161", "eno1"),
			want:   "failed runnig probe 'ping'",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			before := freshNode()
			if tc.first != "" {
				state, err := Apply(before, []byte(tc.first))
				if err != nil {
					t.Fatalf("prepare: %v", err)
				}
				before = state
			}
			after, err := Apply(before, []byte(tc.state))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s\nerror is %v, want %q", tc.reason, err, tc.want)
			}
			if diff := cmp.Diff(summary(before), summary(after)); diff != "" {
				t.Errorf("%s\nthe node changed, -before +after:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestUnreachableIsTold(t *testing.T) {
	_, err := Apply(freshNode(), []byte(strings.ReplaceAll(plainBridge, "ens161", "eno1")))
	if _, is := errors.AsType[*UnreachableError](err); !is {
		t.Errorf("error is %T, want *UnreachableError", err)
	}
}
