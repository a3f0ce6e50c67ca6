// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nncp

import (
	"cmp"
	"strconv"
)

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
	captures := map[string]string{captureNIC: named(b.Uplink)}
	if b.HostRoutes {
		captures[captureNICRoutes], captures[captureBridgeRoutes] = through(b.Uplink), redirected(captureNICRoutes, b.Name)
	}
	return captures
}

// captureFromBridge finds the bridge's addresses, and its routes as the NIC will have them again.
func (b Bridge) captureFromBridge() map[string]string {
	captures := map[string]string{captureBridge: named(b.Name)}
	if b.HostRoutes {
		captures[captureBridgeRoutes], captures[captureNICRoutes] = through(b.Name), redirected(captureBridgeRoutes, b.Uplink)
	}
	return captures
}

// named, through and redirected are nmpolicy's expressions for an interface, for the routes through it, and for routes that
// are to go through another one.
func named(link string) string { return "interfaces.name==" + strconv.Quote(link) }

func through(link string) string { return "routes.running.next-hop-interface==" + strconv.Quote(link) }

func redirected(capture, link string) string {
	return "capture." + capture + " | routes.running.next-hop-interface:=" + strconv.Quote(link)
}

// restored is the NIC as it was before the bridge took its addresses.
func (b Bridge) restored() networkInterface {
	return networkInterface{
		Name: b.Uplink, Type: cmp.Or(b.UplinkType, typeEthernet), State: stateUp,
		IPv4: reference(captureBridge, "interfaces.0.ipv4"), IPv6: reference(captureBridge, "interfaces.0.ipv6"),
	}
}

// reference is what NMState replaces by a part of what a capture found.
func reference(capture, path string) string {
	return "{{ capture." + capture + "." + path + " }}"
}
