// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/event"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

func TestBridgeMemoryChanged(t *testing.T) {
	claim := func(policy string, nodes ...vmv1alpha1.NodeBridgeNodeStatus) *vmv1alpha1.WukongNodeBridge {
		return &vmv1alpha1.WukongNodeBridge{Status: vmv1alpha1.WukongNodeBridgeStatus{PolicyName: policy, Nodes: nodes}}
	}
	on := func(name string, state vmv1alpha1.NodeState) vmv1alpha1.NodeBridgeNodeStatus {
		return vmv1alpha1.NodeBridgeNodeStatus{Name: name, State: state}
	}
	before := claim("p", on("n1", vmv1alpha1.NodeApplied))
	for _, row := range []struct {
		name  string
		after *vmv1alpha1.WukongNodeBridge
		want  bool
	}{
		{"nothing", before, false},
		{"another state of the same node", claim("p", on("n1", vmv1alpha1.NodeFailed)), false},
		{"a node that somebody else gave the bridge", claim("p", on("n1", vmv1alpha1.NodeApplied), on("n2", vmv1alpha1.NodeAdopted)), false},
		{"a node more", claim("p", on("n1", vmv1alpha1.NodeApplied), on("n2", vmv1alpha1.NodeProgressing)), true},
		{"a node less", claim("p"), true},
		{"another policy", claim("q", on("n1", vmv1alpha1.NodeApplied)), true},
	} {
		if got := bridgeMemoryChanged().Update(event.UpdateEvent{ObjectOld: before, ObjectNew: row.after}); got != row.want {
			t.Errorf("%s: got %t", row.name, got)
		}
	}
	if bridgeMemoryChanged().Create(event.CreateEvent{Object: before}) || bridgeMemoryChanged().Delete(event.DeleteEvent{Object: before}) {
		t.Error("what comes or goes is another watch's")
	}
}
