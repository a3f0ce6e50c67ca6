// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
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

// severalWaysOut reports whether a reply could leave by another NIC than the request came in.
func severalWaysOut(nics []NIC) bool {
	exits := 0
	for _, nic := range nics {
		if nic.wayOut() {
			exits++
		}
	}
	return exits > 1
}

// survives reports whether every renderer of cloud-init keeps a route: the oldest lose metrics, make ::/64 of ::/0, and
// write routes of IPv6 where only those of IPv4 are read.
func survives(r route) bool {
	return !strings.Contains(r.To, ":") && (r.Metric == 0 || isDefault(r.To))
}

// losesRoutes reports whether some renderer does not keep a route of the NIC. Which metric the NIC gets does not matter.
func (n NIC) losesRoutes() bool {
	return slices.ContainsFunc(n.routes(metricStep), func(r route) bool { return !survives(r) })
}

// routing returns what the guest's routing.sh acts on, one item a line, empty where a machine has no need of it: it has
// no two ways out and only routes that every renderer keeps. The error names a value that is no address;
// validation lets none through.
//
// Tables and rules are kept by netplan alone when they stand in the network-config. Other renderers write the default
// of such a table into the main one, so the guest sees to them itself.
func routing(nics []NIC) (string, error) {
	metrics := defaultRouteMetrics(nics)
	several := severalWaysOut(nics)
	if !several && !slices.ContainsFunc(nics, NIC.losesRoutes) {
		return "", nil
	}
	var lines strings.Builder
	for i, nic := range nics {
		mac, err := net.ParseMAC(nic.MACAddress)
		if err != nil {
			return "", refuse("network %s: %q is no MAC address", nic.Network, nic.MACAddress)
		}
		for _, r := range nic.routes(metrics[i]) {
			line, err := routeLine(mac, r)
			if err != nil {
				return "", fmt.Errorf("network %s: %w", nic.Network, err)
			}
			lines.WriteString(line)
		}
		if several && nic.dhcp4() {
			fmt.Fprintf(&lines, "metric %s %d\n", mac, metrics[i])
		}
		if several && nic.wayOut() {
			fmt.Fprintf(&lines, "table %s %d\n", mac, FirstRoutingTable+i)
		}
	}
	return lines.String(), nil
}

func routeLine(mac net.HardwareAddr, r route) (string, error) {
	to, via, err := kernelRoute(r)
	if err != nil {
		return "", err
	}
	metric := "-"
	if r.Metric != 0 {
		metric = strconv.Itoa(int(r.Metric))
	}
	return fmt.Sprintf("route %s %s %s %s\n", mac, to, via, metric), nil
}

// kernelRoute returns a route's destination and router as the ip command prints them.
func kernelRoute(r route) (to, via string, err error) {
	destination, err := netip.ParsePrefix(r.To)
	if err != nil {
		return "", "", refuse("%q is no destination", r.To)
	}
	router, err := netip.ParseAddr(r.Via)
	if err != nil || router.Zone() != "" {
		return "", "", refuse("%q is no router's address", r.Via)
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
