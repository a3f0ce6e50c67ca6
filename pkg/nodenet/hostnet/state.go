// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package hostnet

import (
	"encoding/json"
	"errors"
	"fmt"

	"sigs.k8s.io/yaml"
)

// The types of this file are the part of NodeNetworkState.status.currentState that Parse reads (nmstate.io, "YAML
// API"). Trim writes them again, so whatever they do not name is left out of it.

type state struct {
	Interfaces []link `json:"interfaces"`
	Routes     routes `json:"routes,omitzero"`
}

type link struct {
	Name       string   `json:"name"`
	Type       string   `json:"type,omitempty"`
	State      string   `json:"state,omitempty"`
	Controller string   `json:"controller,omitempty"`
	MAC        string   `json:"mac-address,omitempty"`
	MTU        int64    `json:"mtu,omitempty"`
	IPv4       *ip      `json:"ipv4,omitempty"`
	IPv6       *ip      `json:"ipv6,omitempty"`
	VLAN       *vlan    `json:"vlan,omitempty"`
	Bridge     *bridge  `json:"bridge,omitempty"`
	Bond       *members `json:"link-aggregation,omitempty"`
}

type ip struct {
	// Enabled is a pointer since addresses without the key are addresses all the same.
	Enabled   *bool     `json:"enabled,omitempty"`
	DHCP      bool      `json:"dhcp,omitempty"`
	Addresses []address `json:"address,omitempty"`
}

type address struct {
	IP     string `json:"ip"`
	Prefix int    `json:"prefix-length"`
}

type vlan struct {
	Base string `json:"base-iface"`
	ID   int64  `json:"id"`
}

type bridge struct {
	Port  []port `json:"port,omitempty"`
	Ports []port `json:"ports,omitempty"`
}

type port struct {
	Name string `json:"name"`
	// Bond is set for a bond inside an Open vSwitch bridge.
	Bond *members `json:"link-aggregation,omitempty"`
}

type members struct {
	Port  []member `json:"port,omitempty"`
	Ports []member `json:"ports,omitempty"`
}

// member is the port of a bond: a name, or inside an Open vSwitch bridge an object with a name.
type member string

// errBondPort is returned for a member of a bond in neither spelling.
var errBondPort = errors.New("reading the port of a bond: it is neither a name nor an object with one")

// UnmarshalJSON reads both spellings.
func (m *member) UnmarshalJSON(raw []byte) error {
	var name string
	if json.Unmarshal(raw, &name) == nil {
		*m = member(name)
		return nil
	}
	var object struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(raw, &object); err != nil {
		return errBondPort
	}
	*m = member(object.Name)
	return nil
}

type routes struct {
	Running []route `json:"running,omitempty"`
}

type route struct {
	Destination string `json:"destination"`
	Interface   string `json:"next-hop-interface"`
	Table       int64  `json:"table-id,omitempty"`
}

// read decodes a state. What the API server sends is JSON, which is read as such because a node with many bridges
// reports a megabyte of it; the API's Go type hands out the same as YAML (kubernetes-nmstate, api/shared).
func read(raw []byte) (state, error) {
	var s state
	unmarshal := func(raw []byte, into any) error { return yaml.Unmarshal(raw, into) }
	if json.Valid(raw) {
		unmarshal = json.Unmarshal
	}
	if err := unmarshal(raw, &s); err != nil {
		return state{}, fmt.Errorf("reading the network state: %w", unreadable(err))
	}
	return s, nil
}
