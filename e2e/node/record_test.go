// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2enode

package node

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// recordings is where the tests of what reads a node's state find real ones.
const recordings = "../../pkg/nodenet/testdata/nodes"

// record writes what NMState reports of the node, which is what kubernetes-nmstate shows as a NodeNetworkState's currentState.
func (n *node) record(t *testing.T, name string) {
	t.Helper()
	if !*update {
		return
	}
	state := decode[map[string]any](t, n.run(t, "nmstatectl show --json"))
	interfaces, _ := state["interfaces"].([]any)
	for _, entry := range interfaces {
		if shown, ok := entry.(map[string]any); ok {
			// What the kernel's driver can do is long, and another with each kernel.
			delete(shown, "ethtool")
		}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(state); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(recordings, n.release.name)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name+".json"), text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
