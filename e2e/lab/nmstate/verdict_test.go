// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nmstate/kubernetes-nmstate/api/shared"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func TestPolicyVerdict(t *testing.T) {
	cases := map[string]struct {
		reason  string
		tally   tally
		want    string
		message string
	}{
		"NoNode":      {"nothing matches", tally{}, "NoMatchingNode", "Policy does not match any node"},
		"Started":     {"nobody has finished", tally{nodes: 3}, "ConfigurationProgressing", "Policy is progressing 0/3 nodes finished"},
		"Partly":      {"one has finished", tally{nodes: 3, available: 1}, "ConfigurationProgressing", "Policy is progressing 1/3 nodes finished"},
		"Done":        {"all have finished", tally{nodes: 3, available: 3}, "SuccessfullyConfigured", "3/3 nodes successfully configured"},
		"NotReady":    {"a silent node is not waited for", tally{nodes: 3, notReady: 1, available: 2}, "SuccessfullyConfigured", "2/3 nodes successfully configured, 1 nodes ignored due to NotReady state"},
		"Failed":      {"one failure decides at once", tally{nodes: 3, failing: 1}, "FailedToConfigure", "1/3 nodes failed to configure"},
		"Aborted":     {"others gave up", tally{nodes: 3, failing: 1, aborted: 2}, "FailedToConfigure", "1/3 nodes failed to configure, 2 nodes aborted configuration"},
		"StillQueued": {"not available while one is queued", tally{nodes: 2, notReady: 1, available: 1, pending: 1}, "ConfigurationProgressing", "Policy is progressing 1/1 nodes finished, 1 pending, 1 nodes ignored due to NotReady state"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var list shared.ConditionList
			verdict := policyVerdict(tc.tally)
			write(&list, verdict)
			available := list.Find(policyAvailable)
			if got := string(available.Reason); got != tc.want {
				t.Errorf("%s: reason is %s, want %s", tc.reason, got, tc.want)
			}
			messages := ""
			for _, c := range list {
				messages += c.Message
			}
			if messages != tc.message {
				t.Errorf("%s: message is %q, want %q", tc.reason, messages, tc.message)
			}
			if !says(list, verdict) {
				t.Errorf("%s: a written verdict is not recognised", tc.reason)
			}
		})
	}
}

func TestMaxUnavailable(t *testing.T) {
	text := func(value string) *intstr.IntOrString { v := intstr.FromString(value); return &v }
	number := func(value int32) *intstr.IntOrString { v := intstr.FromInt32(value); return &v }
	cases := map[string]struct {
		wish       *intstr.IntOrString
		enactments int
		want       int
	}{
		"Default":      {nil, 3, 2},
		"DefaultOfOne": {nil, 1, 1},
		"Percent":      {text("10%"), 3, 1},
		"Number":       {number(2), 3, 2},
		"Zero":         {number(0), 3, 1},
		"Nonsense":     {text("many"), 4, 2},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := maxUnavailable(tc.wish, tc.enactments); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}

func TestTrunksAreInjected(t *testing.T) {
	port := func(vlan map[string]any) map[string]any {
		p := map[string]any{"name": "ens160"}
		if vlan != nil {
			p["vlan"] = vlan
		}
		return p
	}
	bridge := func(kind, state string, port map[string]any) map[string]any {
		return map[string]any{"interfaces": []any{map[string]any{
			"name": "br", "type": kind, "state": state, "bridge": map[string]any{"port": []any{port}},
		}}}
	}
	cases := map[string]struct {
		reason string
		given  map[string]any
		want   map[string]any
	}{
		"Silent":  {"a port that says nothing becomes a trunk", bridge("linux-bridge", "up", port(nil)), bridge("linux-bridge", "up", port(allTags()))},
		"Empty":   {"an empty filter is a statement", bridge("linux-bridge", "up", port(map[string]any{})), bridge("linux-bridge", "up", port(map[string]any{}))},
		"OVS":     {"Open vSwitch is left alone", bridge("ovs-bridge", "up", port(nil)), bridge("ovs-bridge", "up", port(nil))},
		"NoState": {"without a state nothing is injected", bridge("linux-bridge", "", port(nil)), bridge("linux-bridge", "", port(nil))},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			withTrunks(tc.given)
			if diff := cmp.Diff(tc.want, tc.given); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}
