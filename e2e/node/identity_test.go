// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2enode

package node

import (
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// identities returns what is another after an interface or NetworkManager's profile of it was made again.
func (n *node) identities(t *testing.T) map[string]string {
	t.Helper()
	identities := map[string]string{}
	for name, l := range n.links(t) {
		identities[name] = fmt.Sprintf("%d in %q", l.Index, l.Master)
	}
	for line := range strings.Lines(string(n.run(t, "nmcli -t -f NAME,UUID,DEVICE connection show"))) {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		identities["profile "+name] = rest
	}
	return identities
}

// withEmptyLists adds to a desired state what means nothing, as a way to have NMState try a policy again.
func withEmptyLists(t *testing.T, state []byte) []byte {
	t.Helper()
	document := map[string]any{}
	if err := yaml.Unmarshal(state, &document); err != nil {
		t.Fatal(err)
	}
	for _, list := range []string{"routes", "route-rules"} {
		document[list] = map[string]any{"config": []any{}}
	}
	text, err := yaml.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
