// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nncp_test

import (
	"encoding/json"
	"strings"
	"testing"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/internal/readback"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// A name cannot become another interface, or a setting of one, whatever it is and without validation.
func FuzzNNCP(f *testing.F) {
	count := len(readback.Hostile)
	for i, name := range readback.Hostile {
		f.Add(name, readback.Hostile[(i+7)%count], readback.Hostile[(i+13)%count], int32(i%3), int32(i%2*9000), uint8(i))
	}
	f.Fuzz(func(t *testing.T, name, uplink, policyName string, vlan, mtu int32, flags uint8) {
		name, uplink, policyName = strings.ToValidUTF8(name, "\ufffd"), strings.ToValidUTF8(uplink, "\ufffd"), strings.ToValidUTF8(policyName, "\ufffd")
		bridge := nncp.Bridge{Name: name, Type: vmv1alpha1.BridgeTypeLinux, Uplink: uplink, VLANID: vlan, MTU: mtu}
		if flags&1 != 0 {
			bridge.Type = vmv1alpha1.BridgeTypeOVS
		}
		policy, err := nncp.Present(policyName, bridge, 0)
		interfaces := present(bridge)
		if flags&2 != 0 {
			policy, err = nncp.Absent(policyName, bridge)
			interfaces = absent(bridge)
		}
		if err != nil {
			t.Fatal(err)
		}
		state := map[string]any{"interfaces": interfaces}
		readback.Check(t, string(policy.Spec.DesiredState.Raw), state)
		sent, err := json.Marshal(policy)
		if err != nil {
			t.Fatal(err)
		}
		record, err := json.Marshal(bridge)
		if err != nil {
			t.Fatal(err)
		}
		metadata := map[string]any{
			"annotations": map[string]any{nncp.AnnotationBridge: string(record)},
			"labels":      map[string]any{"app.kubernetes.io/managed-by": "wukong", "vm.novasphere.dev/bridge": name},
		}
		if policyName != "" {
			metadata["name"] = policyName
		}
		readback.CheckJSON(t, string(sent), map[string]any{
			"apiVersion": "nmstate.io/v1", "kind": "NodeNetworkConfigurationPolicy", "metadata": metadata,
			"spec": map[string]any{"desiredState": state, "maxUnavailable": "50%"}, "status": map[string]any{},
		})
		if read, err := nncp.OfPolicy(policy); err != nil || !read.Equal(bridge) {
			t.Fatalf("the policy remembers %v (%v), want %v", read, err, bridge)
		}
	})
}

// present returns the interfaces that a node has to have.
func present(b nncp.Bridge) []any {
	off := map[string]any{"enabled": false}
	port := map[string]any{"name": b.Port()}
	bridge := map[string]any{
		"name": b.Name, "type": b.Type, "state": "up",
		"bridge": map[string]any{"options": map[string]any{"stp": off}, "port": []any{port}},
	}
	if b.Type == vmv1alpha1.BridgeTypeLinux {
		bridge["ipv4"], bridge["ipv6"] = off, off
		if b.MTU != 0 {
			bridge["mtu"] = b.MTU
		}
	}
	if b.VLANID == 0 {
		return []any{bridge}
	}
	if b.Type == vmv1alpha1.BridgeTypeLinux {
		port["vlan"] = map[string]any{}
	}
	vlan := map[string]any{
		"name": b.Port(), "type": "vlan", "state": "up", "ipv4": off, "ipv6": off,
		"vlan": map[string]any{"base-iface": b.Uplink, "id": b.VLANID},
	}
	if b.MTU != 0 {
		vlan["mtu"] = b.MTU
	}
	return []any{vlan, bridge}
}

// absent returns the interfaces that a node must not have.
func absent(b nncp.Bridge) []any {
	gone := []any{map[string]any{"name": b.Name, "type": b.Type, "state": "absent"}}
	if b.VLANID != 0 {
		gone = append(gone, map[string]any{"name": b.Port(), "type": "vlan", "state": "absent"})
	}
	return gone
}
