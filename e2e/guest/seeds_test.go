// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2eguest

package guest

import (
	"net/netip"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/novasphere/wukong/e2e/guest/image"
)

// The addresses of the product's first documents.
var (
	managementGuest   = netip.MustParseAddr("192.168.100.10")
	managementGateway = netip.MustParsePrefix("192.168.100.1/24")
	managementFar     = netip.MustParseAddr("198.51.100.1")
	externalGuest     = netip.MustParseAddr("192.168.1.200")
	externalGateway   = netip.MustParsePrefix("192.168.1.1/24")
	externalFar       = netip.MustParseAddr("203.0.113.1")
)

// TestNMStateSeed boots the machine of the document about NMState: two bridges, one of them on a VLAN.
func TestNMStateSeed(t *testing.T) {
	products := produce(t, seed(t, "nmstate-integration-4.1"), false)
	w := newWorld(t)
	for bridge, port := range products[0].ports {
		w.bridge(t, bridge, port)
	}
	management := w.station(t, "management", products[0].ports["br-mgmt"], managementFar, managementGateway)
	external := w.station(t, "external", products[0].ports["br-external"], externalFar, externalGateway)
	g := newGuest(t, w, image.DefaultUser)
	check := func(t *testing.T) {
		g.expectPings(t, management, managementGuest, managementGateway.Addr(), pings)
		g.expectPings(t, external, externalGuest, externalGateway.Addr(), pings)
		g.expectLogin(t, management, managementGuest, "key", ssh.PublicKeys(key()))
		g.expectLogin(t, external, externalGuest, "key", ssh.PublicKeys(key()))
		g.expectReplies(t, management, managementGuest)
		g.expectReplies(t, external, externalGuest)
	}
	g.start(t, products[0], from(management, managementGuest))
	t.Run("first boot", check)
	g.reboot(t)
	t.Run("after a reboot", check)
}

// TestNetworkPlanSeed boots the machine of the document about networks, where KubeVirt has a binding for macvtap: two of them
// on one NIC.
func TestNetworkPlanSeed(t *testing.T) {
	wukong := seed(t, "vm-network-plan-5.1")
	wukong.Spec.CloudInitUser.PasswordHash = passwordHash
	made := produce(t, wukong, true)[0]
	w := newWorld(t)
	w.needs(t, "macvtap", "ens160")
	management := w.station(t, "management", "ens160", managementFar, managementGateway)
	external := w.station(t, "external", "ens160", externalFar, externalGateway)
	g := newGuest(t, w, "ubuntu")
	check := func(t *testing.T) {
		g.expectPings(t, management, managementGuest, managementGateway.Addr(), pings)
		g.expectPings(t, external, externalGuest, externalGateway.Addr(), pings)
		for how, method := range map[string]ssh.AuthMethod{"key": ssh.PublicKeys(key()), "password": ssh.Password(password)} {
			g.expectLogin(t, management, managementGuest, how, method)
			g.expectLogin(t, external, externalGuest, how, method)
		}
		g.expectReplies(t, management, managementGuest)
		g.expectReplies(t, external, externalGuest)
	}
	g.start(t, made, from(management, managementGuest))
	t.Run("first boot", check)
	g.reboot(t)
	t.Run("after a reboot", check)
}

// TestMacvlanBehindBridge boots the same machine where KubeVirt has no such binding: nothing reaches the guest, which is what
// the operator says of such a network.
func TestMacvlanBehindBridge(t *testing.T) {
	made := produce(t, seed(t, "vm-network-plan-5.1"), false)[0]
	w := newWorld(t)
	w.needs(t, "macvlan", "ens160")
	management := w.station(t, "management", "ens160", managementFar, managementGateway)
	g := newGuest(t, w, "ubuntu")
	g.start(t, made, nil)
	g.expectPings(t, management, managementGuest, managementGateway.Addr(), 0)
}
