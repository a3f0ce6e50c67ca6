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
	ip := section == "ipv4" || section == "ipv6"
	switch {
	case section == "ethernet" && key == "mac-address":
		n.MAC = strings.ToLower(value)
	case section == "ethernet" && key == "mtu":
		n.MTU = value
	case ip && key == "method" && value == "auto":
		n.DHCP4, n.DHCP6 = n.DHCP4 || section == "ipv4", n.DHCP6 || section == "ipv6"
	case ip && keyfileAddress.MatchString(key):
		return n.addAddress(strings.Split(value, ",")[0])
	case ip && keyfileRoute.MatchString(key):
		words := strings.Split(value+",,", ",")
		if strings.Contains(words[0], ":") == (section == "ipv6") {
			return n.addRoute(words[0], words[1], words[2])
		}
	case ip && key == "dns":
		n.DNS = append(n.DNS, strings.FieldsFunc(value, func(r rune) bool { return r == ';' })...)
	case ip && key == "dns-search":
		n.SearchDomains = append(n.SearchDomains, strings.FieldsFunc(value, func(r rune) bool { return r == ';' })...)
	case ip && key == "route-metric" && section == "ipv4":
		n.DHCPMetric = value
	}
	return nil
}
