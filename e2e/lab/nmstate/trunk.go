// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import "github.com/novasphere/wukong/e2e/lab/nmstate/host"

// withTrunks adds the VLAN filter that kubernetes-nmstate injects into each port of a Linux bridge that says nothing
// about VLANs: a trunk of all tags (kubernetes-nmstate, pkg/bridge). It edits the document in place.
func withTrunks(desired map[string]any) {
	interfaces, _ := desired["interfaces"].([]any)
	for _, entry := range interfaces {
		link, _ := entry.(map[string]any)
		if link["type"] != host.TypeLinuxBridge || link["state"] != host.StateUp {
			continue
		}
		bridge, _ := link["bridge"].(map[string]any)
		ports, _ := bridge["port"].([]any)
		for _, entry := range ports {
			port, isObject := entry.(map[string]any)
			if !isObject {
				continue
			}
			if _, stated := port["vlan"]; !stated {
				port["vlan"] = allTags()
			}
		}
	}
}

func allTags() map[string]any {
	return map[string]any{
		"mode":       "trunk",
		"trunk-tags": []any{map[string]any{"id-range": map[string]any{"min": int64(2), "max": int64(4094)}}},
	}
}
