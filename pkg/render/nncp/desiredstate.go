// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nncp

import vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"

// The types of this file are the part of nmstate's schema that Wukong writes (nmstate.io, "YAML API").

type desiredState struct {
	Interfaces []networkInterface `json:"interfaces"`
	Routes     *routes            `json:"routes,omitempty"`
	RouteRules *routeRules        `json:"route-rules,omitempty"`
}

// routes are written as a reference to what a capture found.
type routes struct {
	Config string `json:"config"`
}

// routeRules are written empty, which changes nothing on a node.
type routeRules struct {
	Config []struct{} `json:"config"`
}

type networkInterface struct {
	Name   string        `json:"name"`
	Type   string        `json:"type"`
	State  string        `json:"state"`
	MAC    string        `json:"mac-address,omitempty"`
	MTU    int32         `json:"mtu,omitempty"`
	VLAN   *vlanConfig   `json:"vlan,omitempty"`
	IPv4   any           `json:"ipv4,omitempty"`
	IPv6   any           `json:"ipv6,omitempty"`
	Bridge *bridgeConfig `json:"bridge,omitempty"`
}

type vlanConfig struct {
	BaseInterface string `json:"base-iface"`
	ID            int32  `json:"id"`
}

type ipConfig struct {
	Enabled bool `json:"enabled"`
}

type bridgeConfig struct {
	Options bridgeOptions `json:"options"`
	Ports   []bridgePort  `json:"port"`
}

type bridgeOptions struct {
	STP stpOptions `json:"stp"`
}

type stpOptions struct {
	Enabled bool `json:"enabled"`
}

type bridgePort struct {
	Name string `json:"name"`
	// VLAN is written, and empty, to keep VLAN filtering off: without the key kubernetes-nmstate makes the
	// port a trunk of all VLANs, and the tag would be looked for a second time.
	VLAN *struct{} `json:"vlan,omitempty"`
}

const (
	stateUp     = "up"
	stateAbsent = "absent"
	typeVLAN    = "vlan"
	// typeEthernet is the type of a NIC.
	typeEthernet = "ethernet"
)

func (b Bridge) present() []networkInterface {
	port := bridgePort{Name: b.Port()}
	bridge := networkInterface{
		Name: b.Name, Type: string(b.Type), State: stateUp,
		// STP is NetworkManager's default: half a minute without traffic, and BPDUs on a switch port that
		// may be guarded against them.
		Bridge: &bridgeConfig{Options: bridgeOptions{STP: stpOptions{Enabled: false}}},
	}
	if b.Type == vmv1alpha1.BridgeTypeLinux {
		// An Open vSwitch bridge takes neither an MTU nor addresses: those belong to its internal interface.
		bridge.MTU = b.writtenMTU()
		bridge.IPv4, bridge.IPv6 = &ipConfig{}, &ipConfig{}
	}
	if b.HostIP {
		bridge.MAC = reference(captureNIC, "interfaces.0.mac-address")
		bridge.IPv4, bridge.IPv6 = reference(captureNIC, "interfaces.0.ipv4"), reference(captureNIC, "interfaces.0.ipv6")
	}
	if b.VLANID == 0 {
		bridge.Bridge.Ports = []bridgePort{port}
		return []networkInterface{bridge}
	}
	if b.Type == vmv1alpha1.BridgeTypeLinux {
		port.VLAN = &struct{}{}
	}
	bridge.Bridge.Ports = []bridgePort{port}
	vlan := networkInterface{
		Name: b.Port(), Type: typeVLAN, State: stateUp, MTU: b.writtenMTU(),
		VLAN: &vlanConfig{BaseInterface: b.Uplink, ID: b.VLANID},
		IPv4: &ipConfig{}, IPv6: &ipConfig{},
	}
	return []networkInterface{vlan, bridge}
}

func (b Bridge) absent() []networkInterface {
	absent := []networkInterface{{Name: b.Name, Type: string(b.Type), State: stateAbsent}}
	if b.VLANID != 0 {
		absent = append(absent, networkInterface{Name: b.Port(), Type: typeVLAN, State: stateAbsent})
	}
	return absent
}
