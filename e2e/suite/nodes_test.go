// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"testing"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/nmstate"
)

// TestFailingNode lets NMState give up on a node: the claim and the Wukong repeat the node's own words and say what to do,
// no machine is made on a bridge that is not everywhere, and doing it heals.
func TestFailingNode(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.NMState.Node("node-2").FailWith("the switch port says no")
	w.create(newWukong("default", "vm", bridged("lan", "br-lan", 100)))
	w.expect("default", "vm", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonNodesFailed)
	w.expectTold("default", "vm", vmv1alpha1.ConditionReady, "the switch port says no")
	w.expectTold("default", "vm", vmv1alpha1.ConditionReady, "delete policy vm-lan-bridge")
	claim := w.expectNodes("vm-lan", map[string]vmv1alpha1.NodeState{
		"node-1": vmv1alpha1.NodeApplied, "node-2": vmv1alpha1.NodeFailed, "node-3": vmv1alpha1.NodeApplied,
	})
	if claim.Status.PolicyName != "vm-lan-bridge" {
		t.Errorf("the claim names policy %q", claim.Status.PolicyName)
	}
	w.NMState.Node("node-2").Succeed()
	policy := &nmstatev1.NodeNetworkConfigurationPolicy{ObjectMeta: metav1.ObjectMeta{Name: "vm-lan-bridge"}}
	if err := w.Client.Delete(t.Context(), policy); err != nil {
		t.Fatal(err)
	}
	w.expectReady("default", "vm")
}

// TestNodesThatDoNotCount has one node that is not ready and one without a handler: the first does not keep a machine
// waiting, the second does, since a machine could be started there.
func TestNodesThatDoNotCount(t *testing.T) {
	w := newWorld(t, lab.Options{NMState: nmstate.Options{Nodes: []nmstate.NodeSpec{
		{Name: "node-1"}, {Name: "node-2", NotReady: true}, {Name: "node-3", WithoutHandler: true},
	}}})
	w.create(newWukong("default", "vm", bridged("lan", "br-lan", 100)))
	told := w.expect("default", "vm", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonNoHandler)
	w.expectMessage(told, vmv1alpha1.ConditionReady, "node-3", "nmstate-handler DaemonSet")
	w.expectNodes("vm-lan", map[string]vmv1alpha1.NodeState{
		"node-1": vmv1alpha1.NodeApplied, "node-2": vmv1alpha1.NodeNotReady, "node-3": vmv1alpha1.NodeNoHandler,
	})
	if err := w.NMState.Node("node-3").AddHandler(); err != nil {
		t.Fatal(err)
	}
	w.expectReady("default", "vm")
	if err := w.NMState.Node("node-2").SetReady(true); err != nil {
		t.Fatal(err)
	}
	w.expectNodes("vm-lan", map[string]vmv1alpha1.NodeState{
		"node-1": vmv1alpha1.NodeApplied, "node-2": vmv1alpha1.NodeApplied, "node-3": vmv1alpha1.NodeApplied,
	})
}

// TestHandlerRestart restarts a handler, which makes NMState doubt every policy for a moment: nothing is written, and the
// machine stays ready.
func TestHandlerRestart(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.create(newWukong("default", "vm", bridged("lan", "br-lan", 100)))
	w.expectReady("default", "vm")
	policy := w.onlyPolicy()
	if err := w.NMState.Node("node-1").RestartHandler(); err != nil {
		t.Fatal(err)
	}
	w.eventually("NMState has looked at the policy again", func(ctx context.Context) error {
		var after nmstatev1.NodeNetworkConfigurationPolicy
		if err := w.Client.Get(ctx, client.ObjectKeyFromObject(policy), &after); err != nil {
			return err
		}
		if after.ResourceVersion == policy.ResourceVersion {
			return fmt.Errorf("it has not been touched")
		}
		if after.Generation != policy.Generation {
			t.Errorf("Wukong wrote the policy because a handler restarted")
		}
		return nil
	})
	w.expectReady("default", "vm")
}

// TestDeadNodeDoesNotHoldDeletion deletes a machine while a node is down: the deletion ends at the deadline, and an event
// says where the bridge was left.
func TestDeadNodeDoesNotHoldDeletion(t *testing.T) {
	w := newWorld(t, lab.Options{}, "--node-deadline=2s")
	w.create(newWukong("default", "vm", bridged("lan", "br-lan", 100)))
	w.expectReady("default", "vm")
	if err := w.NMState.Node("node-3").SetReady(false); err != nil {
		t.Fatal(err)
	}
	w.delete("default", "vm")
	w.expectGone("default", "vm")
	for _, node := range []string{"node-1", "node-2"} {
		if _, there := w.NMState.Node(node).Bridge("br-lan"); there {
			t.Errorf("%s still has the bridge", node)
		}
	}
	w.eventually("an event names the node", func(ctx context.Context) error {
		var events eventsv1.EventList
		if err := w.Client.List(ctx, &events, client.InNamespace("default")); err != nil {
			return err
		}
		for _, event := range events.Items {
			if event.Reason == "BridgeLeftBehind" && event.Regarding.Name == "vm-lan" {
				return nil
			}
		}
		return fmt.Errorf("none of %d events does", len(events.Items))
	})
}

// expectNodes waits until a claim reports these states of the nodes.
func (w *world) expectNodes(claim string, want map[string]vmv1alpha1.NodeState) *vmv1alpha1.WukongNodeBridge {
	w.t.Helper()
	found := &vmv1alpha1.WukongNodeBridge{}
	w.eventually("the states of the nodes in claim "+claim, func(ctx context.Context) error {
		if err := w.Client.Get(ctx, client.ObjectKey{Namespace: "default", Name: claim}, found); err != nil {
			return err
		}
		have := map[string]vmv1alpha1.NodeState{}
		for _, node := range found.Status.Nodes {
			have[node.Name] = node.State
		}
		for node, state := range want {
			if have[node] != state {
				return fmt.Errorf("nodes are %v", found.Status.Nodes)
			}
		}
		return nil
	})
	return found
}
