// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2enode

package node

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/novasphere/wukong/e2e/node/wire"
)

const (
	storageBridge    = "br-storage"
	managementBridge = "br-node"
)

var storageRoute = route{Destination: "172.20.0.0/16", Gateway: "192.168.50.1"}

func storageMoved(t *testing.T, n *node) {
	n.move(t, addressed, storageBridge, storageAddress, storageRoute, n.storagePeer())
	n.record(t, "address-moved")
}

func storageMovedBack(t *testing.T, n *node) {
	n.moveBack(t, addressed, storageBridge, storageAddress, storageRoute, n.storagePeer())
	n.record(t, "address-moved-back")
}

func managementMoved(t *testing.T, n *node) {
	n.move(t, management, managementBridge, nodeAddress, defaultRoute(""), n.world)
	n.record(t, "node-address-moved")
	n.expectNameServer(t)
}

func managementMovedBack(t *testing.T, n *node) {
	n.moveBack(t, management, managementBridge, nodeAddress, defaultRoute(""), n.world)
	n.record(t, "node-address-moved-back")
	n.expectNameServer(t)
}

// withoutRoutes shows why a policy that moves a NIC's routes is not for a NIC that has none: the capture that finds nothing
// fails, and with it the policy on that node.
func withoutRoutes(t *testing.T, n *node) {
	said := n.refuse(t, moveTo(t, "br-lan", bare))
	if want := "route with 'next-hop-interface=" + bare + "' not found"; !strings.Contains(said, want) {
		t.Errorf("NMState says %s, want %s", said, want)
	}
}

// storagePeer is a station in the network of the NIC that has an address of its own.
func (n *node) storagePeer() *wire.Station {
	place := place{addressed, 0}
	if n.peers[place] == nil {
		n.peers[place] = n.Cable(addressed).Station(outsideMAC(0x24), netip.MustParseAddr(storageRoute.Gateway), 0)
	}
	return n.peers[place]
}

// move moves the NIC's address to a bridge.
func (n *node) move(t *testing.T, nic, bridge string, address netip.Addr, route route, peer *wire.Station) {
	t.Helper()
	mac := n.link(t, nic).MAC
	watch := peer.Watch(address, watchEvery)
	n.apply(t, moveTo(t, bridge, nic))
	t.Logf("the moved address from outside: %s", watch.Stop())
	n.expectAddress(t, bridge, address, route)
	if made := n.link(t, bridge); made.MAC != mac {
		t.Errorf("%s has the MAC %s, want the NIC's %s", bridge, made.MAC, mac)
	}
	if l := n.link(t, nic); l.Master != bridge || len(l.ipv4()) != 0 {
		t.Errorf("%s has controller %q and addresses %v, want %s and none", nic, l.Master, l.ipv4(), bridge)
	}
	n.expectAnswers(t, peer, address)
}

// moveBack moves the address back and removes the bridge.
func (n *node) moveBack(t *testing.T, nic, bridge string, address netip.Addr, route route, peer *wire.Station) {
	t.Helper()
	watch := peer.Watch(address, watchEvery)
	n.apply(t, moveBack(t, bridge, nic))
	t.Logf("the moved address from outside: %s", watch.Stop())
	n.expectNone(t, bridge)
	n.expectAddress(t, nic, address, route)
	n.expectAnswers(t, peer, address)
}

func (n *node) expectAddress(t *testing.T, device string, address netip.Addr, route route) {
	t.Helper()
	if addresses := n.link(t, device).ipv4(); !slices.Equal(addresses, []string{address.String()}) {
		t.Errorf("%s has %v, want %s", device, addresses, address)
	}
	route.Device = device
	if !n.hasRoute(t, route) {
		t.Errorf("the route %+v is missing", route)
	}
}

func (n *node) expectAnswers(t *testing.T, peer *wire.Station, address netip.Addr) {
	t.Helper()
	if count := peer.Ping(t.Context(), address, pings); count.Answered != pings {
		t.Errorf("pings from outside to %s: %s", address, count)
	}
}

// expectNameServer looks whether the name server, which belongs to the profile of the NIC, came along.
func (n *node) expectNameServer(t *testing.T) {
	t.Helper()
	if text := string(n.run(t, "cat /etc/resolv.conf")); !strings.Contains(text, "nameserver "+nameServer) || !strings.Contains(text, "search example.org") {
		t.Errorf("the node's name servers are gone:\n%s", text)
	}
}
