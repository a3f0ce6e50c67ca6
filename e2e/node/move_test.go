// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2enode

package node

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/nmstate/kubernetes-nmstate/api/shared"
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
)

// move is the desired state that gives a bridge the addresses of its port, or gives them back. What is a string here may stand
// for an object: a capture's value.
type move struct {
	Interfaces []movedInterface `json:"interfaces"`
	Routes     movedRoutes      `json:"routes"`
}

type movedInterface struct {
	Name   string       `json:"name"`
	Type   string       `json:"type"`
	State  string       `json:"state"`
	MAC    string       `json:"mac-address,omitempty"`
	IPv4   string       `json:"ipv4,omitempty"`
	IPv6   string       `json:"ipv6,omitempty"`
	Bridge *movedBridge `json:"bridge,omitempty"`
}

type movedBridge struct {
	Options struct {
		STP struct {
			Enabled bool `json:"enabled"`
		} `json:"stp"`
	} `json:"options"`
	Ports []movedPort `json:"port"`
}

type movedPort struct {
	Name string `json:"name"`
}

type movedRoutes struct {
	Config string `json:"config"`
}

// moveTo returns the policy that makes a bridge on the NIC and gives it the NIC's addresses, routes and MAC.
func moveTo(t *testing.T, bridge, nic string) *nmstatev1.NodeNetworkConfigurationPolicy {
	t.Helper()
	return capturing(t, nic, bridge, move{Interfaces: []movedInterface{{
		Name: bridge, Type: "linux-bridge", State: "up",
		MAC:  "{{ capture.from.interfaces.0.mac-address }}",
		IPv4: "{{ capture.from.interfaces.0.ipv4 }}", IPv6: "{{ capture.from.interfaces.0.ipv6 }}",
		Bridge: &movedBridge{Ports: []movedPort{{Name: nic}}},
	}}})
}

// moveBack returns the policy that gives the NIC the bridge's addresses and routes, and removes the bridge.
func moveBack(t *testing.T, bridge, nic string) *nmstatev1.NodeNetworkConfigurationPolicy {
	t.Helper()
	return capturing(t, bridge, nic, move{Interfaces: []movedInterface{
		{Name: bridge, Type: "linux-bridge", State: "absent"},
		{
			Name: nic, Type: "ethernet", State: "up",
			IPv4: "{{ capture.from.interfaces.0.ipv4 }}", IPv6: "{{ capture.from.interfaces.0.ipv6 }}",
		},
	}})
}

func capturing(t *testing.T, from, to string, state move) *nmstatev1.NodeNetworkConfigurationPolicy {
	t.Helper()
	state.Routes.Config = "{{ capture.to-routes.routes.running }}"
	raw, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	policy := &nmstatev1.NodeNetworkConfigurationPolicy{}
	policy.Spec.DesiredState = shared.NewState(string(raw))
	policy.Spec.Capture = map[string]string{
		"from":        fmt.Sprintf("interfaces.name==%q", from),
		"from-routes": fmt.Sprintf("routes.running.next-hop-interface==%q", from),
		"to-routes":   fmt.Sprintf("capture.from-routes | routes.running.next-hop-interface:=%q", to),
	}
	return policy
}
