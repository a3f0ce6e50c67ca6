// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2enode

package node

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/nodenet"
	"github.com/novasphere/wukong/pkg/nodenet/hostnet"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// plannedWorlds is how many random worlds are planned.
const plannedWorlds = 10_000

// TestPlannedPolicies has NMState check every policy that the planner writes in random worlds, and the policies that
// remove what they made.
func TestPlannedPolicies(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 9)) //nolint:gosec // a seed is no secret.
	checked, moved, failed := map[string]bool{}, 0, 0
	for range plannedWorlds {
		for _, bridge := range planned(random) {
			for _, policy := range formsOf(t, bridge, random.IntN(3)) {
				key := string(policy.Spec.DesiredState.Raw)
				if checked[key] {
					continue
				}
				checked[key] = true
				if len(policy.Spec.Capture) > 0 {
					moved++
				}
				if err := checkPlanned(t, policy, bridge); err != nil {
					t.Errorf("%v\n%s", err, key)
					if failed++; failed > 10 {
						t.FailNow()
					}
				}
			}
		}
	}
	t.Logf("nmstatectl checked the %d different desired states of %d worlds, %d of them with captures", len(checked), plannedWorlds, moved)
	if moved == 0 {
		t.Error("no world moves a host's address")
	}
}

// planned returns the bridges that the planner makes in a random world.
func planned(random *rand.Rand) []nncp.Bridge {
	nics := []string{"bond0", "ens160", "enp175s0f0np0", "eno1"}
	world := nodenet.World{NMStateServed: true, Now: time.Unix(1_000_000, 0)}
	for i := range 1 + random.IntN(3) {
		world.Nodes = append(world.Nodes, randomNode(random, fmt.Sprintf("n%d", i), nics))
	}
	if random.IntN(2) == 0 {
		world.Uplinks = append(world.Uplinks, randomUplink(random, nics))
	}
	for i := range 1 + random.IntN(6) {
		wanted := nodenet.Wanted{
			Bridge: fmt.Sprintf("br-%d", random.IntN(40)), Type: linuxBridge, Uplink: nics[random.IntN(len(nics))],
			VLANID: []int32{0, int32(1 + random.IntN(4094))}[random.IntN(2)], MTU: []int32{0, 0, 1400}[random.IntN(3)],
		}
		if random.IntN(5) == 0 {
			wanted.Type, wanted.VLANID = ovsBridge, 0
		}
		world.Claims = append(world.Claims, nodenet.Claim{
			Key: types.NamespacedName{Namespace: "ns", Name: fmt.Sprintf("c%d", i)}, Created: time.Unix(int64(i), 0), Wanted: wanted,
		})
	}
	var bridges []nncp.Bridge
	for _, decision := range nodenet.Make(world).Bridges {
		for _, write := range decision.Writes {
			bridges = append(bridges, write.Bridge)
		}
	}
	return bridges
}

// randomNode returns a node whose last NIC carries its address. The bond carries none: without a node NMState takes each bond
// for a new one, of which it wants to know more than a policy for an existing one has to say.
func randomNode(random *rand.Rand, name string, nics []string) nodenet.Node {
	host := &hostnet.Node{Name: name, Network: hostnet.Network{Interfaces: map[string]hostnet.Interface{}}}
	for i, nic := range nics {
		link := hostnet.Interface{Name: nic, Type: "ethernet", State: "up", MTU: 9000}
		if nic == "bond0" {
			link.Type = "bond"
		}
		if i == len(nics)-1 || i > 0 && random.IntN(8) == 0 {
			link.Addresses = []netip.Prefix{netip.MustParsePrefix("192.0.2.10/24")}
			host.Network.Routed = append(host.Network.Routed, nic)
		}
		host.Network.Interfaces[nic] = link
	}
	return nodenet.Node{Name: name, Labels: map[string]string{"kubernetes.io/hostname": name}, Ready: true, Handler: true, Host: host}
}

func randomUplink(random *rand.Rand, nics []string) *vmv1alpha1.WukongUplink {
	most := intstr.FromString("25%")
	uplink := &vmv1alpha1.WukongUplink{ObjectMeta: metav1.ObjectMeta{Name: "dc"}}
	uplink.Spec = vmv1alpha1.WukongUplinkSpec{
		NodeGroups:     []vmv1alpha1.UplinkNodeGroup{{Name: "all", Interface: vmv1alpha1.InterfaceName(nics[random.IntN(len(nics))])}},
		VLANRanges:     []vmv1alpha1.VLANRange{{First: 1, Last: 4094}},
		Untagged:       vmv1alpha1.UntaggedAllow,
		HostIP:         vmv1alpha1.HostIPMove,
		MaxUnavailable: &most,
	}
	return uplink
}

// formsOf returns each policy that a bridge may need.
func formsOf(t *testing.T, bridge nncp.Bridge, attempt int) []*nmstatev1.NodeNetworkConfigurationPolicy {
	t.Helper()
	present, err := nncp.Present("node-test", bridge, attempt)
	if err != nil {
		t.Fatal(err)
	}
	remove := nncp.Absent
	if bridge.HostIP {
		remove = nncp.Restore
	}
	removed, err := remove("node-test", bridge)
	if err != nil {
		t.Fatal(err)
	}
	return []*nmstatev1.NodeNetworkConfigurationPolicy{present, removed}
}

// checkPlanned has NMState check a policy, with its captures evaluated on a node that has what they look for.
func checkPlanned(t *testing.T, policy *nmstatev1.NodeNetworkConfigurationPolicy, bridge nncp.Bridge) error {
	t.Helper()
	state := policy.Spec.DesiredState.Raw
	if len(policy.Spec.Capture) > 0 {
		source, err := sourceOf(policy)
		if err != nil {
			return err
		}
		current, err := json.Marshal(nodeWith(bridge))
		if err != nil {
			return fmt.Errorf("writing the node's state: %w", err)
		}
		if state, err = tool.Fill(t.Context(), source, current); err != nil {
			return err
		}
	}
	return tool.Check(t.Context(), state)
}

// nodeWith is a node on which both the NIC and the bridge carry an address and a route.
func nodeWith(bridge nncp.Bridge) map[string]any {
	kind := bridge.UplinkType
	if kind == "" {
		kind = "ethernet"
	}
	link := func(name, kind, mac, address string) map[string]any {
		return map[string]any{
			"name": name, "type": kind, "state": "up", "mac-address": mac,
			"ipv4": map[string]any{"enabled": true, "dhcp": false, "address": []any{map[string]any{"ip": address, "prefix-length": 24}}},
			"ipv6": map[string]any{"enabled": false},
		}
	}
	route := func(destination, name, gateway string) map[string]any {
		return map[string]any{"destination": destination, "next-hop-interface": name, "next-hop-address": gateway, "table-id": 254, "metric": 100}
	}
	return map[string]any{
		"interfaces": []any{
			link(bridge.Uplink, kind, "52:54:00:00:00:01", "192.0.2.10"), link(bridge.Name, "linux-bridge", "52:54:00:00:00:02", "198.51.100.10"),
		},
		"routes": map[string]any{"running": []any{
			route("0.0.0.0/0", bridge.Uplink, "192.0.2.1"), route("203.0.113.0/24", bridge.Name, "198.51.100.1"),
		}},
	}
}
