// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2enode

package node

import (
	"testing"
)

// nicsDown records NICs without a cable, NICs that somebody took down, and NICs that NetworkManager is told to leave alone.
func nicsDown(t *testing.T, n *node) {
	for _, nic := range []string{spare, addressed, bare} {
		if err := n.Plug(nic, false); err != nil {
			t.Fatal(err)
		}
	}
	n.await(t, `test "$(cat /sys/class/net/`+bare+`/carrier)" = 0`)
	t.Logf("without a cable: %s", n.states(t))
	n.record(t, "no-cable")
	for _, nic := range []string{spare, addressed, bare} {
		if err := n.Plug(nic, true); err != nil {
			t.Fatal(err)
		}
	}
	n.run(t, "ip link set "+spare+" down; ip link set "+addressed+" down; ip link set "+bare+" down")
	t.Logf("taken down: %s", n.states(t))
	n.record(t, "taken-down")
	n.run(t, "ip link set "+spare+" up; ip link set "+addressed+" up; ip link set "+bare+" up; nmcli device set "+spare+" managed no; nmcli device set "+addressed+" managed no")
	t.Logf("unmanaged: %s", n.states(t))
	n.record(t, "unmanaged")
}

// await waits until the line succeeds on the node.
func (n *node) await(t *testing.T, line string) {
	t.Helper()
	n.run(t, "timeout 60 sh -c 'until "+line+"; do sleep 0.2; done'")
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
