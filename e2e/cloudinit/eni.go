// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"fmt"
	"strings"
)

// readENI reads /etc/network/interfaces (interfaces(5)), and the rules by which udev finds the NICs.
func readENI(outcome Outcome, path, content string) error {
	if strings.HasSuffix(path, ".rules") {
		return readUdev(outcome, content)
	}
	nic := &NIC{}
	for line := range strings.Lines(content) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		if words[0] == "iface" && words[1] != "lo" {
			nic = outcome.nic(words[1])
			nic.DHCP4 = nic.DHCP4 || words[2] == "inet" && words[3] == "dhcp"
			nic.DHCP6 = nic.DHCP6 || words[2] == "inet6" && words[3] == "dhcp"
			continue
		}
		if words[1] == "lo" {
			nic = &NIC{}
		}
		if err := nic.eniSetting(words); err != nil {
			return err
		}
	}
	return nil
}

func (n *NIC) eniSetting(words []string) error {
	switch words[0] {
	case "address":
		return n.addAddress(words[1])
	case "mtu":
		n.MTU = words[1]
	case "metric":
		n.DHCPMetric = words[1]
	case "dns-nameservers":
		n.DNS = words[1:]
	case "dns-search":
		n.SearchDomains = words[1:]
	case "post-up":
		return n.eniRoute(words[1:])
	}
	return nil
}

// eniRoute reads a command such as "route add -net 10.0.0.0/8 gw 10.0.0.1 metric 5 || true".
func (n *NIC) eniRoute(words []string) error {
	to, via, metric := "0.0.0.0/0", "", ""
	for i := 2; i+1 < len(words); i++ {
		switch words[i] {
		case "-net", "-host", "inet6":
			to = words[i+1]
		case "gw":
			via = words[i+1]
		case "metric":
			metric = words[i+1]
		}
	}
	switch {
	case words[0] != "route" || words[1] != "add":
		return fmt.Errorf("%q is no route", words)
	case to == "default":
		to = "::/0"
	case !strings.Contains(to, "/"):
		to += "/32"
	}
	return n.addRoute(to, via, metric)
}

// readUdev reads the rules that name NICs.
func readUdev(outcome Outcome, content string) error {
	for line := range strings.Lines(content) {
		_, rest, _ := strings.Cut(line, `ATTR{address}=="`)
		mac, rest, _ := strings.Cut(rest, `"`)
		_, rest, _ = strings.Cut(rest, `NAME="`)
		name, _, _ := strings.Cut(rest, `"`)
		outcome.nic(name).MAC = mac
	}
	return nil
}
