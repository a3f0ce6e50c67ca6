// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/nodenet/hostnet"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// recorded returns nodes that booted and were looked at by NMState itself (`make e2e-node`), one for each release of
// NetworkManager that was. ens160 has the node's address and default route, ens224 a storage address, ens192 and ens256
// nothing.
func recorded(t *testing.T, file string) map[string]Node {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "nodes", "*", file+".json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no node is recorded as %s (%v)", file, err)
	}
	nodes := map[string]Node{}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		network, err := hostnet.Parse(raw)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		node := healthy("n1")[0]
		node.Host = &hostnet.Node{Name: "n1", Network: network, InternalIPs: []netip.Addr{netip.MustParseAddr("10.0.2.15")}}
		nodes[filepath.Base(filepath.Dir(path))] = node
	}
	return nodes
}

// TestRealNodes asks for bridges on nodes as NMState really reports them.
func TestRealNodes(t *testing.T) {
	on := func(name, nic string, vlan int32) nncp.Bridge {
		return nncp.Bridge{Name: name, Type: vmv1alpha1.BridgeTypeLinux, Uplink: nic, VLANID: vlan}
	}
	ovs := func(name, nic string) nncp.Bridge {
		return nncp.Bridge{Name: name, Type: vmv1alpha1.BridgeTypeOVS, Uplink: nic}
	}
	for _, tc := range []struct {
		file   string
		bridge nncp.Bridge
		want   string
	}{
		{"booted", on("br-mgmt", "ens160", 100), "Present"},
		{"booted", on("br-lan", "ens192", 0), "Present"},
		{"booted", on("br-lan", "ens160", 0), vmv1alpha1.ReasonHostIPAtRisk},
		{"booted", on("br-lan", "ens224", 0), vmv1alpha1.ReasonHostIPAtRisk},
		{"booted", on("br-lan", "ens300", 0), vmv1alpha1.ReasonNICMissing},
		{"booted", ovs("ovs-lan", "ens160"), vmv1alpha1.ReasonHostIPAtRisk},
		{"booted", ovs("ovs-lan", "ens256"), "Present"},
		{"bridge-on-vlan", on("br-mgmt", "ens160", 100), vmv1alpha1.ReasonAdopted},
		{"bridge-on-vlan", on("br-mgmt", "ens160", 200), vmv1alpha1.ReasonBridgeNameTaken},
		{"bridge-on-vlan", on("br-other", "ens160", 100), vmv1alpha1.ReasonVLANInUse},
		{"bridge-on-vlan", on("br-other", "ens160", 101), "Present"},
		{"bridge-on-vlan-removed", on("br-other", "ens160", 100), "Present"},
		{"another-vlan", on("br-mgmt", "ens160", 100), vmv1alpha1.ReasonBridgeNameTaken},
		{"bridge-on-nic", on("br-lan", "ens192", 0), vmv1alpha1.ReasonAdopted},
		{"bridge-on-nic", on("br-other", "ens192", 0), vmv1alpha1.ReasonNICInUse},
		{"bridge-on-nic-trunk", on("br-lan", "ens192", 0), vmv1alpha1.ReasonAdopted},
		{"bridge-on-nic-removed", on("br-other", "ens192", 0), "Present"},
		{"address-moved", on("br-other", "ens224", 0), vmv1alpha1.ReasonNICInUse},
		{"address-moved-back", on("br-storage", "ens224", 0), vmv1alpha1.ReasonHostIPAtRisk},
		{"node-address-moved", on("br-node", "ens160", 0), vmv1alpha1.ReasonAdopted},
		{"node-address-moved-back", on("br-node", "ens160", 0), vmv1alpha1.ReasonHostIPAtRisk},
		{"no-cable", on("br-lan", "ens192", 0), vmv1alpha1.ReasonNICDown},
		{"no-cable", on("br-lan", "ens224", 100), vmv1alpha1.ReasonNICDown},
		{"taken-down", on("br-lan", "ens256", 0), vmv1alpha1.ReasonNICDown},
		{"unmanaged", on("br-lan", "ens192", 0), vmv1alpha1.ReasonNICDown},
		{"unmanaged", on("br-lan", "ens224", 0), vmv1alpha1.ReasonHostIPAtRisk},
		{"unmanaged-and-down", on("br-lan", "ens256", 100), vmv1alpha1.ReasonNICDown},
		{"ovs-bridge", ovs("ovs-lan", "ens256"), vmv1alpha1.ReasonAdopted},
		{"ovs-bridge-with-machine", ovs("ovs-lan", "ens256"), vmv1alpha1.ReasonAdopted},
		{"ovs-bridge", on("br-lan", "ens256", 0), vmv1alpha1.ReasonNICInUse},
		{"ovs-bridge-removed", on("br-lan", "ens256", 0), "Present"},
	} {
		for release, node := range recorded(t, tc.file) {
			c := claim("a", 0, tc.bridge)
			d := Decide(world(nil, []Node{node}, c), tc.bridge.Name)
			told := d.Verdicts[c.Key].Ready
			got := told.Reason
			if len(d.Writes) > 0 {
				got = string(d.Writes[0].Form)
			}
			if got != tc.want {
				t.Errorf("%s, %s: %s gets %s (%s), want %s", release, tc.file, tc.bridge, got, told.Message, tc.want)
			}
		}
	}
}

// TestRealHostAddressMoves moves the address of real nodes: with routes where the NIC has any.
func TestRealHostAddressMoves(t *testing.T) {
	for _, nic := range []string{"ens160", "ens224"} {
		uplink := datacenter(func(s *vmv1alpha1.WukongUplinkSpec) {
			s.NodeGroups = []vmv1alpha1.UplinkNodeGroup{{Name: "all", Interface: vmv1alpha1.InterfaceName(nic)}}
			s.Untagged, s.HostIP = vmv1alpha1.UntaggedAllow, vmv1alpha1.HostIPMove
		})
		for release, node := range recorded(t, "booted") {
			d := Decide(world(uplink, []Node{node}, onUplink("a", 0, "br-host", 0)), "br-host")
			if len(d.Writes) != 1 || !d.Writes[0].Bridge.HostIP || !d.Writes[0].Bridge.HostRoutes {
				t.Errorf("%s, %s: %+v, %+v", release, nic, d.Writes, d.Verdicts)
			}
		}
	}
}
