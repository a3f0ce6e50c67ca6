// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"fmt"
	"strings"
)

// readNetworkd reads a .network file of systemd-networkd (systemd.network(5)), and the name of a NIC.
func readNetworkd(outcome Outcome, path, content string) error {
	if !strings.HasSuffix(path, ".network") {
		return nil
	}
	lines := settings(content)
	nic := &NIC{}
	for _, line := range lines {
		if strings.HasPrefix(line[0], "Match ") && line[1] == "Name" {
			nic = outcome.nic(line[2])
		}
	}
	routes := map[string]map[string]string{}
	var order []string
	for _, line := range lines {
		section, _, _ := strings.Cut(line[0], " ")
		if section == "Route" {
			if routes[line[0]] == nil {
				routes[line[0]] = map[string]string{}
				order = append(order, line[0])
			}
			routes[line[0]][line[1]] = line[2]
			continue
		}
		if err := nic.networkdSetting(section, line[1], line[2]); err != nil {
			return err
		}
	}
	for _, section := range order {
		route := routes[section]
		if err := nic.addRoute(route["Destination"], route["Gateway"], route["Metric"]); err != nil {
			return err
		}
		if _, found := route["Table"]; found {
			return fmt.Errorf("a route of a table of its own")
		}
	}
	return nil
}

func (n *NIC) networkdSetting(section, key, value string) error {
	switch section + "." + key {
	case "Match.MACAddress", "Match.PermanentMACAddress":
		n.MAC = value
	case "Network.Address", "Address.Address":
		return n.addAddress(value)
	case "Network.DHCP":
		n.DHCP4, n.DHCP6 = value == "yes" || value == "ipv4", value == "yes" || value == "ipv6"
	case "DHCP.RouteMetric", "DHCPv4.RouteMetric":
		n.DHCPMetric = value
	case "Network.DNS":
		n.DNS = append(n.DNS, strings.Fields(value)...)
	case "Network.Domains":
		n.SearchDomains = append(n.SearchDomains, strings.Fields(value)...)
	case "Link.MTUBytes":
		n.MTU = value
	}
	if strings.HasPrefix(section, "RoutingPolicyRule") {
		return fmt.Errorf("a rule of its own")
	}
	return nil
}
