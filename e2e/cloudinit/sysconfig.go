// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
)

// readSysconfig reads the files that initscripts and NetworkManager's ifcfg-rh read (sysconfig.txt of initscripts).
func readSysconfig(outcome Outcome, path, content string) error {
	kind, name, _ := strings.Cut(filepath.Base(path), "-")
	values := map[string]string{}
	for _, line := range settings(content) {
		values[line[1]] = strings.Trim(line[2], `"`)
	}
	switch kind {
	case "ifcfg":
		return outcome.nic(name).readIfcfg(values)
	case "route":
		return outcome.nic(name).readRoutes(values)
	case "route6":
		return outcome.nic(name).readRoutes6(content)
	}
	return nil
}

func (n *NIC) readIfcfg(values map[string]string) error {
	n.MAC, n.MTU = values["HWADDR"], values["MTU"]
	n.DHCP4, n.DHCP6 = values["BOOTPROTO"] == "dhcp", values["DHCPV6C"] == "yes"
	n.DHCPMetric = values["METRIC"]
	n.SearchDomains = strings.Fields(values["DOMAIN"])
	for i := range 16 {
		number := ""
		if i > 0 {
			number = fmt.Sprint(i)
		}
		if address := values["IPADDR"+number]; address != "" {
			if err := n.addAddress(address + "/" + prefixLength(values["NETMASK"+number])); err != nil {
				return err
			}
		}
		if server := values[fmt.Sprintf("DNS%d", i)]; server != "" {
			n.DNS = append(n.DNS, server)
		}
	}
	for address := range strings.FieldsSeq(values["IPV6ADDR"] + " " + values["IPV6ADDR_SECONDARIES"]) {
		if err := n.addAddress(address); err != nil {
			return err
		}
	}
	if gateway := values["GATEWAY"]; gateway != "" {
		if err := n.addRoute("0.0.0.0/0", gateway, values["METRIC"]); err != nil {
			return err
		}
	}
	if gateway := values["IPV6_DEFAULTGW"]; gateway != "" {
		return n.addRoute("::/0", gateway, "")
	}
	return nil
}

func (n *NIC) readRoutes(values map[string]string) error {
	for i := 0; values[fmt.Sprintf("ADDRESS%d", i)] != ""; i++ {
		number := fmt.Sprint(i)
		to := values["ADDRESS"+number] + "/" + prefixLength(values["NETMASK"+number])
		if err := n.addRoute(to, values["GATEWAY"+number], values["METRIC"+number]); err != nil {
			return err
		}
	}
	return nil
}

// readRoutes6 reads lines such as "2001:db8::/32 via 2001:db8:1::1 metric 5 dev lan".
func (n *NIC) readRoutes6(content string) error {
	for line := range strings.Lines(content) {
		words := strings.Fields(line)
		if len(words) < 3 || words[1] != "via" {
			continue
		}
		metric := ""
		if len(words) > 4 && words[3] == "metric" {
			metric = words[4]
		}
		if err := n.addRoute(words[0], words[2], metric); err != nil {
			return err
		}
	}
	return nil
}

func prefixLength(mask string) string {
	address, err := netip.ParseAddr(mask)
	if err != nil {
		return mask
	}
	ones, _ := net.IPMask(address.AsSlice()).Size()
	return fmt.Sprint(ones)
}
