// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2eguest

package guest

import (
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/naming"
)

const (
	password = "Flaming-Mountain"
	// passwordHash is the password's, made with: openssl passwd -6 -salt wukong
	passwordHash = "$6$wukong$pagA58IDaI97kJ/Di1OZPoM7amDP6WIh.5.IaZ5SCI6CL2Z63qmXsC37ZFwQehxhh7h/4bo00Sr.4UJHeS4S8."
)

var (
	lanGuest    = netip.MustParseAddr("10.20.0.10")
	lanGuestV6  = netip.MustParseAddr("2001:db8:20::10")
	lanRouter   = netip.MustParsePrefix("10.20.0.1/24")
	lanRouterV6 = netip.MustParsePrefix("2001:db8:20::1/64")
	wanGuest    = netip.MustParseAddr("10.30.0.10")
	wanRouter   = netip.MustParsePrefix("10.30.0.1/24")
	movedGuest  = netip.MustParseAddr("10.20.0.11")
)

// settled returns a Wukong that says something of everything a guest can be told.
func settled() *vmv1alpha1.Wukong {
	wukong := &vmv1alpha1.Wukong{
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: "settled"},
		Spec: vmv1alpha1.WukongSpec{
			SSHKeySecret: sshKeySecret,
			CloudInitUser: &vmv1alpha1.CloudInitUser{
				Name: "monkey", PasswordHash: passwordHash, Sudo: "ALL=(ALL) NOPASSWD:ALL", Shell: "/bin/bash", Groups: []string{"adm"},
			},
			Networks: []vmv1alpha1.Network{
				{Name: "default"},
				{Name: "lan", Type: vmv1alpha1.NetworkTypeBridge, BridgeName: "br-lan", MTU: new(int32(1400)), IPConfig: &vmv1alpha1.IPConfig{
					Mode: vmv1alpha1.IPModeStatic, Address: "10.20.0.10/24", Addresses: []vmv1alpha1.InterfaceAddress{"2001:db8:20::10/64"},
					Gateway: "10.20.0.1", DNSServers: []vmv1alpha1.IPAddress{"10.20.0.53", "2001:db8:20::53"},
					Routes: []vmv1alpha1.Route{{To: "172.16.0.0/12", Via: "10.20.0.254", Metric: new(int32(50))}},
				}},
				{Name: "wan", Type: vmv1alpha1.NetworkTypeBridge, BridgeName: "br-wan", Uplink: "ens161", IPConfig: &vmv1alpha1.IPConfig{
					Mode: vmv1alpha1.IPModeStatic, Address: "10.30.0.10/24", Gateway: "10.30.0.1", DNSServers: []vmv1alpha1.IPAddress{"10.30.0.53"},
				}},
			},
		},
	}
	wukong.Spec.Firewall = &vmv1alpha1.Firewall{Allow: []vmv1alpha1.FirewallRule{
		{From: "10.20.0.0/24", Port: sshPort, Protocol: "tcp"}, {Port: openPort, Protocol: "tcp"},
	}}
	return wukong
}

// TestSettings boots a machine that says something of everything, boots it again, and starts it again with another address.
func TestSettings(t *testing.T) {
	products := produce(t, settled(), false, func(wukong *vmv1alpha1.Wukong) {
		wukong.Spec.Networks[1].IPConfig.Address = "10.20.0.11/24"
	})
	w := newWorld(t)
	for bridge, port := range products[0].ports {
		w.bridge(t, bridge, port)
	}
	lan := w.station(t, "lan", products[0].ports["br-lan"], managementFar, lanRouter, lanRouterV6)
	wan := w.station(t, "wan", products[0].ports["br-wan"], externalFar, wanRouter)
	g := newGuest(t, w, "monkey")
	check := func(address netip.Addr) func(*testing.T) {
		return func(t *testing.T) {
			g.expectPings(t, lan, address, lanRouter.Addr(), pings)
			g.expectPings(t, lan, lanGuestV6, lanRouterV6.Addr(), pings)
			g.expectPings(t, wan, wanGuest, wanRouter.Addr(), pings)
			g.expectLogin(t, lan, address, "key", ssh.PublicKeys(key()))
			g.expectLogin(t, lan, address, "password", ssh.Password(password))
			g.expectNoLogin(t, lan, address, "a wrong password", ssh.Password("Iron-Fan"))
			g.expectSettings(t)
			g.expectReplies(t, lan, address)
			g.expectReplies(t, wan, wanGuest)
			g.expectFilter(t, lan, address, wan)
		}
	}
	g.start(t, products[0], from(lan, lanGuest))
	t.Run("first boot", check(lanGuest))
	g.reboot(t)
	t.Run("after a reboot", check(lanGuest))
	g.restart(t, products[1], from(lan, movedGuest))
	t.Run("with another address", func(t *testing.T) {
		check(movedGuest)(t)
		gone, err := lan.Ping(t.Context(), netip.Addr{}, lanGuest, 1)
		if err != nil {
			t.Fatal(err)
		}
		if gone.Answered != 0 {
			t.Errorf("pings to the address before, %s: %s", lanGuest, gone)
		}
	})
}

// expectSettings looks at what the guest itself says of its network.
func (g *guest) expectSettings(t *testing.T) {
	t.Helper()
	lan, wan, pod := naming.GuestInterface("lan"), naming.GuestInterface("wan"), naming.GuestInterface("default")
	g.expectRoutes(t,
		route{To: "default", Via: "10.20.0.1", Device: lan, Metric: 100},
		route{To: "172.16.0.0/12", Via: "10.20.0.254", Device: lan, Metric: 50},
		route{To: "default", Via: "10.30.0.1", Device: wan, Metric: 200},
		route{To: "default", Via: "10.0.2.1", Device: pod, Metric: 300},
	)
	for question, want := range map[string]string{
		"resolvectl dns " + lan + " | cut -d: -f2-":      "10.20.0.53 2001:db8:20::53",
		"resolvectl dns " + wan + " | cut -d: -f2-":      "10.30.0.53",
		"readlink -f /etc/resolv.conf":                   "/run/systemd/resolve/stub-resolv.conf",
		"cat /sys/class/net/" + lan + "/mtu":             "1400",
		"hostname":                                       "settled",
		"id -nG | tr ' ' '\n' | grep -x adm":             "adm",
		"getent passwd monkey | cut -d: -f7":             "/bin/bash",
		"sudo id -un":                                    "root",
		"sudo cloud-init query v1.instance_id | tail -1": g.pod.UUID(),
	} {
		if got := strings.TrimSpace(g.ask(t, question)); got != want {
			t.Errorf("%s: %q, want %q", question, got, want)
		}
	}
}

// expectNoLogin fails the test when a login succeeds.
func (g *guest) expectNoLogin(t *testing.T, s station, address netip.Addr, how string, method ssh.AuthMethod) {
	t.Helper()
	if entered, err := g.logIn(t.Context(), s, address, method); err == nil {
		_ = entered.Close()
		t.Errorf("ssh %s@%s by %s: in", g.user, address, how)
	}
}

// expectFilter looks from both networks at what the firewall lets in.
func (g *guest) expectFilter(t *testing.T, lan station, lanAddress netip.Addr, wan station) {
	t.Helper()
	g.serve(t, openPort, closedPort)
	g.expectPort(t, lan, lanAddress, sshPort, true)
	g.expectPort(t, wan, wanGuest, sshPort, false)
	for _, station := range []struct {
		station
		guest netip.Addr
	}{{lan, lanAddress}, {wan, wanGuest}} {
		g.expectPort(t, station.station, station.guest, openPort, true)
		g.expectPort(t, station.station, station.guest, closedPort, false)
	}
}
