// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2enode

package node

import (
	"testing"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// This file alone knows how Wukong renders a policy.

const (
	linuxBridge = vmv1alpha1.BridgeTypeLinux
	ovsBridge   = vmv1alpha1.BridgeTypeOVS
)

// bridge is a bridge of the node.
type bridge struct {
	name   string
	kind   vmv1alpha1.BridgeType
	uplink string
	vlan   int32
}

func (b bridge) rendered() nncp.Bridge {
	return nncp.Bridge{Name: b.name, Type: b.kind, Uplink: b.uplink, VLANID: b.vlan}
}

// port returns the interface that is the bridge's port.
func (b bridge) port() string { return b.rendered().Port() }

// present returns the policy that makes the bridge.
func (b bridge) present(t *testing.T) *nmstatev1.NodeNetworkConfigurationPolicy {
	t.Helper()
	policy, err := nncp.Present("node-test", b.rendered(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

// absent returns the policy that removes the bridge.
func (b bridge) absent(t *testing.T) *nmstatev1.NodeNetworkConfigurationPolicy {
	t.Helper()
	policy, err := nncp.Absent("node-test", b.rendered())
	if err != nil {
		t.Fatal(err)
	}
	return policy
}
