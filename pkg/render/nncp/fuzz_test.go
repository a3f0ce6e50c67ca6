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
		build, interfaces := nncp.Present, present(bridge)
		if flags&2 != 0 {
			build, interfaces = nncp.Absent, absent(bridge)
		}
		policy, err := build(policyName, bridge)
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
		// JSON is YAML, so what the API server gets can be looked at in the same way.
		readback.Check(t, printable(string(sent)), map[string]any{
			"apiVersion": "nmstate.io/v1", "kind": "NodeNetworkConfigurationPolicy",
			"metadata": map[string]any{
				"name": policyName, "annotations": map[string]any{nncp.AnnotationBridge: string(record)},
				"labels": map[string]any{"app.kubernetes.io/managed-by": "wukong", "vm.novasphere.dev/bridge": name},
			},
			"spec": map[string]any{"desiredState": state, "maxUnavailable": "50%"}, "status": map[string]any{},
		})
		if read, err := nncp.OfPolicy(policy); err != nil || read != bridge {
			t.Fatalf("the policy remembers %v (%v), want %v", read, err, bridge)
		}
	})
}
