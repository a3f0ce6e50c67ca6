// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"crypto/sha256"
	"encoding/hex"
	"net"
)

// hashLength is how much of a network's hash is in the names of its links (KubeVirt 1.9, pkg/network/namescheme).
const hashLength = 11

// links are the names of what connects a NIC in the pod.
type links struct{ pod, nic, bridge, tap string }

func linksOf(network string) links {
	sum := sha256.Sum256([]byte(network))
	hash := hex.EncodeToString(sum[:])[:hashLength]
	return links{pod: "pod" + hash, nic: hash + "-nic", bridge: "k6t-" + hash, tap: "tap" + hash}
}

// bridgeMAC returns the MAC of the bridge in the pod. The kernel would pick one by chance, and udev may change it later.
func (l links) bridgeMAC() string {
	sum := sha256.Sum256([]byte(l.bridge))
	return net.HardwareAddr{0x02, 0xb6, sum[0], sum[1], sum[2], sum[3]}.String()
}
