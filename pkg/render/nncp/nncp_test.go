// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nncp_test

import (
	"testing"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/internal/golden"
	"github.com/novasphere/wukong/pkg/render/document"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// bridges are named after their golden files.
var bridges = map[string]nncp.Bridge{
	"bridge":          {Name: "br-external", Type: vmv1alpha1.BridgeTypeLinux, Uplink: "ens160"},
	"bridge-vlan":     {Name: "br-mgmt", Type: vmv1alpha1.BridgeTypeLinux, Uplink: "ens160", VLANID: 100},
	"bridge-mtu":      {Name: "br-storage", Type: vmv1alpha1.BridgeTypeLinux, Uplink: "ens161", MTU: 9000},
	"bridge-vlan-mtu": {Name: "br-storage", Type: vmv1alpha1.BridgeTypeLinux, Uplink: "ens161", VLANID: 4094, MTU: 9000},
	"bridge-long-nic": {Name: "br-mgmt", Type: vmv1alpha1.BridgeTypeLinux, Uplink: "enp175s0f0np0", VLANID: 100},
	"ovs":             {Name: "ovs-lan", Type: vmv1alpha1.BridgeTypeOVS, Uplink: "ens160", MTU: 9000},
}

func TestPresent(t *testing.T) {
	for name, bridge := range bridges {
		t.Run(name, func(t *testing.T) {
			compare(t, name+".yaml", bridge, func(policyName string, bridge nncp.Bridge) (*nmstatev1.NodeNetworkConfigurationPolicy, error) {
				return nncp.Present(policyName, bridge, 0)
			})
		})
	}
}

func TestAbsent(t *testing.T) {
	for name, bridge := range bridges {
		t.Run(name, func(t *testing.T) {
			compare(t, name+"-absent.yaml", bridge, nncp.Absent)
		})
	}
}

func compare(t *testing.T, file string, bridge nncp.Bridge, build func(string, nncp.Bridge) (*nmstatev1.NodeNetworkConfigurationPolicy, error)) {
	t.Helper()
	policy, err := build("vm-lan-bridge", bridge)
	if err != nil {
		t.Fatal(err)
	}
	text, err := document.Marshal(policy)
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, file, text)
	recorded, err := nncp.OfPolicy(policy)
	if err != nil || !recorded.Equal(bridge) {
		t.Errorf("the policy remembers %v (%v), want %v", recorded, err, bridge)
	}
}

func TestOfPolicyOfSomebodyElse(t *testing.T) {
	if bridge, err := nncp.OfPolicy(&nmstatev1.NodeNetworkConfigurationPolicy{}); err == nil {
		t.Errorf("got %v from a policy without record", bridge)
	}
}

func TestString(t *testing.T) {
	for want, bridge := range map[string]nncp.Bridge{
		"linux-bridge on ens160":                    bridges["bridge"],
		"linux-bridge on ens160 VLAN 100":           bridges["bridge-vlan"],
		"linux-bridge on ens161 VLAN 4094 MTU 9000": bridges["bridge-vlan-mtu"],
	} {
		if got := bridge.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
