// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2enode

package node

import (
	"slices"
	"testing"

	"sigs.k8s.io/yaml"
)

var onNIC = bridge{name: "br-lan", kind: linuxBridge, uplink: spare}

// bridgeOnNIC is what nmstatectl makes of the policy by itself; kubernetes-nmstate makes the port a trunk.
func bridgeOnNIC(t *testing.T, n *node) {
	n.apply(t, onNIC.present(t))
	n.record(t, "bridge-on-nic")
	made := n.link(t, onNIC.name)
	if made.Info.Kind != "bridge" || made.Info.Data.STP != 0 || made.Info.Data.VLANFiltering != 0 {
		t.Errorf("%s is %+v, want a bridge without STP and VLAN filtering", made.Name, made.Info)
	}
	if nic := n.link(t, spare); nic.Master != onNIC.name || len(nic.Address) != 0 {
		t.Errorf("%s has controller %q and addresses %v, want %s and none", spare, nic.Master, nic.Address, onNIC.name)
	}
	n.plug(t, onNIC.name)
	n.expectTraffic(t, n.peer(spare, 0))
	n.expectSilence(t, n.peer(spare, 100))
}

// bridgeAsTrunk is the same policy as kubernetes-nmstate applies it. The virtual machine's port stays, without a tag; then it
// becomes an access port of VLAN 100, as the bridge plugin makes it.
func bridgeAsTrunk(t *testing.T, n *node) {
	policy := onNIC.present(t)
	policy.Spec.DesiredState.Raw = withTrunks(t, policy.Spec.DesiredState.Raw)
	before := n.identities(t)
	n.apply(t, policy)
	n.record(t, "bridge-on-nic-trunk")
	for name, identity := range n.identities(t) {
		if before[name] != identity {
			t.Errorf("%s was %s and is %s", name, before[name], identity)
		}
	}
	if filtering := n.link(t, onNIC.name).Info.Data.VLANFiltering; filtering != 1 {
		t.Errorf("VLAN filtering is %d, want 1", filtering)
	}
	if tags, want := n.tags(t, spare), []string{"1 PVID,Egress Untagged", "2-4094"}; !slices.Equal(tags, want) {
		t.Errorf("%s carries the VLANs %q, want %q", spare, tags, want)
	}
	n.expectTraffic(t, n.peer(spare, 0))
	n.run(t, "bridge vlan delete dev "+vmPort+" vid 1 && bridge vlan add dev "+vmPort+" vid 100 pvid untagged")
	n.expectTraffic(t, n.peer(spare, 100))
	n.expectSilence(t, n.peer(spare, 0))
}

func nicBridgeRemoved(t *testing.T, n *node) {
	n.apply(t, onNIC.absent(t))
	n.record(t, "bridge-on-nic-removed")
	n.expectNone(t, onNIC.name)
	if nic := n.link(t, spare); nic.Master != "" || len(nic.ipv4()) != 0 {
		t.Errorf("%s has controller %q and addresses %v, want none", spare, nic.Master, nic.ipv4())
	}
}

// withTrunks adds what kubernetes-nmstate adds to each port that says nothing about VLANs (its package bridge).
func withTrunks(t *testing.T, state []byte) []byte {
	t.Helper()
	var document struct {
		Interfaces []map[string]any `json:"interfaces"`
	}
	if err := yaml.Unmarshal(state, &document); err != nil {
		t.Fatal(err)
	}
	for _, entry := range document.Interfaces {
		settings, _ := entry["bridge"].(map[string]any)
		ports, _ := settings["port"].([]any)
		for _, port := range ports {
			port.(map[string]any)["vlan"] = map[string]any{
				"mode":       "trunk",
				"trunk-tags": []any{map[string]any{"id-range": map[string]any{"min": 2, "max": 4094}}},
			}
		}
	}
	text, err := yaml.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
