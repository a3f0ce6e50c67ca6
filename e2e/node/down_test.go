// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2enode

package node

import (
	"fmt"
	"testing"
)

// nicsDown records NICs without a cable, NICs that somebody took down, and NICs that NetworkManager is told to leave alone.
func nicsDown(t *testing.T, n *node) {
	n.plugAll(t, false)
	// NetworkManager waits some seconds for a cable to come back.
	n.awaitDevice(t, bare, "unavailable")
	t.Logf("without a cable: %s", n.states(t))
	n.record(t, "no-cable")
	n.plugAll(t, true)
	n.awaitDevice(t, bare, "connected")

	n.eachNIC(t, "ip link set %s down")
	n.awaitDevice(t, bare, "unavailable")
	t.Logf("taken down: %s", n.states(t))
	n.record(t, "taken-down")
	n.eachNIC(t, "ip link set %s up")
	n.awaitDevice(t, bare, "connected")

	n.eachNIC(t, "nmcli device set %s managed no")
	t.Logf("unmanaged: %s", n.states(t))
	n.record(t, "unmanaged")
	n.eachNIC(t, "ip link set %s down")
	t.Logf("unmanaged and down: %s", n.states(t))
	n.record(t, "unmanaged-and-down")
}

// unused are the NICs that the node is not reached by.
var unused = []string{spare, addressed, bare}

func (n *node) plugAll(t *testing.T, connected bool) {
	t.Helper()
	for _, nic := range unused {
		if err := n.Plug(t.Context(), nic, connected); err != nil {
			t.Fatal(err)
		}
	}
}

func (n *node) eachNIC(t *testing.T, line string) {
	t.Helper()
	for _, nic := range unused {
		n.run(t, fmt.Sprintf(line, nic))
	}
}

// awaitDevice waits until NetworkManager has the device in a state.
func (n *node) awaitDevice(t *testing.T, device, state string) {
	t.Helper()
	n.run(t, fmt.Sprintf("timeout 60 sh -c 'until nmcli -g GENERAL.STATE device show %s | grep -q \"(%s)\"; do sleep 0.5; done'", device, state))
}

// states returns the state of each NIC in NMState's words.
func (n *node) states(t *testing.T) map[string]string {
	t.Helper()
	shown := decode[struct {
		Interfaces []struct {
			Name  string `json:"name"`
			Type  string `json:"type"`
			State string `json:"state"`
		} `json:"interfaces"`
	}](t, n.run(t, "nmstatectl show --json"))
	states := map[string]string{}
	for _, entry := range shown.Interfaces {
		if entry.Type == "ethernet" {
			states[entry.Name] = entry.State
		}
	}
	return states
}
