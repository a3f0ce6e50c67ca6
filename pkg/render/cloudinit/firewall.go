// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"fmt"
	"net/netip"
	"strings"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// allowed returns what the guest's firewall.sh lets in, one rule a line. The error is a *ValueError.
func allowed(firewall *vmv1alpha1.Firewall) (string, error) {
	var lines strings.Builder
	for i, rule := range firewall.Allow {
		protocol := rule.Protocol
		switch protocol {
		case "":
			protocol = "tcp"
		case "tcp", "udp":
		default:
			return "", refuse("firewall rule %d: %q is neither tcp nor udp", i+1, protocol)
		}
		if rule.Port < 1 || rule.Port > 65535 {
			return "", refuse("firewall rule %d: %d is no port", i+1, rule.Port)
		}
		from := "any"
		if rule.From != "" {
			block, err := netip.ParsePrefix(string(rule.From))
			if err != nil {
				return "", refuse("firewall rule %d: %q is no block of addresses", i+1, rule.From)
			}
			from = block.Masked().String()
		}
		fmt.Fprintf(&lines, "%s %d %s\n", protocol, rule.Port, from)
	}
	return lines.String(), nil
}

// firewallCommands returns what makes the guest filter; none without a firewall.
func firewallCommands(firewall *vmv1alpha1.Firewall) ([]command, error) {
	if firewall == nil {
		return nil, nil
	}
	rules, err := allowed(firewall)
	if err != nil {
		return nil, err
	}
	program, err := placeProgram("firewall.sh")
	if err != nil {
		return nil, err
	}
	return []command{place("firewall", rules), program, {"sh", guestFolder + "firewall.sh"}}, nil
}
