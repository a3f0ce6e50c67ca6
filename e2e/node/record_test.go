// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2enode

package node

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
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
	for _, shown := range objects(state["interfaces"]) {
		steady(shown)
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

// steady takes out of an interface what is another at each boot, or with each kernel.
func steady(shown map[string]any) {
	// What the driver can do is also long.
	delete(shown, "ethtool")
	if bridge, ok := shown["bridge"].(map[string]any); ok {
		if options, ok := bridge["options"].(map[string]any); ok {
			delete(options, "gc-timer")
			delete(options, "hello-timer")
		}
	}
	if mac, ok := shown["mac-address"].(string); ok && !knownMAC(mac) {
		shown["mac-address"] = "02:00:00:00:00:01"
	}
	ipv6, _ := shown["ipv6"].(map[string]any)
	for _, address := range objects(ipv6["address"]) {
		if ip, _ := address["ip"].(string); strings.HasPrefix(ip, "fe80:") {
			address["ip"] = "fe80::1"
		}
	}
}

// knownMAC says that the address was given, and not made up by the node.
func knownMAC(mac string) bool {
	for _, prefix := range []string{"52:54:00:", "02:00:00:", "00:00:00:"} {
		if strings.HasPrefix(mac, prefix) {
			return true
		}
	}
	return false
}

func objects(list any) []map[string]any {
	entries, _ := list.([]any)
	var found []map[string]any
	for _, entry := range entries {
		if object, ok := entry.(map[string]any); ok {
			found = append(found, object)
		}
	}
	return found
}
