// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"crypto/sha256"
	"net"
)

// deriveMAC gives a NIC an address that is the same at each run and differs between nodes.
func deriveMAC(node, name string) string {
	sum := sha256.Sum256([]byte(node + "/" + name))
	mac := net.HardwareAddr(sum[:6])
	// Locally administered, unicast: it cannot collide with a real vendor's or be taken for a group address.
	mac[0] = mac[0]&^0x01 | 0x02
	return mac.String()
}
