// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package hostnet

import (
	"encoding/json"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab/nmstate/host"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// byValue lets cmp look at addresses.
var byValue = cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })

func prefixes(texts ...string) []netip.Prefix {
	var list []netip.Prefix
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

func testdata(t testing.TB) []byte {
	t.Helper()
	raw, err := os.ReadFile("testdata/node.json")
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestParse(t *testing.T) {
	raw := testdata(t)
	want := Network{
		DefaultRoutes: []string{"bond0", "bond0.200"},
		Routed:        []string{"bond0", "bond0.200", "br-ex"},
		Interfaces: map[string]Interface{
			"bond0": {Name: "bond0", Type: "bond", State: "up", MAC: "52:54:00:00:00:10", MTU: 9000, DHCP: true,
				Addresses: prefixes("10.0.0.5/24", "2001:db8::5/64"), Ports: []string{"ens160", "ens161"}},
			"bond0.100": {Name: "bond0.100", Type: "vlan", State: "up", MAC: "52:54:00:00:00:10", MTU: 1500,
				Controller: "br-v100", VLANBase: "bond0", VLANID: 100},
			"br-v100": {Name: "br-v100", Type: "linux-bridge", State: "up", MAC: "52:54:00:00:00:10", MTU: 1500,
				Ports: []string{"bond0.100", "veth1234"}},
			// The bridge, with what only its internal interface has.
			"br-ex": {Name: "br-ex", Type: "ovs-bridge", State: "up", MAC: "52:54:00:00:00:20", MTU: 1400,
				Addresses: prefixes("192.168.9.1/24"), Ports: []string{"br-ex", "ens170", "ens171", "ovsbond"}},
			"ens160": {Name: "ens160", Type: "ethernet", State: "up", MAC: "52:54:00:00:00:10", MTU: 9000, Controller: "bond0"},
			// Only the bond says so.
			"ens161": {Name: "ens161", Type: "ethernet", State: "up", MAC: "52:54:00:00:00:11", MTU: 9000, Controller: "bond0"},
			"ens170": {Name: "ens170", Type: "ethernet", State: "up", MTU: 1500, Controller: "br-ex"},
			"ens171": {Name: "ens171", Type: "ethernet", State: "down", MTU: 1500, Controller: "br-ex"},
			"ens172": {Name: "ens172", Type: "ethernet", State: "ignore", MTU: 1500},
			"lo":     {Name: "lo", Type: "loopback", State: "up", MTU: 65536, Addresses: prefixes("127.0.0.1/8")},
		},
	}
	asYAML, err := yaml.JSONToYAML(raw)
	if err != nil {
		t.Fatal(err)
	}
	trimmed, err := Trim(raw)
	if err != nil {
		t.Fatal(err)
	}
	for name, document := range map[string][]byte{"JSON": raw, "YAML": asYAML, "trimmed": trimmed} {
		got, err := Parse(document)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got, byValue); diff != "" {
			t.Errorf("%s, -want +got:\n%s", name, diff)
		}
	}
}

func TestTrimHoldsLittle(t *testing.T) {
	raw := testdata(t)
	trimmed, err := Trim(raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, left := range []string{"dns", "hostname", "options", "ethernet\":{", "valid-left", "10.0.0.0/24", "protocol", "metric"} {
		if strings.Contains(string(trimmed), left) {
			t.Errorf("%s is still there:\n%s", left, trimmed)
		}
	}
	again, err := Trim(trimmed)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(trimmed), string(again)); diff != "" {
		t.Errorf("trimming twice differs:\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	cases := map[string]struct{ state, want string }{
		"nothing":          {"", "names no interface"},
		"no interfaces":    {`{"interfaces":[]}`, "names no interface"},
		"only nameless":    {`{"interfaces":[{"type":"ethernet"}, null]}`, "names no interface"},
		"a list":           {`[]`, "reading the network state"},
		"not YAML":         {"{", "reading the network state"},
		"a wrong kind":     {`{"interfaces":[{"name":"ens160","mtu":"large"}]}`, "reading the network state"},
		"not an address":   {`{"interfaces":[{"name":"ens160","ipv4":{"enabled":true,"address":[{"ip":"10.0.0","prefix-length":24}]}}]}`, "address of interface ens160"},
		"a long prefix":    {`{"interfaces":[{"name":"ens160","ipv4":{"enabled":true,"address":[{"ip":"10.0.0.1","prefix-length":33}]}}]}`, "10.0.0.1 has no prefix of 33 bits"},
		"a strange member": {`{"interfaces":[{"name":"bond0","link-aggregation":{"port":[[]]}}]}`, "port of a bond"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse([]byte(tc.state)); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Parse: got %v, want %q", err, tc.want)
			}
			if _, err := Trim([]byte(tc.state)); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Trim: got %v, want %q", err, tc.want)
			}
		})
	}
}

// labNode is a node of the lab: eno1 has its address and default route, ens160 and ens161 are free.
func labNode(t *testing.T, s host.State) Node {
	t.Helper()
	raw, err := json.Marshal(s.Show())
	if err != nil {
		t.Fatal(err)
	}
	n, err := Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return Node{Name: "n1", InternalIPs: []netip.Addr{netip.MustParseAddr(s.Address)}, Network: n}
}

func wantedOf(b nncp.Bridge) Wanted {
	return Wanted{Name: b.Name, Type: b.Type, NIC: b.Uplink, VLANID: b.VLANID, MTU: b.MTU, Port: b.Port()}
}

// What Check lets pass, the lab's nodes take, and afterwards it is there; what it refuses, they would lose or refuse.
func TestCheckAgainstLab(t *testing.T) {
	fresh := host.New("eno1", "10.0.0.11/24", "10.0.0.1", "ens160", "ens161")
	linux, ovs := vmv1alpha1.BridgeTypeLinux, vmv1alpha1.BridgeTypeOVS
	cases := map[string]struct {
		bridge nncp.Bridge
		before []string // reasons
		hostIP bool
	}{
		"untagged":            {bridge: nncp.Bridge{Name: "br-lan", Type: linux, Uplink: "ens160"}},
		"VLAN":                {bridge: nncp.Bridge{Name: "br-v100", Type: linux, Uplink: "ens160", VLANID: 100, MTU: 1400}},
		"OVS":                 {bridge: nncp.Bridge{Name: "ovs0", Type: ovs, Uplink: "ens161"}},
		"OVS over a VLAN":     {bridge: nncp.Bridge{Name: "ovs0", Type: ovs, Uplink: "eno1", VLANID: 7}, hostIP: true},
		"VLAN of the node's":  {bridge: nncp.Bridge{Name: "br-v100", Type: linux, Uplink: "eno1", VLANID: 100}, hostIP: true},
		"the node's NIC":      {bridge: nncp.Bridge{Name: "br-lan", Type: linux, Uplink: "eno1"}, before: reasons(atRisk), hostIP: true},
		"OVS on the node's":   {bridge: nncp.Bridge{Name: "ovs0", Type: ovs, Uplink: "eno1"}, before: reasons(atRisk), hostIP: true},
		"no such NIC":         {bridge: nncp.Bridge{Name: "br-lan", Type: linux, Uplink: "ens999"}, before: reasons(nicMissing)},
		"too large for a NIC": {bridge: nncp.Bridge{Name: "br-v100", Type: linux, Uplink: "ens160", VLANID: 100, MTU: 9000}, before: reasons(mtuTooBig)},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			want := wantedOf(tc.bridge)
			before := Check(labNode(t, fresh), want)
			var found []string
			for _, f := range before.Findings {
				found = append(found, f.Reason)
			}
			if diff := cmp.Diff(tc.before, found); diff != "" || before.Exists || before.HostIP != tc.hostIP {
				t.Fatalf("before: %+v\n%s", before, diff)
			}
			policy, err := nncp.Present("p", tc.bridge, 0)
			if err != nil {
				t.Fatal(err)
			}
			next, err := host.Apply(fresh, policy.Spec.DesiredState.Raw)
			if (err == nil) != (tc.before == nil) {
				t.Fatalf("the node says %v and Check says %v", err, found)
			}
			if err != nil {
				return
			}
			after := Check(labNode(t, next), want)
			if !after.Exists || len(after.Findings) > 0 {
				t.Errorf("after: %+v", after)
			}
			// The same NIC and VLAN in a second bridge is what NMState itself would not refuse.
			second := want
			second.Name = "br-second"
			if got := Check(labNode(t, next), second); len(got.Findings) != 1 || got.Exists {
				t.Errorf("a second bridge: %+v", got)
			}
		})
	}
}

// Moving the node's address leaves it on the bridge, where it is at no risk.
func TestCheckAfterMove(t *testing.T) {
	fresh := host.New("eno1", "10.0.0.11/24", "10.0.0.1")
	want := untagged("br1", "eno1").moving()
	if got := Check(labNode(t, fresh), want); !got.Moves || !got.HostIP || len(got.Findings) > 0 {
		t.Errorf("before: %+v", got)
	}
	next, err := host.Apply(fresh, []byte(`{interfaces: [{name: br1, type: linux-bridge, state: up, ipv4: {enabled: true, dhcp: true}, bridge: {port: [{name: eno1}]}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []Wanted{want, untagged("br1", "eno1")} {
		if got := Check(labNode(t, next), w); !got.Exists || got.Moves || got.HostIP || len(got.Findings) > 0 {
			t.Errorf("after: %+v", got)
		}
	}
}
