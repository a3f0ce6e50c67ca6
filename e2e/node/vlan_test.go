// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2enode

package node

import (
	"maps"
	"slices"
	"testing"
)

// The bridge on a VLAN is on the NIC that has the node's address, as it is in Wukong's first example.
var (
	vlan100 = bridge{name: "br-mgmt", kind: linuxBridge, uplink: management, vlan: 100}
	vlan200 = bridge{name: "br-mgmt", kind: linuxBridge, uplink: management, vlan: 200}
)

func bridgeOnVLAN(t *testing.T, n *node) {
	n.apply(t, vlan100.present(t))
	n.record(t, "bridge-on-vlan")
	n.expectVLANBridge(t, vlan100)
	n.plug(t, vlan100.name)
	n.expectTraffic(t, n.peer(management, 100))
	n.expectSilence(t, n.peer(management, 0))
	n.expectSilence(t, n.peer(management, 200))
}

// expectVLANBridge looks at what the kernel has, and that the NIC is as it was.
func (n *node) expectVLANBridge(t *testing.T, want bridge) {
	t.Helper()
	port := n.link(t, want.port())
	if port.Info.Kind != "vlan" || port.Info.Data.ID != want.vlan || port.Master != want.name {
		t.Errorf("%s is %+v with controller %q, want VLAN %d and controller %s", port.Name, port.Info, port.Master, want.vlan, want.name)
	}
	made := n.link(t, want.name)
	if made.Info.Kind != "bridge" || made.Info.Data.STP != 0 || made.Info.Data.VLANFiltering != 0 {
		t.Errorf("%s is %+v, want a bridge without STP and VLAN filtering: the VLAN interface tags", made.Name, made.Info)
	}
	for _, l := range []link{port, made} {
		if len(l.Address) != 0 {
			t.Errorf("%s has addresses: %v", l.Name, l.Address)
		}
	}
	n.expectManagementUntouched(t)
}

func (n *node) expectManagementUntouched(t *testing.T) {
	t.Helper()
	nic := n.link(t, management)
	if !slices.Equal(nic.ipv4(), []string{nodeAddress.String()}) || nic.Master != "" || !n.hasRoute(t, defaultRoute(management)) {
		t.Errorf("%s has controller %q and addresses %v, want the node's address and the default route", management, nic.Master, nic.ipv4())
	}
}

// sameAgain applies what is there: what the second claim on a bridge, and each start of a handler, comes to.
func sameAgain(t *testing.T, n *node) {
	before := n.identities(t)
	watch := n.peer(management, 100).Watch(vmAddress, watchEvery)
	n.apply(t, vlan100.present(t))
	nudge := vlan100.present(t)
	nudge.Spec.DesiredState.Raw = withEmptyLists(t, nudge.Spec.DesiredState.Raw)
	n.apply(t, nudge)
	outage := watch.Stop()
	t.Logf("the virtual machine from outside: %s", outage)
	if outage.Answered != outage.Sent {
		t.Errorf("the virtual machine was out of reach: %s", outage)
	}
	if after := n.identities(t); !maps.Equal(before, after) {
		t.Errorf("interfaces or profiles were made again:\n%v\n%v", before, after)
	}
}

// anotherVLAN changes the bridge's VLAN: the old bridge goes, the new one comes.
func anotherVLAN(t *testing.T, n *node) {
	n.apply(t, vlan100.absent(t))
	n.apply(t, vlan200.present(t))
	n.record(t, "another-vlan")
	n.expectVLANBridge(t, vlan200)
	n.expectNone(t, vlan100.port())
	if master := n.link(t, vmPort).Master; master != "" {
		t.Errorf("the virtual machine's port is in %q; a bridge that was made again does not know it", master)
	}
	n.plug(t, vlan200.name)
	n.expectTraffic(t, n.peer(management, 200))
	n.expectSilence(t, n.peer(management, 100))
}

// vlanBridgeRemoved also removes it a second time, as a handler that starts again does.
func vlanBridgeRemoved(t *testing.T, n *node) {
	n.apply(t, vlan200.absent(t))
	n.apply(t, vlan200.absent(t))
	n.record(t, "bridge-on-vlan-removed")
	n.expectNone(t, vlan200.name, vlan200.port())
	n.expectManagementUntouched(t)
}
