// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"sigs.k8s.io/yaml"
)

// Parts are short hashes of what the data consists of. They tell what of it differs from what a guest was started with,
// without showing any of it.
type Parts struct {
	// UserData is the hash of what the user-data is made from.
	UserData string `json:"userData"`
	// NICs are the hashes of the network-config's entries, by the NIC's name in the guest.
	NICs map[string]string `json:"nics,omitempty"`
	// Network is the hash of what else the network-config says.
	Network string `json:"network"`
}

// Changes is what a guest would read otherwise at its next start. NICs that it would no longer be told of are left out: they
// are gone, or told of elsewhere.
type Changes struct {
	// UserData and Network tell whether those parts differ.
	UserData, Network bool
	// Added and Changed are the names, in the guest, of NICs that it was not told of or was told something else of, sorted.
	Added, Changed []string
}

// Parts returns the hashes of the data's parts. The error is that of a network-config that is no YAML.
func (d Data) Parts() (Parts, error) {
	config := map[string]any{}
	if err := yaml.Unmarshal([]byte(d.NetworkConfig), &config); err != nil {
		return Parts{}, fmt.Errorf("reading back the network-config: %w", err)
	}
	parts := Parts{UserData: short([]byte(d.Declared)), NICs: map[string]string{}}
	nics, _ := config["ethernets"].(map[string]any)
	delete(config, "ethernets")
	for name, entry := range nics {
		text, err := json.Marshal(entry)
		if err != nil {
			return Parts{}, fmt.Errorf("marshalling the NIC %s: %w", name, err)
		}
		parts.NICs[name] = short(text)
	}
	rest, err := json.Marshal(config)
	if err != nil {
		return Parts{}, fmt.Errorf("marshalling the network-config: %w", err)
	}
	parts.Network = short(rest)
	return parts, nil
}

func short(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:4])
}

// Text returns the parts in the form that ReadParts takes. The error is that of marshalling.
func (p Parts) Text() (string, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("marshalling the parts of the guest's data: %w", err)
	}
	return string(text), nil
}

// ReadParts returns the parts that a text tells, nil where it tells none.
func ReadParts(text string) *Parts {
	var parts Parts
	if err := json.Unmarshal([]byte(text), &parts); err != nil {
		return nil
	}
	return &parts
}

// Until returns what differs between the parts, which a guest was started with, and later ones.
func (p Parts) Until(later Parts) Changes {
	changes := Changes{UserData: p.UserData != later.UserData, Network: p.Network != later.Network}
	for _, name := range slices.Sorted(maps.Keys(later.NICs)) {
		switch was, told := p.NICs[name]; {
		case !told:
			changes.Added = append(changes.Added, name)
		case was != later.NICs[name]:
			changes.Changed = append(changes.Changed, name)
		}
	}
	return changes
}
