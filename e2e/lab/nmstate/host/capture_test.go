// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

var moveAddress = map[string]string{
	"default-gw":        `routes.running.destination=="0.0.0.0/0"`,
	"base-iface":        `interfaces.name==capture.default-gw.routes.running.0.next-hop-interface`,
	"base-iface-routes": `routes.running.next-hop-interface==capture.base-iface.interfaces.0.name`,
	"bridge-routes":     `capture.base-iface-routes | routes.running.next-hop-interface:="br1"`,
}

const moveAddressState = `
interfaces:
- name: br1
  type: linux-bridge
  state: up
  mac-address: "{{ capture.base-iface.interfaces.0.mac-address }}"
  ipv4: "{{ capture.base-iface.interfaces.0.ipv4 }}"
  bridge:
    options: {stp: {enabled: false}}
    port: [{name: "{{ capture.base-iface.interfaces.0.name }}"}]
routes: {config: "{{ capture.bridge-routes.routes.running }}"}
`

func TestCaptureMovesTheAddress(t *testing.T) {
	before := freshNode()
	after := applyCaptured(t, before, moveAddress, nil)

	want := map[string]string{
		"eno1":          "ethernet up in br1",
		"br1":           "linux-bridge up holds eno1 at 10.0.0.11/24",
		"ens160":        "ethernet up",
		"ens161":        "ethernet up",
		"enp175s0f0np0": "ethernet up",
	}
	if diff := cmp.Diff(want, summary(after)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := after.DefaultRouteInterface(); got != "br1" {
		t.Errorf("default route is on %q, want br1", got)
	}
	if got, want := after.Interfaces["br1"].MAC, before.Interfaces["eno1"].MAC; !strings.EqualFold(got, want) {
		t.Errorf("bridge has MAC address %s, want the NIC's %s", got, want)
	}
}

func TestCaptureIsCached(t *testing.T) {
	first, err := Capture(freshNode().Show(), moveAddress, nil)
	if err != nil {
		t.Fatal(err)
	}
	moved := applyCaptured(t, freshNode(), moveAddress, nil)
	again := applyCaptured(t, moved, moveAddress, first)
	if diff := cmp.Diff(summary(moved), summary(again)); diff != "" {
		t.Errorf("a second apply changed the node, -want +got:\n%s", diff)
	}
}

func TestCaptureRefuses(t *testing.T) {
	cases := map[string]struct {
		reason      string
		expressions map[string]string
	}{
		"NothingFound": {
			reason:      "the first element of an empty list",
			expressions: map[string]string{"a": `routes.running.destination=="192.0.2.0/24"`, "b": `interfaces.name==capture.a.routes.running.0.next-hop-interface`},
		},
		"Unknown": {
			reason:      "a capture that does not exist",
			expressions: map[string]string{"b": `interfaces.name==capture.a.interfaces.0.name`},
		},
		"Circle": {
			reason:      "two captures that use each other",
			expressions: map[string]string{"a": `capture.b | interfaces.name=="x"`, "b": `capture.a | interfaces.name=="x"`},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got, err := Capture(freshNode().Show(), tc.expressions, nil); err == nil {
				t.Errorf("%s\ngot %v, want an error", tc.reason, got)
			}
		})
	}
}

func applyCaptured(t *testing.T, state State, expressions map[string]string, known map[string]any) State {
	t.Helper()
	captures, err := Capture(state.Show(), expressions, known)
	if err != nil {
		t.Fatalf("Capture: %v", err)
	}
	var document any
	if err := yaml.Unmarshal([]byte(moveAddressState), &document); err != nil {
		t.Fatal(err)
	}
	rendered, err := Render(document, captures)
	if err != nil {
		t.Fatalf("Render: %v", err)
	}
	raw, err := yaml.Marshal(rendered)
	if err != nil {
		t.Fatal(err)
	}
	next, err := Apply(state, raw)
	if err != nil {
		t.Fatalf("Apply: %v", err)
	}
	return next
}
