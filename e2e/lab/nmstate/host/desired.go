// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"bytes"
	"encoding/json"
	"strings"

	"sigs.k8s.io/yaml"
)

// desiredState is the part of nmstate's schema that the model understands. Interfaces are decoded one by one, so that
// an unknown key is reported with the interface it stands in.
type desiredState struct {
	Interfaces []json.RawMessage `json:"interfaces"`
	Routes     *desiredRoutes    `json:"routes"`
	DNS        *desiredDNS       `json:"dns-resolver"`

	interfaces []desiredInterface
}

type desiredInterface struct {
	Name        string          `json:"name"`
	Type        string          `json:"type"`
	State       string          `json:"state"`
	Description string          `json:"description"`
	ProfileName string          `json:"profile-name"`
	Identifier  string          `json:"identifier"`
	MTU         *int            `json:"mtu"`
	MAC         string          `json:"mac-address"`
	CopyMACFrom string          `json:"copy-mac-from"`
	Controller  *string         `json:"controller"`
	IPv4        *desiredIP      `json:"ipv4"`
	IPv6        *desiredIP      `json:"ipv6"`
	VLAN        *desiredVLAN    `json:"vlan"`
	Bridge      *desiredBridge  `json:"bridge"`
	Bond        *desiredBond    `json:"link-aggregation"`
	LLDP        json.RawMessage `json:"lldp"`
	Ethernet    json.RawMessage `json:"ethernet"`
	Ethtool     json.RawMessage `json:"ethtool"`
	Patch       json.RawMessage `json:"patch"`
	OVSDB       json.RawMessage `json:"ovs-db"`
	WaitIP      json.RawMessage `json:"wait-ip"`
	Promiscuous json.RawMessage `json:"accept-all-mac-addresses"`
	MinMTU      json.RawMessage `json:"min-mtu"`
	MaxMTU      json.RawMessage `json:"max-mtu"`
	Permanent   json.RawMessage `json:"permanent-mac-address"`
}

type desiredIP struct {
	Enabled     *bool            `json:"enabled"`
	DHCP        *bool            `json:"dhcp"`
	Autoconf    *bool            `json:"autoconf"`
	Address     []desiredAddress `json:"address"`
	AutoDNS     json.RawMessage  `json:"auto-dns"`
	AutoGateway json.RawMessage  `json:"auto-gateway"`
	AutoRoutes  json.RawMessage  `json:"auto-routes"`
	AutoTable   json.RawMessage  `json:"auto-route-table-id"`
	AutoMetric  json.RawMessage  `json:"auto-route-metric"`
	ClientID    json.RawMessage  `json:"dhcp-client-id"`
	DUID        json.RawMessage  `json:"dhcp-duid"`
	AddrGen     json.RawMessage  `json:"addr-gen-mode"`
	Custom      json.RawMessage  `json:"dhcp-custom-hostname"`
	SendHost    json.RawMessage  `json:"dhcp-send-hostname"`
}

type desiredAddress struct {
	IP        string          `json:"ip"`
	Prefix    int             `json:"prefix-length"`
	Valid     json.RawMessage `json:"valid-left"`
	Preferred json.RawMessage `json:"preferred-left"`
	MPTCP     json.RawMessage `json:"mptcp-flags"`
}

type desiredVLAN struct {
	Base         string          `json:"base-iface"`
	ID           *int            `json:"id"`
	Protocol     string          `json:"protocol"`
	Registration json.RawMessage `json:"registration-protocol"`
	Reorder      json.RawMessage `json:"reorder-headers"`
	Loose        json.RawMessage `json:"loose-binding"`
}

type desiredBridge struct {
	Options    desiredBridgeOptions `json:"options"`
	Port       *[]desiredPort       `json:"port"`
	ExtraPatch json.RawMessage      `json:"allow-extra-patch-ports"`
}

// desiredBridgeOptions takes any key: the options differ by bridge type and only STP means something to the model.
type desiredBridgeOptions map[string]json.RawMessage

type desiredPort struct {
	Name        string          `json:"name"`
	VLAN        map[string]any  `json:"vlan"`
	Hairpin     json.RawMessage `json:"stp-hairpin-mode"`
	PathCost    json.RawMessage `json:"stp-path-cost"`
	Priority    json.RawMessage `json:"stp-priority"`
	Aggregation json.RawMessage `json:"link-aggregation"`
}

type desiredBond struct {
	Mode    string          `json:"mode"`
	Port    *[]string       `json:"port"`
	Options json.RawMessage `json:"options"`
	Config  json.RawMessage `json:"ports-config"`
}

type desiredRoutes struct {
	Config  []desiredRoute  `json:"config"`
	Running json.RawMessage `json:"running"`
}

type desiredRoute struct {
	State       string `json:"state"`
	Destination string `json:"destination"`
	Interface   string `json:"next-hop-interface"`
	Gateway     string `json:"next-hop-address"`
	Table       int    `json:"table-id"`
	Metric      int    `json:"metric"`
}

type desiredDNS struct {
	Config  *desiredDNSConfig `json:"config"`
	Running json.RawMessage   `json:"running"`
}

type desiredDNSConfig struct {
	Server []string        `json:"server"`
	Search json.RawMessage `json:"search"`
}

// parse reads a desired state as strictly as nmstate does where a typing error is likely: inside interfaces.
func parse(document []byte) (desiredState, error) {
	var desired desiredState
	raw, err := yaml.YAMLToJSON(document)
	if err != nil {
		return desired, invalid("Invalid YAML string: %v", err)
	}
	if err := json.Unmarshal(raw, &desired); err != nil {
		return desired, invalid("Invalid YAML string: %v", err)
	}
	for _, entry := range desired.Interfaces {
		link, err := parseInterface(entry)
		if err != nil {
			return desired, err
		}
		desired.interfaces = append(desired.interfaces, link)
	}
	return desired, nil
}

func parseInterface(entry json.RawMessage) (desiredInterface, error) {
	var link desiredInterface
	var name struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(entry, &name); err != nil {
		return link, invalid("Invalid interface: %v", err)
	}
	strict := json.NewDecoder(bytes.NewReader(entry))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&link); err != nil {
		return link, invalid("Interface %s: %s", name.Name, strings.TrimPrefix(err.Error(), "json: "))
	}
	return link, nil
}

// stp reads both spellings that nmstate takes: a boolean (OVS) and an object with enabled.
func (o desiredBridgeOptions) stp(otherwise bool) bool {
	option, written := o["stp"]
	if !written {
		return otherwise
	}
	var plain bool
	if json.Unmarshal(option, &plain) == nil {
		return plain
	}
	var object struct {
		Enabled *bool `json:"enabled"`
	}
	if json.Unmarshal(option, &object) == nil && object.Enabled != nil {
		return *object.Enabled
	}
	return otherwise
}
