// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nncp_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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
	"bridge-group": {
		Name: "br-lan", Type: vmv1alpha1.BridgeTypeLinux, Uplink: "ens160", VLANID: 100, WukongUplink: "dc", NodeGroup: "rack1",
		NodeSelector: map[string]string{"example.org/rack": "1"}, MaxUnavailable: "25%",
	},
	"ovs": {Name: "ovs-lan", Type: vmv1alpha1.BridgeTypeOVS, Uplink: "ens160", MTU: 9000},
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

// moved are bridges that a host's address moves to.
var moved = map[string]nncp.Bridge{
	"host-ip":                {Name: "br-host", Type: vmv1alpha1.BridgeTypeLinux, Uplink: "ens160", HostIP: true, HostRoutes: true},
	"host-ip-without-routes": {Name: "br-host", Type: vmv1alpha1.BridgeTypeLinux, Uplink: "ens160", HostIP: true},
}

func TestHostIP(t *testing.T) {
	for name, bridge := range moved {
		t.Run(name, func(t *testing.T) {
			compare(t, name+".yaml", bridge, func(policyName string, bridge nncp.Bridge) (*nmstatev1.NodeNetworkConfigurationPolicy, error) {
				return nncp.Present(policyName, bridge, 0)
			})
			compare(t, name+"-restore.yaml", bridge, nncp.Restore)
		})
	}
}

// TestAttempts has each attempt differ from the one before in its text, and in nothing that a node is told.
func TestAttempts(t *testing.T) {
	var before string
	for attempt := range 4 {
		policy, err := nncp.Present("vm-lan-bridge", bridges["bridge-vlan"], attempt)
		if err != nil {
			t.Fatal(err)
		}
		state := string(policy.Spec.DesiredState.Raw)
		if state == before {
			t.Errorf("attempt %d is the same as the one before", attempt)
		}
		if before = state; nncp.AttemptOf(policy) != attempt {
			t.Errorf("attempt %d is remembered as %d", attempt, nncp.AttemptOf(policy))
		}
	}
}

// TestMemory writes down what a policy has to remember, and reads it again.
func TestMemory(t *testing.T) {
	policy, err := nncp.Absent("vm-lan-bridge", bridges["bridge-vlan"])
	if err != nil {
		t.Fatal(err)
	}
	good, refused := bridges["bridge-group"], bridges["bridge-mtu"]
	want := nncp.Memory{
		LastGood: &good, Refused: &refused, RefusedBecause: "no buffer", TeardownSince: time.Unix(1700000000, 0).UTC(), CleanupOf: "node-1", Restores: true,
	}
	if err := nncp.Remember(policy, want); err != nil {
		t.Fatal(err)
	}
	got, err := nncp.Recall(policy)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	policy.Annotations[nncp.AnnotationLastGood] = "{"
	if _, err := nncp.Recall(policy); err == nil {
		t.Error("a broken record is read")
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
