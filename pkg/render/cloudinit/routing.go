// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// FirstRoutingTable is the number of the routing table of a machine's first network in the guest; the others' follow in the
// networks' order. It is also the priority of the rules that lead to the table. Other programs mostly use numbers up
// to 1000, and the kernel's own main table is asked at priority 32766.
const FirstRoutingTable = 20001

// wayOut reports whether a NIC leads beyond its own subnet: a default route is declared, or a DHCP server or a router
// may announce one.
func (n NIC) wayOut() bool { return n.dhcp() || n.declaresDefault() }

// declaresDefault reports whether a default route through the NIC is declared.
func (n NIC) declaresDefault() bool {
	if n.IPConfig == nil {
		return false
	}
	for _, r := range n.IPConfig.Routes {
		if isDefault(string(r.To)) {
			return true
		}
	}
	return n.IPConfig.Gateway != ""
}

// routing returns what the guest's routing.sh acts on, one item a line, empty where a machine has no two ways out: then
// every reply leaves by the only one. The error names a value that is no address; validation lets none through.
//
// Only netplan keeps tables and rules that stand in the network-config. Other renderers write the default of
// such a table into the main one, and the oldest lose the metrics of all routes, so that the guest sees to both itself.
func routing(nics []NIC) (string, error) {
	exits := 0
	for _, nic := range nics {
		if nic.wayOut() {
			exits++
		}
	}
	if exits < 2 {
		return "", nil
	}
	var lines strings.Builder
	metrics := defaultRouteMetrics(nics)
	for i, nic := range nics {
		mac, err := net.ParseMAC(nic.MACAddress)
		if err != nil {
			return "", fmt.Errorf("network %s: %q is no MAC address", nic.Network, nic.MACAddress)
		}
		for _, r := range nic.routes(metrics[i]) {
			if r.Metric == 0 {
				continue
			}
			to, via, err := kernelRoute(r)
			if err != nil {
				return "", fmt.Errorf("network %s: %w", nic.Network, err)
			}
			fmt.Fprintf(&lines, "route %s %s %s %d\n", mac, to, via, r.Metric)
		}
		if nic.dhcp4() {
			fmt.Fprintf(&lines, "metric %s %d\n", mac, metrics[i])
		}
		if nic.wayOut() {
			fmt.Fprintf(&lines, "table %s %d\n", mac, FirstRoutingTable+i)
		}
	}
	return lines.String(), nil
}

// kernelRoute returns a route's destination and router as the ip command prints them.
func kernelRoute(r route) (to, via string, err error) {
	destination, err := netip.ParsePrefix(r.To)
	if err != nil {
		return "", "", fmt.Errorf("%q is no destination", r.To)
	}
	router, err := netip.ParseAddr(r.Via)
	if err != nil || router.Zone() != "" {
		return "", "", fmt.Errorf("%q is no router's address", r.Via)
	}
	switch {
	case destination.Bits() == 0:
		to = "default"
	case destination.IsSingleIP():
		to = destination.Addr().String()
	default:
		to = destination.Masked().String()
	}
	return to, router.String(), nil
}

// routingCommands returns what makes the guest keep its routes; none where it has no need to.
func routingCommands(nics []NIC) ([]command, error) {
	wanted, err := routing(nics)
	if err != nil || wanted == "" {
		return nil, err
	}
	program, err := placeProgram("routing.sh")
	if err != nil {
		return nil, err
	}
	start, err := service("wukong-routing", "routing.sh")
	if err != nil {
		return nil, err
	}
	return []command{place("routing", wanted), program, start}, nil
}
