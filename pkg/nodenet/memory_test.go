// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"testing"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/nodenet/hostnet"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// rack1 and rack2 are br-lan as the policies of settled make it.
var (
	rack1   = nncp.Bridge{Name: "br-lan", Type: vmv1alpha1.BridgeTypeLinux, Uplink: "ens160", VLANID: 100}
	both    = "Present rack1 ens160.100, Present rack2 ens161.100"
	strange = nncp.Bridge{Name: "br-lan", Type: vmv1alpha1.BridgeTypeLinux, Uplink: "ens161", VLANID: 7}
)

// settled is a world in which claim a has br-lan on nodes 1a and 2a, each in a node group of its own.
func settled() World {
	c := onUplink("a", 0, "br-lan", 100)
	c.MadeOn = []string{"1a", "2a"}
	w := world(datacenter(), racked("1a", "2a"), c)
	w.Policies = []Policy{made(w, &w.Claims[0], "rack1", applied), made(w, &w.Claims[0], "rack2", applied)}
	for i := range w.Nodes {
		w.Nodes[i] = having(w.Nodes[i], w.Policies[i].Bridge)
	}
	return w
}

// also adds a node to a settled world.
func (w *World) also(node Node) { w.Nodes = append(w.Nodes, node) }

// TestWhatTheWorldsShowed has a row for each mistake that TestWorlds found.
func TestWhatTheWorldsShowed(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*World)
		bridge string
		wrote  string
		ready  string
		states string
	}{
		{name: "nothing to do", change: func(*World) {}, wrote: both, ready: "+Applied +Applied"},
		{
			name: "a stranger's bridge of that name is not removed with ours", change: func(w *World) {
				w.Claims[0].DeletedAt, w.Nodes[0] = now, having(racked("1a")[0], strange)
			},
			wrote: "Absent rack2 ens161.100, delete a-rack1", ready: "-TearingDown -TearingDown",
		},
		{
			name: "nor is ours removed from the other nodes together with it", change: func(w *World) {
				w.also(having(racked("1b")[0], strange))
				w.Claims[0].DeletedAt = now
				w.Policies[0].Enactments = append(w.Policies[0].Enactments, report("1b", failed))
				w.Claims[0].MadeOn = append(w.Claims[0].MadeOn, "1b")
			},
			wrote: "Absent rack1 ens160.100 1a, Absent rack2 ens161.100, delete a-rack1", ready: "-TearingDown -TearingDown",
		},
		{
			name: "the WukongUplink is gone: what was made for it stays", change: func(w *World) { w.Uplinks = nil },
			wrote: both, ready: "+Applied +Applied",
		},
		{
			name: "a policy goes on having its NIC and VLAN when another claim has its bridge's name", bridge: "br-x", change: func(w *World) {
				w.Claims[0].DeletedAt = now
				w.Claims = append(w.Claims, onUplink("b", 1, "br-lan", 101), onUplink("c", 2, "br-x", 100))
			},
			ready: "-WaitingForPolicy -WaitingForPolicy",
		},
		{
			name: "also when nobody claims it any more and nothing removes it", bridge: "br-x", change: func(w *World) {
				w.Claims = []Claim{onUplink("c", 2, "br-x", 100)}
			},
			ready: "-UplinkConflict -UplinkConflict",
		},
		{
			name: "a claim that was never told of its policy is kept until that is gone", change: func(w *World) {
				w.Claims[0].DeletedAt, w.Claims[0].Granted, w.Claims[0].PolicyName, w.Claims[0].MadeOn = now, false, "", nil
				w.Policies[0].AcceptsUpdate, w.Policies[1].AcceptsUpdate = false, false
			},
			ready: "-TearingDown -TearingDown",
		},
		{
			name: "a claim that is refused before it was told of a policy which moved a host's address is told of it", change: func(w *World) {
				w.Claims[0].Granted, w.Claims[0].PolicyName, w.Claims[0].MadeOn = false, "", nil
				w.Uplinks[0].Spec.VLANRanges = []vmv1alpha1.VLANRange{{First: 300, Last: 300}}
				w.Policies[0].Bridge.HostIP, w.Policies = true, w.Policies[:1]
			},
			ready: "-VLANNotAllowed -VLANNotAllowed", states: "1a=Applied",
		},
		{
			name: "a policy deleted by hand, and a NIC that has gone: it is remembered what was made", change: func(w *World) {
				w.Policies, w.Uplinks[0].Spec.NodeGroups[0].Interface = nil, "eno9"
			},
			wrote: "Present rack2 ens161.100", ready: "-BridgeNameTaken -BridgeNameTaken", states: "1a=Failed 2a=Progressing",
		},
		{
			name: "a policy deleted by hand, and another claim for its bridge: it is removed first", change: func(w *World) {
				w.Policies, w.Claims[0].DeletedAt = nil, now
				w.Claims = append(w.Claims, onUplink("b", 1, "br-lan", 101))
			},
			wrote: "Absent rack1 ens160.100, Absent rack2 ens161.100", ready: "-TearingDown -TearingDown",
		},
		{
			name: "a policy deleted by hand, and a stranger's bridge just like it: all are used as they are", change: func(w *World) {
				w.Policies = nil
				w.also(having(racked("1b")[0], rack1))
			},
			wrote: "Present rack2 ens161.100", ready: "+Adopted +Adopted", states: "1a=Applied 1b=Adopted 2a=Progressing",
		},
		{
			name: "nodes that a change leaves are remembered first", change: func(w *World) {
				w.Uplinks[0].Spec.NodeGroups[0].NodeSelector["zone"] = "z"
				w.Claims[0].MadeOn = nil
			},
			wrote: "Present rack2 ens161.100", ready: "+Applied -Progressing",
		},
		{
			name: "and then left", change: func(w *World) { w.Uplinks[0].Spec.NodeGroups[0].NodeSelector["zone"] = "z" },
			wrote: both, ready: "+Applied +Applied",
		},
		{
			name: "a change does not reach a stranger's bridge", change: func(w *World) {
				w.also(having(racked("3a")[0], rack1))
				w.Nodes[0].Labels["all"], w.Nodes[2].Labels["all"] = "yes", "yes"
				w.Uplinks[0].Spec.NodeGroups[0].NodeSelector = map[string]vmv1alpha1.LabelValue{"all": "yes"}
			},
			wrote: "Present rack2 ens161.100", ready: "+Applied -BridgeNameTaken",
		},
		{
			name: "nor nodes of another policy of the bridge", change: func(w *World) {
				w.Uplinks[0].Spec.NodeGroups = w.Uplinks[0].Spec.NodeGroups[:1]
				w.Uplinks[0].Spec.NodeGroups[0].NodeSelector = nil
			},
			wrote: "Absent rack2 ens161.100", ready: "+Applied -WaitingForPolicy",
		},
		{
			name: "a removal is not taken back over what somebody has made since", change: func(w *World) {
				w.Policies[0].TeardownSince = now
				w.Nodes[0] = racked("1a")[0]
				nic := w.Nodes[0].Host.Network.Interfaces["ens160"]
				w.Nodes[0].Host.Network.Interfaces["ens160.100"] = hostnet.Interface{
					Name: "ens160.100", Type: "vlan", State: "up", VLANBase: nic.Name, VLANID: 100, Controller: "br-other",
				}
			},
			wrote: "Present rack2 ens161.100, delete a-rack1", ready: "+Applied -WaitingForPolicy",
		},
		{
			name: "a removal ends also while nodes are in two groups", change: func(w *World) {
				w.Policies[0].TeardownSince, w.Nodes[0] = now, racked("1a")[0]
				w.Uplinks[0].Spec.NodeGroups[1].NodeSelector = nil
			},
			wrote: "delete a-rack1", ready: "+Applied -UplinkInvalid",
		},
		{
			name: "so does one that gives a host's address back", change: func(w *World) {
				w.Policies[0].Role, w.Policies[0].TeardownSince, w.Nodes[0] = RoleRestore, now, racked("1a")[0]
				w.Uplinks[0].Spec.NodeGroups[1].NodeSelector = nil
			},
			wrote: "delete a-rack1", ready: "+Applied -UplinkInvalid",
		},
		{
			name: "nothing is removed while nodes are in two groups", change: func(w *World) {
				w.Uplinks[0].Spec.NodeGroups[0].Name, w.Uplinks[0].Spec.NodeGroups[1].NodeSelector = "other", nil
			},
			ready: "+Applied -UplinkInvalid",
		},
		{
			name: "an old report shows no drift", change: func(w *World) {
				w.Nodes[0] = racked("1a")[0]
				w.Nodes[0].Handler = false
			},
			wrote: both, ready: "+Applied +Applied",
		},
		{
			name: "without NMState it is remembered what was made", change: func(w *World) { w.NMStateServed, w.Policies = false, nil },
			ready: "?NMStateNotInstalled ?NMStateNotInstalled", states: "1a=NoHandler 2a=NoHandler",
		},
		{
			name: "the last node of a policy goes while NMState works on it", change: func(w *World) {
				w.Nodes, w.Policies[0].AcceptsUpdate = w.Nodes[1:], false
				w.Uplinks[0].Spec.MTU = new(int32(1400))
			},
			wrote: "Present rack2 ens161.100, delete a-rack1", ready: "+Applied -WaitingForPolicy",
		},
		{
			name: "each node is told once", change: func(w *World) {
				w.Uplinks[0].Spec.NodeGroups[0].Name, w.Uplinks[0].Spec.NodeGroups[0].Interface = "other", "eno9"
				w.Claims[0].Users = []User{{Name: "VirtualMachine ns/vm", Node: "1a"}}
			},
			wrote: "Present rack2 ens161.100", ready: "+Applied -WaitingForMachines", states: "1a=Applied 2a=Applied",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := settled()
			tc.change(&w)
			bridge := tc.bridge
			told := w.Claims[0]
			if bridge == "" {
				bridge = "br-lan"
			} else {
				told = w.Claims[len(w.Claims)-1]
			}
			d := Decide(w, bridge)
			verdict := d.Verdicts[told.Key]
			if wrote(d) != tc.wrote || verdict.inShort() != tc.ready || tc.states != "" && statesOf(verdict.Nodes) != tc.states {
				t.Errorf("got %q, %s (%s) and %s, want %q, %s and %s",
					wrote(d), verdict.inShort(), verdict.Ready.Message, statesOf(verdict.Nodes), tc.wrote, tc.ready, tc.states)
			}
			for i := 1; i < len(verdict.Nodes); i++ {
				if verdict.Nodes[i-1].Name == verdict.Nodes[i].Name {
					t.Errorf("node %s is told twice", verdict.Nodes[i].Name)
				}
			}
		})
	}
}
