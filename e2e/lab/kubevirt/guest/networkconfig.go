// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"

	"sigs.k8s.io/yaml"
)

// networkConfig is version 2 of cloud-init's network configuration, as far as the model reads it.
type networkConfig struct {
	Version   json.Number         `json:"version"`
	Ethernets map[string]ethernet `json:"ethernets"`
}

type ethernet struct {
	Match     *match            `json:"match"`
	SetName   string            `json:"set-name"`
	Addresses []json.RawMessage `json:"addresses"`
	DHCP4     bool              `json:"dhcp4"`
	DHCP6     bool              `json:"dhcp6"`
	Routes    []route           `json:"routes"`
}

type match struct {
	MAC    string `json:"macaddress"`
	Name   string `json:"name"`
	Driver string `json:"driver"`
}

type route struct {
	To  string `json:"to"`
	Via string `json:"via"`
}

// parse reads network data in both of its forms, with the outer key "network" and without.
func parse(data string) (networkConfig, error) {
	var outer struct {
		Network *networkConfig `json:"network"`
	}
	if err := unmarshal(data, &outer); err != nil {
		return networkConfig{}, err
	}
	config := networkConfig{}
	if outer.Network != nil {
		config = *outer.Network
	} else if err := unmarshal(data, &config); err != nil {
		return networkConfig{}, err
	}
	if config.Version.String() != "2" {
		return networkConfig{}, fmt.Errorf("network-config has version %q, this guest reads 2", config.Version)
	}
	return config, nil
}

func unmarshal(data string, into any) error {
	raw, err := yaml.YAMLToJSON([]byte(data))
	if err != nil {
		return fmt.Errorf("network-config is not YAML: %w", err)
	}
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(into); err != nil {
		return fmt.Errorf("network-config has the wrong shape: %w", err)
	}
	return nil
}

// static returns the addresses as they were written. An address is a text, or a map whose key is the address.
func (e ethernet) static() ([]string, error) {
	addresses := make([]string, 0, len(e.Addresses))
	for _, raw := range e.Addresses {
		text, err := addressText(raw)
		if err != nil {
			return nil, err
		}
		if _, err := netip.ParsePrefix(text); err != nil {
			return nil, fmt.Errorf("address %q is missing its prefix length", text)
		}
		addresses = append(addresses, text)
	}
	return addresses, nil
}

func addressText(raw json.RawMessage) (string, error) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text, nil
	}
	var options map[string]json.RawMessage
	if json.Unmarshal(raw, &options) == nil && len(options) == 1 {
		for address := range options {
			return address, nil
		}
	}
	return "", errors.New("an address is neither a text nor a map of one")
}

// checkRoutes refuses what the renderer of the image cannot take.
func (e ethernet) checkRoutes(image Image) error {
	for _, route := range e.Routes {
		if route.To == "default" {
			if image.WithoutNetplan {
				return errors.New("route to \"default\": init-local fails in images without netplan before cloud-init 25.3")
			}
			continue
		}
		if _, err := netip.ParsePrefix(route.To); err == nil {
			continue
		}
		if _, err := netip.ParseAddr(route.To); err != nil {
			return fmt.Errorf("route to %q is no network", route.To)
		}
	}
	return nil
}
