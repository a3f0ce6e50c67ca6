// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package children_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/naming"
	"github.com/novasphere/wukong/pkg/render/children"
)

const (
	uid    = "4f2b6c8e-0000-4000-8000-000000000000"
	uplink = "ens160"
)

// claim returns a claim on a Linux bridge, as the change says.
func claim(name string, change func(*vmv1alpha1.WukongNodeBridgeSpec)) *vmv1alpha1.WukongNodeBridgeSpec {
	spec := &vmv1alpha1.WukongNodeBridgeSpec{Network: "lan", BridgeName: vmv1alpha1.InterfaceName(name), Type: vmv1alpha1.BridgeTypeLinux, Uplink: uplink}
	if change != nil {
		change(spec)
	}
	return spec
}

// of returns the children of a Wukong in the namespace team.
func of(spec *vmv1alpha1.WukongSpec, defaultUplink string) []children.Child {
	return children.Of(&vmv1alpha1.Wukong{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "vm", UID: uid}, Spec: *spec}, defaultUplink)
}

func TestOf(t *testing.T) {
	for _, row := range []struct {
		name       string
		network    vmv1alpha1.Network
		attachment vmv1alpha1.WukongNetworkSpec
		bridge     *vmv1alpha1.WukongNodeBridgeSpec
		// defaulted tells that the NIC is the operator's default.
		defaulted bool
	}{
		{"no type is a bridge", vmv1alpha1.Network{},
			vmv1alpha1.WukongNetworkSpec{Type: "bridge", BridgeName: "br-lan", Uplink: uplink, Segment: "ens160/0"}, claim("br-lan", nil), true},
		{"bridge with a name", vmv1alpha1.Network{Type: "bridge", BridgeName: "br-mgmt"},
			vmv1alpha1.WukongNetworkSpec{Type: "bridge", BridgeName: "br-mgmt", Uplink: uplink, Segment: "ens160/0"}, claim("br-mgmt", nil), true},
		{"bridge with a VLAN: the claim tags, not the attachment", vmv1alpha1.Network{Type: "bridge", VLANID: new(int32(100))},
			vmv1alpha1.WukongNetworkSpec{Type: "bridge", BridgeName: "br-lan", Uplink: uplink, Segment: "ens160/100"},
			claim("br-lan", func(c *vmv1alpha1.WukongNodeBridgeSpec) { c.VLANID = 100 }), true},
		{"the other spelling of the VLAN", vmv1alpha1.Network{Type: "bridge", VLANIDAlias: new(int32(100))},
			vmv1alpha1.WukongNetworkSpec{Type: "bridge", BridgeName: "br-lan", Uplink: uplink, Segment: "ens160/100"},
			claim("br-lan", func(c *vmv1alpha1.WukongNodeBridgeSpec) { c.VLANID = 100 }), true},
		{"bridge with uplink and MTU", vmv1alpha1.Network{Type: "bridge", Uplink: "ens161", MTU: new(int32(9000))},
			vmv1alpha1.WukongNetworkSpec{Type: "bridge", BridgeName: "br-lan", MTU: 9000, Uplink: "ens161", Segment: "ens161/0"},
			claim("br-lan", func(c *vmv1alpha1.WukongNodeBridgeSpec) { c.Uplink, c.MTU = "ens161", 9000 }), false},
		{"ovs: the attachment tags, and the claim only tells of it", vmv1alpha1.Network{Type: "ovs", BridgeName: "ovs-lan", VLANID: new(int32(100)), MTU: new(int32(1400))},
			vmv1alpha1.WukongNetworkSpec{Type: "ovs", BridgeName: "ovs-lan", VLANID: 100, MTU: 1400, Uplink: uplink, Segment: "ens160/100"},
			claim("ovs-lan", func(c *vmv1alpha1.WukongNodeBridgeSpec) { c.Type, c.MTU, c.Tag = vmv1alpha1.BridgeTypeOVS, 1400, 100 }), true},
		{"macvlan on the NIC that bridgeName names", vmv1alpha1.Network{Type: "macvlan", BridgeName: "ens161"},
			vmv1alpha1.WukongNetworkSpec{Type: "macvlan", BridgeName: "ens161", Uplink: "ens161", Segment: "ens161/0"}, nil, false},
		{"macvlan on a VLAN interface", vmv1alpha1.Network{Type: "macvlan", BridgeName: "ens161.100"},
			vmv1alpha1.WukongNetworkSpec{Type: "macvlan", BridgeName: "ens161.100", Uplink: "ens161.100", Segment: "ens161/100"}, nil, false},
		{"macvlan on a NIC with a dot in its name", vmv1alpha1.Network{Type: "macvlan", BridgeName: "ens161.4095"},
			vmv1alpha1.WukongNetworkSpec{Type: "macvlan", BridgeName: "ens161.4095", Uplink: "ens161.4095", Segment: "ens161.4095/0"}, nil, false},
		{"macvlan on its uplink", vmv1alpha1.Network{Type: "macvlan", Uplink: "ens162"},
			vmv1alpha1.WukongNetworkSpec{Type: "macvlan", BridgeName: "ens162", Uplink: "ens162", Segment: "ens162/0"}, nil, false},
		{"ipvlan on the default uplink", vmv1alpha1.Network{Type: "ipvlan", MTU: new(int32(1400))},
			vmv1alpha1.WukongNetworkSpec{Type: "ipvlan", BridgeName: uplink, MTU: 1400, Uplink: uplink, Segment: "ens160/0"}, nil, true},
		{"sriov", vmv1alpha1.Network{Type: "sriov", BridgeName: "openshift.io/nic", VLANID: new(int32(7))},
			vmv1alpha1.WukongNetworkSpec{Type: "sriov", BridgeName: "openshift.io/nic", VLANID: 7, Segment: "sriov:openshift.io/nic/7"}, nil, false},
		{"an existing attachment", vmv1alpha1.Network{NADName: "networks/lan"},
			vmv1alpha1.WukongNetworkSpec{Type: "bridge", NADName: "networks/lan", Segment: "nad:networks/lan"}, nil, false},
		{"an existing attachment of a type", vmv1alpha1.Network{Type: "sriov", NADName: "lan"},
			vmv1alpha1.WukongNetworkSpec{Type: "sriov", NADName: "lan", Segment: "nad:team/lan"}, nil, false},
		{"a declared MAC address in lower case", vmv1alpha1.Network{Type: "macvlan", MACAddress: "02:00:5E:AB:CD:EF"},
			vmv1alpha1.WukongNetworkSpec{Type: "macvlan", BridgeName: uplink, MACAddress: "02:00:5e:ab:cd:ef", Uplink: uplink, Segment: "ens160/0"}, nil, true},
		{"addresses", vmv1alpha1.Network{Type: "macvlan", IPConfig: &vmv1alpha1.IPConfig{
			Mode: "static", Address: "10.0.0.2/24", Addresses: []vmv1alpha1.InterfaceAddress{"2001:db8::2/64"}, Gateway: "10.0.0.1",
		}}, vmv1alpha1.WukongNetworkSpec{
			Type: "macvlan", BridgeName: uplink, Addresses: []string{"10.0.0.2/24", "2001:db8::2/64"}, Gateways: []string{"10.0.0.1"},
			Uplink: uplink, Segment: "ens160/0",
		}, nil, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.network.Name = "lan"
			row.attachment.Network = "lan"
			if row.attachment.MACAddress == "" {
				row.attachment.MACAddress = naming.MACAddress(uid, "lan")
			}
			got := of(&vmv1alpha1.WukongSpec{Networks: []vmv1alpha1.Network{row.network}}, uplink)
			want := []children.Child{{Network: "lan", Attachment: row.attachment, NodeBridge: row.bridge, UplinkDefaulted: row.defaulted}}
			if difference := cmp.Diff(want, got); difference != "" {
				t.Errorf("-want +got:\n%s", difference)
			}
		})
	}
}

func TestPodNetworkHasNoChildren(t *testing.T) {
	spec := &vmv1alpha1.WukongSpec{Networks: []vmv1alpha1.Network{
		{Name: "default", Type: "bridge"}, {Name: "b"}, {Name: "cluster", Type: "pod"}, {Name: "a", Type: "macvlan"},
	}}
	var names []string
	for _, child := range of(spec, uplink) {
		names = append(names, child.Network)
	}
	if got := strings.Join(names, " "); got != "b a" {
		t.Errorf("got children for %q, want them for b and a in this order", got)
	}
	if got := of(&vmv1alpha1.WukongSpec{}, uplink); got != nil {
		t.Errorf("got %v for a machine without networks", got)
	}
}

func TestRevision(t *testing.T) {
	base := vmv1alpha1.Network{Name: "lan", Type: "bridge"}
	first := revision(t, base)
	for name, change := range map[string]func(*vmv1alpha1.Network){
		"address":                        func(n *vmv1alpha1.Network) { n.IPConfig = &vmv1alpha1.IPConfig{Mode: "static", Address: "10.0.0.2/24"} },
		"MAC address":                    func(n *vmv1alpha1.Network) { n.MACAddress = "02:00:00:00:00:01" },
		"the default name of the bridge": func(n *vmv1alpha1.Network) { n.BridgeName = "br-lan" },
	} {
		network := base
		change(&network)
		if got := revision(t, network); got != first {
			t.Errorf("%s: the revision changes, and with it the attachment", name)
		}
	}
	seen := map[string]string{first: "nothing"}
	for name, change := range map[string]func(*vmv1alpha1.Network){
		"type":   func(n *vmv1alpha1.Network) { n.Type = "ovs" },
		"bridge": func(n *vmv1alpha1.Network) { n.BridgeName = "br-other" },
		"VLAN":   func(n *vmv1alpha1.Network) { n.VLANID = new(int32(5)) },
		"uplink": func(n *vmv1alpha1.Network) { n.Uplink = "ens161" },
		"MTU":    func(n *vmv1alpha1.Network) { n.MTU = new(int32(9000)) },
		"NAD":    func(n *vmv1alpha1.Network) { n.NADName = "lan" },
		"name":   func(n *vmv1alpha1.Network) { n.Name, n.BridgeName = "wan", "br-lan" },
	} {
		network := base
		change(&network)
		got := revision(t, network)
		if same, found := seen[got]; found {
			t.Errorf("a change of %s and of %s have one revision", name, same)
		}
		seen[got] = name
	}
}

// A new default is for new networks: nothing that exists is made anew for it.
func TestRevisionDoesNotDependOnTheDefaultUplink(t *testing.T) {
	for _, networkType := range []vmv1alpha1.NetworkType{"bridge", "ovs", "macvlan", "ipvlan"} {
		spec := &vmv1alpha1.WukongSpec{Networks: []vmv1alpha1.Network{{Name: "lan", Type: networkType}}}
		before, err := of(spec, "ens160")[0].Revision()
		if err != nil {
			t.Fatal(err)
		}
		after := of(spec, "eno1")[0]
		if got, _ := after.Revision(); got != before {
			t.Errorf("%s: a new default uplink makes another revision", networkType)
		}
		if got, _ := of(&vmv1alpha1.WukongSpec{Networks: []vmv1alpha1.Network{{Name: "lan", Type: networkType, Uplink: "eno1"}}}, "ens160")[0].Revision(); got == before {
			t.Errorf("%s: a declared uplink makes no other revision", networkType)
		}
		after.Keep(
			&vmv1alpha1.WukongNetwork{Spec: vmv1alpha1.WukongNetworkSpec{BridgeName: "ens160"}},
			&vmv1alpha1.WukongNodeBridge{Spec: vmv1alpha1.WukongNodeBridgeSpec{BridgeName: "br-lan", Uplink: "ens160"}},
		)
		kept := after.Attachment.BridgeName
		if after.NodeBridge != nil {
			kept = string(after.NodeBridge.Uplink)
		}
		if kept != "ens160" {
			t.Errorf("%s: the network moves to %s", networkType, kept)
		}
		if after.Attachment.Uplink != "ens160" || after.Attachment.Segment != "ens160/0" {
			t.Errorf("%s: the network stays, and says it moves to %s, %s", networkType, after.Attachment.Uplink, after.Attachment.Segment)
		}
	}
}

func TestKeepLeavesWhatIsDeclared(t *testing.T) {
	existing := &vmv1alpha1.WukongNodeBridge{Spec: vmv1alpha1.WukongNodeBridgeSpec{BridgeName: "br-lan", Uplink: "ens160"}}
	child := of(&vmv1alpha1.WukongSpec{Networks: []vmv1alpha1.Network{{Name: "lan", Uplink: "eno1"}}}, uplink)[0]
	if child.Keep(nil, existing); child.NodeBridge.Uplink != "eno1" {
		t.Errorf("got %s, want the declared NIC", child.NodeBridge.Uplink)
	}
	child = of(&vmv1alpha1.WukongSpec{Networks: []vmv1alpha1.Network{{Name: "lan"}}}, uplink)[0]
	if child.Keep(nil, nil); child.NodeBridge.Uplink != uplink {
		t.Errorf("got %s, want the default for what is new", child.NodeBridge.Uplink)
	}
}

// TestKeepLeavesAnEarlierClaimWithoutItsTag keeps a claim that was made before claims told the tag: it cannot change.
func TestKeepLeavesAnEarlierClaimWithoutItsTag(t *testing.T) {
	spec := &vmv1alpha1.WukongSpec{Networks: []vmv1alpha1.Network{{Name: "lan", Type: "ovs", VLANID: new(int32(100))}}}
	child := of(spec, uplink)[0]
	existing := *child.NodeBridge
	existing.Tag = 0
	if child.Keep(nil, &vmv1alpha1.WukongNodeBridge{Spec: existing}); child.NodeBridge.Tag != 0 || child.Attachment.VLANID != 100 {
		t.Errorf("got tag %d and VLAN %d, want 0 and 100", child.NodeBridge.Tag, child.Attachment.VLANID)
	}
}

func TestRevisionIsThatOfTheNamedPair(t *testing.T) {
	child := of(&vmv1alpha1.WukongSpec{Networks: []vmv1alpha1.Network{{Name: "lan"}}}, uplink)[0]
	before, err := child.Revision()
	if err != nil {
		t.Fatal(err)
	}
	child.Attachment.NodeBridgeName = "vm-lan"
	if after, _ := child.Revision(); after != before {
		t.Error("the revision depends on the name that is chosen by it")
	}
}

func revision(t *testing.T, network vmv1alpha1.Network) string {
	t.Helper()
	text, err := of(&vmv1alpha1.WukongSpec{Networks: []vmv1alpha1.Network{network}}, uplink)[0].Revision()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Objects of a running cluster carry these: another revision of what did not change would attach every machine anew.
func TestRevisionStaysWhatItWas(t *testing.T) {
	for want, network := range map[string]vmv1alpha1.Network{
		"7a0ac8fea8598863": {
			Type: "bridge", VLANID: new(int32(100)), IPConfig: &vmv1alpha1.IPConfig{Mode: "static", Address: "10.0.0.2/24", Gateway: "10.0.0.1"},
		},
		"7358f657e32bcb60": {Type: "bridge", Uplink: "ens161", BridgeName: "br-x", MTU: new(int32(9000))},
		"c72342456c366849": {Type: "ovs", VLANID: new(int32(100))},
		"7722b89c9b0f2f66": {Type: "macvlan", BridgeName: "ens161.7"},
		"03258d450926724c": {Type: "ipvlan"},
		"1a059c2d9fc8b431": {Type: "sriov", BridgeName: "openshift.io/nic", VLANID: new(int32(7))},
		"095d5dd4f92efe64": {NADName: "networks/lan"},
	} {
		network.Name = "lan"
		if got := revision(t, network); got != want {
			t.Errorf("%s %s: got %s, want %s", network.Type, network.BridgeName, got, want)
		}
	}
}

func TestMeta(t *testing.T) {
	long := strings.Repeat("a", 100)
	wukong := &vmv1alpha1.Wukong{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: long, UID: uid}}
	want := metav1.ObjectMeta{Namespace: "team", Name: "child", Labels: map[string]string{
		"app.kubernetes.io/managed-by": "wukong",
		"vm.novasphere.dev/wukong":     naming.LabelValue(long),
		"vm.novasphere.dev/network":    "lan",
		"vm.novasphere.dev/revision":   "0123",
	}}
	got := children.Meta(wukong, "child", "lan", "0123")
	if difference := cmp.Diff(want, got); difference != "" {
		t.Errorf("-want +got:\n%s", difference)
	}
}

// TestPart gives a network that moves to another wire a bridge of its own beside the one its machine runs on, and the next
// move another one.
func TestPart(t *testing.T) {
	child := func(nic string, vlan int32) children.Child {
		spec := &vmv1alpha1.WukongSpec{Networks: []vmv1alpha1.Network{
			{Name: "lan", BridgeName: "br-lan", Uplink: vmv1alpha1.UplinkName(nic), VLANID: &vlan},
		}}
		return of(spec, uplink)[0]
	}
	claim := func(c children.Child, revision string) *vmv1alpha1.WukongNodeBridge {
		return &vmv1alpha1.WukongNodeBridge{
			ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{vmv1alpha1.LabelRevision: revision}}, Spec: *c.NodeBridge,
		}
	}
	first := child("ens160", 100)
	first.Part(nil, "r1")
	second := child("ens160", 200)
	second.Part(claim(first, "r1"), "r2")
	third := child("ens161", 200)
	third.Part(claim(second, "r2"), "r3")
	sameWire := child("ens160", 100)
	sameWire.NodeBridge.MTU = 1400
	sameWire.Part(claim(first, "r1"), "r4")
	names := []string{string(first.NodeBridge.BridgeName), string(second.NodeBridge.BridgeName), string(third.NodeBridge.BridgeName)}
	if names[0] != "br-lan" || names[1] == names[0] || names[2] == names[0] || names[2] == names[1] {
		t.Errorf("the bridges are %v", names)
	}
	if second.Attachment.BridgeName != names[1] {
		t.Errorf("the attachment leads to %s", second.Attachment.BridgeName)
	}
	if sameWire.NodeBridge.BridgeName != "br-lan" {
		t.Errorf("on the same wire the bridge is %s", sameWire.NodeBridge.BridgeName)
	}
}
