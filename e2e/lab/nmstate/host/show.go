// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"net/netip"
	"strings"
)

// Show is the state as `nmstatectl show` and NodeNetworkState report it (nmstate.io, YAML API).
func (s State) Show() map[string]any {
	interfaces := make([]any, 0, len(s.Interfaces))
	for _, link := range s.List() {
		interfaces = append(interfaces, show(link))
	}
	running := make([]any, 0, len(s.Routes))
	for _, route := range s.Routes {
		running = append(running, showRoute(route))
	}
	servers := make([]any, 0, len(s.DNS))
	for _, server := range s.DNS {
		servers = append(servers, server)
	}
	return map[string]any{
		"interfaces":   interfaces,
		"routes":       map[string]any{"running": running, "config": running},
		"dns-resolver": map[string]any{"running": map[string]any{"server": servers}, "config": map[string]any{}},
	}
}

func show(link Interface) map[string]any {
	view := map[string]any{
		"name":        link.Name,
		"type":        link.Type,
		"state":       link.State,
		"mac-address": strings.ToUpper(link.MAC),
		"ipv4":        showIP(link.IPv4),
		"ipv6":        showIP(link.IPv6),
	}
	if link.Type != TypeOVSBridge {
		view["mtu"] = int64(link.MTU)
	}
	if link.Controller != "" {
		view["controller"] = link.Controller
	}
	if link.VLAN != nil {
		view["vlan"] = map[string]any{"base-iface": link.VLAN.Base, "id": int64(link.VLAN.ID), "protocol": "802.1q"}
	}
	switch {
	case link.isBridge():
		view["bridge"] = map[string]any{"options": showBridgeOptions(link), "port": showPorts(link.Ports)}
	case link.Type == TypeBond:
		ports := make([]any, 0, len(link.Ports))
		for _, name := range link.PortNames() {
			ports = append(ports, name)
		}
		view["link-aggregation"] = map[string]any{"port": ports}
	}
	return view
}

func showBridgeOptions(link Interface) map[string]any {
	if link.Type == TypeOVSBridge {
		return map[string]any{"stp": link.STP}
	}
	return map[string]any{"stp": map[string]any{"enabled": link.STP}}
}

func showPorts(ports []Port) []any {
	view := make([]any, 0, len(ports))
	for _, port := range ports {
		entry := map[string]any{"name": port.Name}
		if len(port.VLAN) > 0 {
			entry["vlan"] = port.VLAN
		}
		view = append(view, entry)
	}
	return view
}

func showIP(ip IP) map[string]any {
	if !ip.Enabled {
		return map[string]any{"enabled": false}
	}
	addresses := make([]any, 0, len(ip.Addresses))
	for _, cidr := range ip.Addresses {
		prefix, err := netip.ParsePrefix(cidr)
		if err != nil {
			continue
		}
		addresses = append(addresses, map[string]any{
			"ip": prefix.Addr().String(), "prefix-length": int64(prefix.Bits()),
		})
	}
	return map[string]any{"enabled": true, "dhcp": ip.DHCP, "address": addresses}
}

func showRoute(route Route) map[string]any {
	return map[string]any{
		"destination":        route.Destination,
		"next-hop-interface": route.Interface,
		"next-hop-address":   route.Gateway,
		"table-id":           int64(route.Table),
		"metric":             int64(route.Metric),
	}
}
