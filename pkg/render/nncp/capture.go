// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nncp

import "strconv"

// Names of captures. NMState evaluates them once for each node and keeps what they found, so that applying the policy
// again after the address has moved does not look for it in the wrong place (kubernetes-nmstate, docs/user-guide,
// "nmpolicy"; nmstate, examples/policy/bridge-on-default-gw-no-dhcp).
const (
	captureNIC          = "nic"
	captureNICRoutes    = "nic-routes"
	captureBridge       = "bridge"
	captureBridgeRoutes = "bridge-routes"
)

// captureFromNIC finds the NIC's addresses, and its routes as the bridge will have them.
func (b Bridge) captureFromNIC() map[string]string {
	return map[string]string{
		captureNIC:          "interfaces.name==" + strconv.Quote(b.Uplink),
		captureNICRoutes:    "routes.running.next-hop-interface==" + strconv.Quote(b.Uplink),
		captureBridgeRoutes: "capture." + captureNICRoutes + " | routes.running.next-hop-interface:=" + strconv.Quote(b.Name),
	}
}

// captureFromBridge finds the bridge's addresses, and its routes as the NIC will have them again.
func (b Bridge) captureFromBridge() map[string]string {
	return map[string]string{
		captureBridge:       "interfaces.name==" + strconv.Quote(b.Name),
		captureBridgeRoutes: "routes.running.next-hop-interface==" + strconv.Quote(b.Name),
		captureNICRoutes:    "capture." + captureBridgeRoutes + " | routes.running.next-hop-interface:=" + strconv.Quote(b.Uplink),
	}
}

// restored is the NIC as it was before the bridge took its addresses.
func (b Bridge) restored() networkInterface {
	return networkInterface{
		Name: b.Uplink, Type: typeEthernet, State: stateUp,
		IPv4: reference(captureBridge, "interfaces.0.ipv4"), IPv6: reference(captureBridge, "interfaces.0.ipv6"),
	}
}

// reference is what NMState replaces by a part of what a capture found.
func reference(capture, path string) string {
	return "{{ capture." + capture + "." + path + " }}"
}
