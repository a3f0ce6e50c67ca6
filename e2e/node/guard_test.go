// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2enode

package node

import (
	"fmt"
	"strings"
	"testing"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"

	"sigs.k8s.io/yaml"
)

// guarded shows that a policy can refuse, on each node by itself, a NIC that has come to an address since the operator looked.
func guarded(t *testing.T, n *node) {
	for _, nic := range []string{management, addressed} {
		if said := n.refuse(t, guard(t, bridge{name: "br-lan", kind: linuxBridge, uplink: nic})); !strings.Contains(said, "ipv4.enabled=false") {
			t.Errorf("the refusal for %s does not say why: %s", nic, said)
		}
	}
	free := bridge{name: "br-lan", kind: linuxBridge, uplink: bare}
	n.apply(t, guard(t, free))
	if nic := n.link(t, bare); nic.Master != free.name {
		t.Errorf("%s has controller %q, want %s", bare, nic.Master, free.name)
	}
	// The NIC of a bridge has no address either, so the policy can be applied again.
	n.apply(t, guard(t, free))
	n.apply(t, free.absent(t))
	n.expectNone(t, free.name)
}

// guard returns the bridge's policy with its port taken from a capture that finds the NIC only while it has no IPv4.
func guard(t *testing.T, b bridge) *nmstatev1.NodeNetworkConfigurationPolicy {
	t.Helper()
	policy := b.present(t)
	var state struct {
		Interfaces []map[string]any `json:"interfaces"`
	}
	if err := yaml.Unmarshal(policy.Spec.DesiredState.Raw, &state); err != nil {
		t.Fatal(err)
	}
	port := map[string]any{"name": "{{ capture.free.interfaces.0.name }}"}
	state.Interfaces[0]["bridge"].(map[string]any)["port"] = []any{port}
	raw, err := yaml.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	policy.Spec.DesiredState.Raw = raw
	policy.Spec.Capture = map[string]string{
		"nic":  fmt.Sprintf("interfaces.name==%q", b.uplink),
		"free": "capture.nic | interfaces.ipv4.enabled==false",
	}
	return policy
}
