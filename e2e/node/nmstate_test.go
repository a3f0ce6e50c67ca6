// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2enode

package node

import (
	"bytes"
	"testing"
	"time"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
)

// apply has NMState bring the node into the policy's state, as kubernetes-nmstate does: captures are filled in with the
// node's current state, then the state is applied and verified.
func (n *node) apply(t *testing.T, policy *nmstatev1.NodeNetworkConfigurationPolicy) {
	t.Helper()
	started := time.Now()
	if len(policy.Spec.Capture) == 0 {
		n.feed(t, "cat > /run/desired.yaml && nmstatectl apply /run/desired.yaml", policy.Spec.DesiredState.Raw)
	} else {
		source, err := sourceOf(policy)
		if err != nil {
			t.Fatal(err)
		}
		n.feed(t, "cat > /run/policy.yaml && nmstatectl policy /run/policy.yaml > /run/desired.yaml && nmstatectl apply /run/desired.yaml", source)
	}
	t.Logf("NMState took %.1f s", time.Since(started).Seconds())
}

// refuse has NMState fill in the policy's captures, which is to fail, and returns what it says.
func (n *node) refuse(t *testing.T, policy *nmstatev1.NodeNetworkConfigurationPolicy) string {
	t.Helper()
	source, err := sourceOf(policy)
	if err != nil {
		t.Fatal(err)
	}
	_, err = n.Feed(t.Context(), "cat > /run/policy.yaml && nmstatectl policy /run/policy.yaml", bytes.NewReader(source))
	if err == nil {
		t.Fatalf("NMState accepts the policy\n%s", source)
	}
	return err.Error()
}

func (n *node) feed(t *testing.T, line string, input []byte) []byte {
	t.Helper()
	output, err := n.Feed(t.Context(), line, bytes.NewReader(input))
	if err != nil {
		t.Fatal(err)
	}
	return output
}

func (n *node) run(t *testing.T, line string) []byte {
	t.Helper()
	output, err := n.Run(t.Context(), line)
	if err != nil {
		t.Fatal(err)
	}
	return output
}
