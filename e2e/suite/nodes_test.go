// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/nmstate/kubernetes-nmstate/api/shared"
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	nmstatev1beta1 "github.com/nmstate/kubernetes-nmstate/api/v1beta1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/nmstate"
)

// TestFailingNode lets NMState give up on a node: the claim repeats the node's own words and says what to do, the machine runs
// on a node that has the bridge, and what is to be done heals.
func TestFailingNode(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.NMState.Node("node-2").FailWith("the switch port says no")
	w.create(newWukong("default", "vm", bridged("lan", "br-lan", 100)))
	claim := w.expectNodes("vm-lan", map[string]vmv1alpha1.NodeState{
		"node-1": vmv1alpha1.NodeApplied, "node-2": vmv1alpha1.NodeFailed, "node-3": vmv1alpha1.NodeApplied,
	})
	if claim.Status.PolicyName != "vm-lan-bridge" {
		t.Errorf("the claim names policy %q", claim.Status.PolicyName)
	}
	w.expectClaim("vm-lan", vmv1alpha1.ReasonNodesFailed, "the switch port says no", "delete policy vm-lan-bridge")
	w.expectReady("default", "vm")
	w.expectPlacement("vm", "node-1", "node-3")
	// Among so many, the emptiest node would get one if it could.
	for i := range 3 {
		name := fmt.Sprintf("other-%d", i)
		w.create(newWukong("default", name, bridged("lan", "br-lan", 100)))
		w.expectReady("default", name)
		if node := w.instance(name).Status.NodeName; node == "node-2" {
			t.Errorf("%s runs on the node that has no bridge", name)
		}
	}
	before := w.instance("vm")
	w.NMState.Node("node-2").Succeed()
	policy := &nmstatev1.NodeNetworkConfigurationPolicy{ObjectMeta: metav1.ObjectMeta{Name: "vm-lan-bridge"}}
	if err := w.Client.Delete(t.Context(), policy); err != nil {
		t.Fatal(err)
	}
	w.expectPlacement("vm", "node-1", "node-2", "node-3")
	w.expectReady("default", "vm")
	w.expectUndisturbed(before)
}

// TestPolicyRemadeWhileHandlerIsBusy deletes a policy that failed, as its claim advises, while the node's handler is about
// something else: the handler finds the new one where the old one was, and leaves it alone for the attempts of that one. It is
// tried all the same.
func TestPolicyRemadeWhileHandlerIsBusy(t *testing.T) {
	w := newWorld(t, lab.Options{}, "--retry-interval=5s")
	node := w.NMState.Node("node-2")
	node.FailWith("the switch port says no")
	w.create(newWukong("default", "vm", bridged("lan", "br-lan", 100)))
	w.expectNodes("vm-lan", map[string]vmv1alpha1.NodeState{"node-2": vmv1alpha1.NodeFailed})
	node.Hold()
	w.foreignPolicy("busy", "interfaces: [{name: dummy0, type: dummy, state: up}]")
	w.eventually("the handler is busy", func(ctx context.Context) error {
		enactment := &nmstatev1beta1.NodeNetworkConfigurationEnactment{}
		if err := w.Client.Get(ctx, shared.EnactmentKey("node-2", "busy"), enactment); err != nil {
			return err
		}
		if at := enactment.Status.Conditions.Find(shared.NodeNetworkConfigurationEnactmentConditionProgressing); at == nil || at.Status != corev1.ConditionTrue {
			return fmt.Errorf("its conditions are %v", enactment.Status.Conditions)
		}
		return nil
	})
	policy := w.onlyPolicyOf("br-lan")
	w.must(w.Client.Delete(t.Context(), policy))
	w.eventually("the policy is made again", func(ctx context.Context) error {
		again := &nmstatev1.NodeNetworkConfigurationPolicy{}
		if err := w.Client.Get(ctx, client.ObjectKeyFromObject(policy), again); err != nil {
			return err
		}
		if again.UID == policy.UID {
			return errors.New("it is the old one")
		}
		return nil
	})
	node.Succeed()
	w.expectNodes("vm-lan", map[string]vmv1alpha1.NodeState{
		"node-1": vmv1alpha1.NodeApplied, "node-2": vmv1alpha1.NodeApplied, "node-3": vmv1alpha1.NodeApplied,
	})
}

// TestFailingNodes lets NMState give up on every node: no machine is made, and the Wukong repeats the nodes' own words and says
// what to do.
func TestFailingNodes(t *testing.T) {
	w := newWorld(t, lab.Options{})
	for _, node := range w.NMState.Nodes() {
		w.NMState.Node(node).FailWith("the switch port says no")
	}
	w.create(newWukong("default", "vm", bridged("lan", "br-lan", 100)))
	w.expect("default", "vm", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonNodesFailed)
	w.expectTold("default", "vm", vmv1alpha1.ConditionReady, "the switch port says no")
	w.expectTold("default", "vm", vmv1alpha1.ConditionReady, "delete policy vm-lan-bridge")
	told := w.expect("default", "vm", vmv1alpha1.ConditionVirtualMachineReady, metav1.ConditionFalse, vmv1alpha1.ReasonWaitingForNetworks)
	if told.Status.VirtualMachine != nil {
		t.Errorf("there is a machine: %+v", told.Status.VirtualMachine)
	}
}

// TestNodesThatDoNotCount has one node that is not ready and one without a handler: neither keeps a machine waiting, and none
// is started there before the bridge is there. The one without a handler is told of in the claim, since KubeVirt runs machines
// on it.
func TestNodesThatDoNotCount(t *testing.T) {
	w := newWorld(t, lab.Options{NMState: nmstate.Options{Nodes: []nmstate.NodeSpec{
		{Name: "node-1"}, {Name: "node-2", NotReady: true}, {Name: "node-3", WithoutHandler: true},
	}}})
	w.create(newWukong("default", "vm", bridged("lan", "br-lan", 100)))
	w.expectNodes("vm-lan", map[string]vmv1alpha1.NodeState{
		"node-1": vmv1alpha1.NodeApplied, "node-2": vmv1alpha1.NodeNotReady, "node-3": vmv1alpha1.NodeNoHandler,
	})
	w.expectClaim("vm-lan", vmv1alpha1.ReasonNoHandler, "node-3", "nmstate-handler DaemonSet")
	w.expectReady("default", "vm")
	w.expectPlacement("vm", "node-1")
	if node := w.instance("vm").Status.NodeName; node != "node-1" {
		t.Errorf("the machine is on %s", node)
	}
	if err := w.NMState.Node("node-3").AddHandler(); err != nil {
		t.Fatal(err)
	}
	w.expectPlacement("vm", "node-1", "node-3")
	if err := w.NMState.Node("node-2").SetReady(true); err != nil {
		t.Fatal(err)
	}
	w.expectNodes("vm-lan", map[string]vmv1alpha1.NodeState{
		"node-1": vmv1alpha1.NodeApplied, "node-2": vmv1alpha1.NodeApplied, "node-3": vmv1alpha1.NodeApplied,
	})
	w.expectPlacement("vm", "node-1", "node-2", "node-3")
	w.expectReady("default", "vm")
}

// TestNodeThatIsDown takes a node down that has the bridge: it still has it, so the placement stays as it is, and the node's
// own state keeps machines off it.
func TestNodeThatIsDown(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.create(newWukong("default", "vm", bridged("lan", "br-lan", 100)))
	w.expectReady("default", "vm")
	w.expectPlacement("vm", "node-1", "node-2", "node-3")
	scrape := w.scraper()
	settled := w.settle(scrape)
	looks := `controller_runtime_reconcile_total\{controller="wukong-nmstate".*\} (\S+)`
	before, err := w.sum(scrape, looks)
	w.must(err)
	if err := w.NMState.Node("node-3").SetReady(false); err != nil {
		t.Fatal(err)
	}
	w.eventually("the manager has looked at it", func(context.Context) error {
		after, err := w.sum(scrape, looks)
		if err == nil && after == before {
			err = errors.New("it has not")
		}
		return err
	})
	if after := w.settle(scrape); after != settled {
		t.Errorf("a node went down, and the manager wrote:%s", list(w.managerWrites()[settled:]))
	}
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
	w.expectTouched(policy)
	w.expectReady("default", "vm")
}

// expectTouched waits until NMState has looked at a policy again, which nobody has changed.
func (w *world) expectTouched(policy *nmstatev1.NodeNetworkConfigurationPolicy) {
	w.t.Helper()
	w.eventually("NMState has looked at the policy again", func(ctx context.Context) error {
		var after nmstatev1.NodeNetworkConfigurationPolicy
		if err := w.Client.Get(ctx, client.ObjectKeyFromObject(policy), &after); err != nil {
			return err
		}
		if after.ResourceVersion == policy.ResourceVersion {
			return fmt.Errorf("it has not been touched")
		}
		if after.Generation != policy.Generation {
			w.t.Errorf("Wukong wrote the policy because a handler restarted")
		}
		return nil
	})
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

// expectClaim waits until a claim is not Ready for a reason, and says these things.
func (w *world) expectClaim(name, reason string, texts ...string) {
	w.t.Helper()
	w.eventually("claim "+name+" says "+reason, func(ctx context.Context) error {
		claim := &vmv1alpha1.WukongNodeBridge{}
		if err := w.Client.Get(ctx, client.ObjectKey{Namespace: "default", Name: name}, claim); err != nil {
			return err
		}
		ready := meta.FindStatusCondition(claim.Status.Conditions, vmv1alpha1.ConditionReady)
		if ready == nil || ready.Status != metav1.ConditionFalse || ready.Reason != reason {
			return fmt.Errorf("conditions are %s", describe(claim.Status.Conditions))
		}
		for _, text := range texts {
			if !strings.Contains(ready.Message, text) {
				return fmt.Errorf("it does not say %q:%s", text, describe(claim.Status.Conditions))
			}
		}
		return nil
	})
}
