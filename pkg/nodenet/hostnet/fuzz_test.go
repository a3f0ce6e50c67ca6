// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package hostnet

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// Whatever a node reports, reading it does not panic, trimming it loses nothing, and a look at it twice is the same.
func FuzzParse(f *testing.F) {
	f.Add(testdata(f), "br-v100", "bond0", int32(100), uint8(0))
	for _, row := range checkRows {
		f.Add([]byte(yamlState(row.interfaces, row.routes)), row.want.Name, row.want.NIC, row.want.VLANID, uint8(1))
	}
	for _, odd := range []string{"", "null", "[]", "{", `{"interfaces":[null,{"name":"a","ipv4":null,"bridge":{"port":[null]}}]}`,
		`{"interfaces":[{"name":"a","type":"ovs-bridge","bridge":{"port":[{"name":"a"}]}},{"name":"a"}]}`, "a: &a [*a]", "\xff"} {
		f.Add([]byte(odd), "a", "a", int32(-1), uint8(2))
	}
	f.Fuzz(func(t *testing.T, raw []byte, bridge, nic string, id int32, flags uint8) {
		network, err := Parse(raw)
		trimmed, trimErr := Trim(raw)
		if (err == nil) != (trimErr == nil) {
			t.Fatalf("Parse says %v and Trim says %v", err, trimErr)
		}
		if err != nil {
			return
		}
		again, err := Parse(trimmed)
		if err != nil {
			t.Fatalf("parsing what was trimmed: %v\n%s", err, trimmed)
		}
		if diff := cmp.Diff(network, again, byValue); diff != "" {
			t.Fatalf("trimming lost something, -before +after:\n%s", diff)
		}
		want := Wanted{Name: bridge, Type: vmv1alpha1.BridgeTypeLinux, NIC: nic, VLANID: id, MTU: id, Port: nic, MoveHostIP: flags&1 != 0}
		if flags&2 != 0 {
			want.Type = vmv1alpha1.BridgeTypeOVS
		}
		if flags&4 != 0 {
			want.Port = nic + ".100"
		}
		node := Node{Name: "n1", InternalIPs: []netip.Addr{netip.MustParseAddr("10.0.0.11"), {}}, Network: network}
		verdict := Check(node, want)
		node.Network = again
		if diff := cmp.Diff(verdict, Check(node, want)); diff != "" {
			t.Fatalf("a second look differs:\n%s", diff)
		}
		// The promise: a NIC is not taken while it carries the node, unless somebody said so.
		if verdict.HostIP && want.takesNIC() && !want.MoveHostIP && network.Interfaces[nic].Controller != bridge && len(verdict.Findings) == 0 {
			t.Fatalf("%+v may take %s from the node: %+v", want, nic, network)
		}
	})
}

// Whatever a policy says, reading it does not panic, and its answer has a text where a person needs one.
func FuzzForeign(f *testing.F) {
	for _, policy := range []string{mgmtPolicy, movePolicy, mixedPolicy, "", "null", "{", `{"interfaces":{"name":7}}`,
		`{"interfaces":[{"name":7,"state":[],"bridge":{"port":{"name":[]}},"vlan":{"id":1e99}}]}`} {
		f.Add([]byte(policy), "br-mgmt", "ens160", int32(100))
	}
	f.Fuzz(func(t *testing.T, raw []byte, bridge, nic string, id int32) {
		intent, err := Foreign(raw)
		if err != nil {
			return
		}
		want := Wanted{Name: bridge, Type: vmv1alpha1.BridgeTypeLinux, NIC: nic, VLANID: id, Port: nic + ".100"}
		got := intent.Concerns(want)
		if (got.Text != "") != (got.Use == UseConflicts) {
			t.Fatalf("a conflict, and nothing else, has a text: %+v", got)
		}
		if got != intent.Concerns(want) {
			t.Fatal("a second look differs")
		}
	})
}
