// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2enode

package node

import (
	"slices"
	"testing"
)

// booted is the node as every other step finds it.
func booted(t *testing.T, n *node) {
	n.record(t, "booted")
	if addresses := n.link(t, management).ipv4(); !slices.Equal(addresses, []string{nodeAddress.String()}) {
		t.Errorf("%s has %v, want the node's address", management, addresses)
	}
	if !n.hasRoute(t, defaultRoute(management)) {
		t.Errorf("%s has no default route", management)
	}
	n.makeVM(t)
}

// defaultRoute is the node's, through the interface.
func defaultRoute(device string) route {
	return route{Destination: "default", Gateway: nodeGateway.String(), Device: device}
}
