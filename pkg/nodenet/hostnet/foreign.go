// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package hostnet

import (
	"fmt"
	"slices"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// Intent is what a policy that Wukong did not write makes of a node. Interfaces whose name is a reference to a capture
// are left out, since only the node knows which they are; a port that is one is kept as it is written.
type Intent struct {
	// Bridges are the ports of each bridge and bond that the policy states ports of. They are sorted.
	Bridges map[string][]string
	// Interfaces are the interfaces that the policy names and does not remove, sorted.
	Interfaces []string
	// Absent are the interfaces that the policy removes, sorted.
	Absent []string
	// Types are the types of interfaces in NMState's words, for those that state one.
	Types map[string]string
	// VLANs are the VLAN interfaces that the policy makes.
	VLANs map[string]VLAN
}

// VLAN is what a VLAN interface is made of. What a policy leaves out, or has as a reference to a capture, is empty.
type VLAN struct {
	// Base is the interface that carries the VLAN.
	Base string
	// ID is the VLAN.
	ID int32
}

// Foreign reads the desiredState of a NodeNetworkConfigurationPolicy, in JSON or YAML (nmstate.io, "YAML API").
// References to captures may stand anywhere in it. It returns an error for what is not a desired state.
func Foreign(desiredState []byte) (Intent, error) {
	desired, err := document(desiredState)
	if err != nil {
		return Intent{}, fmt.Errorf("reading the desired state of a policy: %w", err)
	}
	intent := Intent{Bridges: map[string][]string{}, Types: map[string]string{}, VLANs: map[string]VLAN{}}
	for _, element := range elementsOf(desired["interfaces"]) {
		intent.add(objectOf(element))
	}
	intent.Interfaces, intent.Absent = sorted(intent.Interfaces), sorted(intent.Absent)
	for name, ports := range intent.Bridges {
		intent.Bridges[name] = sorted(ports)
	}
	return intent, nil
}

func (i *Intent) add(desired map[string]any) {
	name := textOf(desired["name"])
	if name == "" {
		return
	}
	named := !isReference(name)
	if desired["state"] == stateAbsent {
		if named {
			i.Absent = append(i.Absent, name)
		}
		return
	}
	if ports, stated := desiredPorts(desired); stated {
		i.Bridges[name] = append(i.Bridges[name], ports...)
	}
	if controller := textOf(desired["controller"]); controller != "" && controller != name {
		i.Bridges[controller] = append(i.Bridges[controller], name)
	}
	if !named {
		return
	}
	i.Interfaces = append(i.Interfaces, name)
	// An Open vSwitch bridge and its internal interface have one name; the bridge is what it stands for.
	if kind := desiredType(desired); kind != "" && i.Types[name] != string(vmv1alpha1.BridgeTypeOVS) {
		i.Types[name] = kind
	}
	if v := objectOf(desired["vlan"]); v != nil {
		i.VLANs[name] = VLAN{Base: literal(v["base-iface"]), ID: numberOf(v["id"])}
	}
}

// desiredType returns the type that an interface states, or that only its settings tell; empty when neither does.
func desiredType(desired map[string]any) string {
	kind := literal(desired["type"])
	switch {
	case kind != "":
		return kind
	case desired["link-aggregation"] != nil:
		return typeBond
	case desired["vlan"] != nil:
		return typeVLAN
	default:
		return ""
	}
}

// desiredPorts returns the ports that a bridge, bond or VRF states, and whether it states any. A reference in the
// place of them, or of what holds them, is a port by that name.
func desiredPorts(desired map[string]any) ([]string, bool) {
	for _, section := range []string{"bridge", "link-aggregation", "vrf"} {
		if reference := textOf(desired[section]); isReference(reference) {
			return []string{reference}, true
		}
		holder := objectOf(desired[section])
		for _, key := range []string{"port", "ports"} {
			if value, stated := holder[key]; stated {
				return portNames(value), true
			}
		}
	}
	return nil, false
}

func portNames(value any) []string {
	if reference := textOf(value); isReference(reference) {
		return []string{reference}
	}
	var names []string
	for _, element := range elementsOf(value) {
		object := objectOf(element)
		names = append(names, textOf(element), textOf(object["name"]))
		// The bond of an Open vSwitch bridge is a port with ports.
		for _, key := range []string{"port", "ports"} {
			for _, leg := range elementsOf(objectOf(object["link-aggregation"])[key]) {
				names = append(names, textOf(leg), textOf(objectOf(leg)["name"]))
			}
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// literal reads a text that is no reference, empty when it is one.
func literal(value any) string {
	if text := textOf(value); !isReference(text) {
		return text
	}
	return ""
}
