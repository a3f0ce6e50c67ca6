// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/nodenet/hostnet"
)

// BenchmarkMake plans 1,000 bridges on three WukongUplinks and 100 nodes: before anything was made, when every bridge is
// checked on every node, and when all is made, when every report holds 2,000 interfaces.
func BenchmarkMake(b *testing.B) {
	for name, w := range map[string]World{"fresh": crowded(1000, 100, false), "settled": crowded(1000, 100, true)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Make(w)
			}
		})
		// A reconcile decides about one bridge alone.
		b.Run(name+" one bridge", func(b *testing.B) {
			for b.Loop() {
				Decide(w, "br-7")
			}
		})
	}
}

// crowded is a world with so many bridges, each claimed once, on so many nodes.
func crowded(bridges, nodes int, settled bool) World {
	w := World{NMStateServed: true, Now: now, Deadlines: Deadlines{Unreachable: unreachable, Slow: slow, Retry: unreachable, RetryMost: slow, Drift: slow}}
	nics := []string{"ens160", "ens161", "ens162"}
	for i, nic := range nics {
		uplink := &vmv1alpha1.WukongUplink{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("up-%d", i)}}
		uplink.Spec.NodeGroups = []vmv1alpha1.UplinkNodeGroup{{Name: "all", Interface: vmv1alpha1.InterfaceName(nic)}}
		uplink.Spec.VLANRanges = []vmv1alpha1.VLANRange{{First: 1, Last: 4094}}
		w.Uplinks = append(w.Uplinks, uplink)
	}
	for i := range nodes {
		node := healthy(fmt.Sprintf("node-%d", i))[0]
		for _, nic := range nics {
			node.Host.Network.Interfaces[nic] = hostnet.Interface{Name: nic, Type: "ethernet", State: "up", MTU: 9000}
		}
		w.Nodes = append(w.Nodes, node)
	}
	for i := range bridges {
		c := claim(fmt.Sprintf("claim-%d", i), i, lan)
		c.Wanted.Bridge, c.Wanted.Uplink, c.Wanted.VLANID = fmt.Sprintf("br-%d", i), fmt.Sprintf("up-%d", i%3), int32(i/3+1)
		if settled {
			w.Policies = append(w.Policies, w.settle(&c))
		}
		w.Claims = append(w.Claims, c)
	}
	return w
}

// settle puts a claim's bridge on all nodes and returns the policy that made it.
func (w *World) settle(c *Claim) Policy {
	uplink, _ := Resolve(w.Uplinks, c.Wanted.Uplink)
	bridge := groupsOf(Wanted{Bridge: c.Wanted.Bridge, Type: c.Wanted.Type, Uplink: uplink.Name, VLANID: c.Wanted.VLANID}, uplink)["all"]
	policy := Policy{Name: c.Key.Name + "-bridge", Role: RoleBridge, Generation: 3, Bridge: bridge, AcceptsUpdate: true}
	c.Granted, c.PolicyName = true, policy.Name
	for i := range w.Nodes {
		name := w.Nodes[i].Name
		policy.Enactments = append(policy.Enactments, report(name, applied))
		c.MadeOn = append(c.MadeOn, name)
		interfaces := w.Nodes[i].Host.Network.Interfaces
		port := bridge.Port()
		interfaces[bridge.Name] = hostnet.Interface{Name: bridge.Name, Type: string(bridge.Type), State: "up", MTU: 9000, Ports: []string{port}}
		interfaces[port] = hostnet.Interface{
			Name: port, Type: "vlan", State: "up", MTU: 9000, Controller: bridge.Name, VLANBase: bridge.Uplink, VLANID: bridge.VLANID,
		}
	}
	return policy
}
