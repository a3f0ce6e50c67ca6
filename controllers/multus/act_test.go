// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package multus

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
)

func TestWaitingForNodeBridge(t *testing.T) {
	const available, ready = vmv1alpha1.ConditionAvailable, vmv1alpha1.ConditionReady
	claim := func(told ...metav1.Condition) *vmv1alpha1.WukongNodeBridge {
		return &vmv1alpha1.WukongNodeBridge{
			Spec:   vmv1alpha1.WukongNodeBridgeSpec{BridgeName: "br-lan"},
			Status: vmv1alpha1.WukongNodeBridgeStatus{Conditions: told},
		}
	}
	there := conditions.True(available, vmv1alpha1.ReasonApplied, "")
	later := claim(there)
	later.Generation = 2
	going := claim(there)
	going.DeletionTimestamp = new(metav1.Now())
	for _, row := range []struct {
		name   string
		bridge *vmv1alpha1.WukongNodeBridge
		// says is part of what the network is told, empty where it does not wait.
		says string
	}{
		{"on every node", claim(there, conditions.True(ready, vmv1alpha1.ReasonApplied, "")), ""},
		{"on a node, another failed", claim(there, conditions.False(ready, vmv1alpha1.ReasonNodesFailed, "n2")), ""},
		{"on a node, others are under way", claim(there, conditions.False(ready, vmv1alpha1.ReasonProgressing, "")), ""},
		{"trusted", claim(conditions.Unknown(available, vmv1alpha1.ReasonNMStateNotInstalled, ""), conditions.Unknown(ready, vmv1alpha1.ReasonNMStateNotInstalled, "")), ""},
		{"on no node yet", claim(conditions.False(available, vmv1alpha1.ReasonProgressing, "counting")), "waiting for bridge br-lan on the nodes"},
		{"failed on all nodes", claim(conditions.False(available, vmv1alpha1.ReasonNodesFailed, "the switch says no")), "br-lan on the nodes: the switch says no"},
		{"not reported", claim(), "waiting for bridge br-lan"},
		{"reported of an earlier form", later, "waiting for bridge br-lan"},
		{"going", going, "waiting for bridge br-lan"},
		{"gone", nil, "WukongNodeBridge vm-lan does not exist"},
	} {
		t.Run(row.name, func(t *testing.T) {
			network := &vmv1alpha1.WukongNetwork{Spec: vmv1alpha1.WukongNetworkSpec{Network: "lan", NodeBridgeName: "vm-lan"}}
			got := waitingForNodeBridge(&observed{network: network, nodeBridge: row.bridge})
			switch {
			case row.says == "" && got != nil:
				t.Errorf("it waits: %s", got.condition.Message)
			case row.says != "" && (got == nil || got.condition.Reason != vmv1alpha1.ReasonWaitingForNodeBridge || !strings.Contains(got.condition.Message, row.says)):
				t.Errorf("got %+v", got)
			}
		})
	}
	if got := waitingForNodeBridge(&observed{network: &vmv1alpha1.WukongNetwork{}}); got != nil {
		t.Errorf("a network without a bridge waits: %s", got.condition.Message)
	}
}
