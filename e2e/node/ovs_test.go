// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2enode

package node

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

var ovs = bridge{name: "ovs-lan", kind: ovsBridge, uplink: bare}

// ovsBridgeOnNIC has the virtual machine in VLAN 100 of the bridge, as ovs-cni puts it there, and applies the policy again.
func ovsBridgeOnNIC(t *testing.T, n *node) {
	n.apply(t, ovs.present(t))
	n.record(t, "ovs-bridge")
	n.run(t, "ovs-vsctl add-port "+ovs.name+" "+vmPort+" tag=100")
	n.expectTraffic(t, n.peer(bare, 100))
	n.expectSilence(t, n.peer(bare, 0))

	before := n.identities(t)
	watch := n.peer(bare, 100).Watch(vmAddress, watchEvery)
	n.apply(t, ovs.present(t))
	outage := watch.Stop()
	t.Logf("the virtual machine from outside: %s", outage)
	n.record(t, "ovs-bridge-with-machine")
	if after := n.identities(t); !maps.Equal(before, after) {
		t.Errorf("interfaces or profiles were made again:\n%v\n%v", before, after)
	}
	if ports := strings.Fields(string(n.run(t, "ovs-vsctl list-ports "+ovs.name))); !slices.Contains(ports, vmPort) || !slices.Contains(ports, bare) {
		t.Errorf("%s has the ports %v, want the NIC and the virtual machine's", ovs.name, ports)
	}
	if outage.Answered != outage.Sent {
		t.Errorf("the virtual machine was out of reach: %s", outage)
	}
}

func ovsBridgeRemoved(t *testing.T, n *node) {
	n.apply(t, ovs.absent(t))
	n.record(t, "ovs-bridge-removed")
	if bridges := strings.Fields(string(n.run(t, "ovs-vsctl list-br"))); len(bridges) != 0 {
		t.Errorf("the node still has the OVS bridges %v", bridges)
	}
	if nic := n.link(t, bare); nic.Master != "" || len(nic.ipv4()) != 0 {
		t.Errorf("%s has controller %q and addresses %v, want none", bare, nic.Master, nic.ipv4())
	}
	// The other end of the virtual machine's cable is not the bridge's to remove.
	n.link(t, vmPort)
}
