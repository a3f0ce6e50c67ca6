// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"regexp"
	"strings"
)

var (
	keyfileAddress = regexp.MustCompile(`^address[0-9]+$`)
	keyfileRoute   = regexp.MustCompile(`^route[0-9]+$`)
)

// readKeyfile reads a profile of NetworkManager (nm-settings-keyfile(5)). Routes that stand in the section of the other family
// do not count, since NetworkManager leaves them out.
func readKeyfile(outcome Outcome, path, content string) error {
	if !strings.HasSuffix(path, ".nmconnection") {
		return nil
	}
	nic := &NIC{}
	for _, line := range settings(content) {
		section, _, _ := strings.Cut(line[0], " ")
		if section == "connection" && line[1] == "id" {
			nic = outcome.nic(strings.TrimPrefix(line[2], "cloud-init "))
		}
		if err := nic.keyfileSetting(section, line[1], line[2]); err != nil {
			return err
		}
	}
	return nil
}

func (n *NIC) keyfileSetting(section, key, value string) error {
	switch {
	case section == "ipv4" || section == "ipv6":
		return n.keyfileIP(section == "ipv6", key, value)
	case section == "ethernet" && key == "mac-address":
		n.MAC = strings.ToLower(value)
	case section == "ethernet" && key == "mtu":
		n.MTU = value
	}
	return nil
}

func (n *NIC) keyfileIP(six bool, key, value string) error {
	switch {
	case key == "method" && value == "auto":
		n.DHCP4, n.DHCP6 = n.DHCP4 || !six, n.DHCP6 || six
	case keyfileAddress.MatchString(key):
		return n.addAddress(strings.Split(value, ",")[0])
	case keyfileRoute.MatchString(key):
		parts := strings.Split(value+",,", ",")
		if strings.Contains(parts[0], ":") == six {
			return n.addRoute(parts[0], parts[1], parts[2])
		}
	case key == "dns":
		n.DNS = append(n.DNS, words(value)...)
	case key == "dns-search":
		n.SearchDomains = append(n.SearchDomains, words(value)...)
	case key == "route-metric" && !six:
		n.DHCPMetric = value
	}
	return nil
}

// words returns the elements of a list, each of which ends with a semicolon.
func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ';' })
}
