// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2enode

package node

import (
	"testing"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"

	"github.com/novasphere/wukong/pkg/render/nncp"
)

// moving is a bridge that takes the addresses, routes and MAC of its port.
func moving(name, nic string) nncp.Bridge {
	return nncp.Bridge{Name: name, Type: linuxBridge, Uplink: nic, HostIP: true, HostRoutes: true}
}

// moveTo returns the policy that makes a bridge on the NIC and gives it the NIC's addresses, routes and MAC.
func moveTo(t *testing.T, name, nic string) *nmstatev1.NodeNetworkConfigurationPolicy {
	t.Helper()
	policy, err := nncp.Present("node-test", moving(name, nic), 0)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

// moveBack returns the policy that gives the NIC the bridge's addresses and routes, and removes the bridge.
func moveBack(t *testing.T, name, nic string) *nmstatev1.NodeNetworkConfigurationPolicy {
	t.Helper()
	policy, err := nncp.Restore("node-test", moving(name, nic))
	if err != nil {
		t.Fatal(err)
	}
	return policy
}
