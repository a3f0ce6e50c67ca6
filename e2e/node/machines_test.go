// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2enode

package node

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/novasphere/wukong/e2e/node/wire"
)

const (
	// vmPort is the node's end of a virtual machine's cable, and vmNamespace where the machine is.
	vmPort      = "vm0"
	vmNamespace = "vm"
	pings       = 3
	// silence is how long nothing must come from where nothing is to come from.
	silence = 2 * time.Second
)

var (
	worldAddress = netip.MustParseAddr("10.0.2.77")
	vmAddress    = netip.MustParseAddr("192.168.100.10")
	peerAddress  = netip.MustParseAddr("192.168.100.1")
)

// makeVM makes what is the other end of a bridge's port for a virtual machine: a namespace with an address.
func (n *node) makeVM(t *testing.T) {
	t.Helper()
	n.run(t, fmt.Sprintf(`set -e
ip netns add %[2]s
ip link add %[1]s address 02:00:00:00:02:01 type veth peer name eth0 netns %[2]s address 02:00:00:00:02:02
ip -n %[2]s address add %[3]s/24 dev eth0
ip -n %[2]s link set eth0 up
ip link set %[1]s up`, vmPort, vmNamespace, vmAddress))
}

// plug makes the virtual machine a port of the bridge, as the bridge plugin of Multus does.
func (n *node) plug(t *testing.T, bridge string) {
	t.Helper()
	n.run(t, fmt.Sprintf("ip link set %s master %s", vmPort, bridge))
}

// expectTraffic pings the virtual machine from the station on the NIC's cable, and the station from the machine.
func (n *node) expectTraffic(t *testing.T, station *wire.Station) {
	t.Helper()
	count := station.Ping(t.Context(), vmAddress, pings)
	t.Logf("pings to the virtual machine: %s", count)
	if count.Answered != pings {
		t.Errorf("pings from outside to the virtual machine: %s", count)
	}
	if _, err := n.Run(t.Context(), fmt.Sprintf("ip netns exec %s ping -n -q -c %d -W 15 %s", vmNamespace, pings, peerAddress)); err != nil {
		t.Errorf("pings from the virtual machine to the outside: %v", err)
	}
}

// expectSilence pings the virtual machine from a station that must not reach it.
func (n *node) expectSilence(t *testing.T, station *wire.Station) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), silence)
	defer cancel()
	if count := station.Ping(ctx, vmAddress, 1); count.Answered != 0 {
		t.Errorf("pings from another network to the virtual machine: %s", count)
	}
}

// place is where a station can be: on a NIC's cable, in a VLAN.
type place struct {
	nic  string
	vlan uint16
}

// peer returns a station on the NIC's cable, in the virtual machine's network.
func (n *node) peer(nic string, vlan uint16) *wire.Station {
	place := place{nic, vlan}
	if n.peers[place] == nil {
		n.peers[place] = n.Cable(nic).Station(outsideMAC(byte(vlan)), peerAddress, vlan)
	}
	return n.peers[place]
}
