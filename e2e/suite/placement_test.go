// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/nmstate"
)

// TestNodeAddedLater adds a node, on which NMState takes its time: the machine may not be started there before the bridge is
// there, and the running machine takes no notice of either.
func TestNodeAddedLater(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.create(newWukong("default", "vm", bridged("lan", "br-lan", 100)))
	w.expectReady("default", "vm")
	w.expectPlacement("vm", "node-1", "node-2", "node-3")
	before := w.instance("vm")
	if err := w.NMState.AddNode(nmstate.NodeSpec{Name: "node-4", WithoutHandler: true}); err != nil {
		t.Fatal(err)
	}
	w.NMState.Node("node-4").Hold()
	if err := w.NMState.Node("node-4").AddHandler(); err != nil {
		t.Fatal(err)
	}
	w.expectNodes("vm-lan", map[string]vmv1alpha1.NodeState{"node-4": vmv1alpha1.NodeProgressing})
	w.expectReady("default", "vm")
	w.expectPlacement("vm", "node-1", "node-2", "node-3")
	w.NMState.Node("node-4").Release()
	w.expectPlacement("vm", "node-1", "node-2", "node-3", "node-4")
	if _, there := w.NMState.Node("node-4").Bridge("br-lan"); !there {
		t.Error("a machine may be started on a node without its bridge")
	}
	w.expectUndisturbed(before)
}

// TestNodeRemoved takes a node out of the cluster that the machine does not run on.
func TestNodeRemoved(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.create(newWukong("default", "vm", bridged("lan", "br-lan", 100)))
	w.expectReady("default", "vm")
	w.expectPlacement("vm", "node-1", "node-2", "node-3")
	before := w.instance("vm")
	nodes := w.NMState.Nodes()
	i := slices.IndexFunc(nodes, func(name string) bool { return name != before.Status.NodeName })
	if err := w.NMState.RemoveNode(nodes[i]); err != nil {
		t.Fatal(err)
	}
	w.expectPlacement("vm", slices.Delete(nodes, i, i+1)...)
	w.expectReady("default", "vm")
	w.expectUndisturbed(before)
}

// TestOwnAffinity gives a machine wishes of its own: it is kept to the nodes that meet them and have the bridge.
func TestOwnAffinity(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.NMState.Node("node-2").FailWith("the switch port says no")
	wukong := newWukong("default", "vm", bridged("lan", "br-lan", 100))
	wukong.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{
			{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{"node-2"}}}},
			{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{"node-2", "node-3"}}}},
		}},
	}}
	w.create(wukong)
	w.expect("default", "vm", vmv1alpha1.ConditionVirtualMachineReady, metav1.ConditionTrue, vmv1alpha1.ReasonRunning)
	if node := w.instance("vm").Status.NodeName; node != "node-3" {
		t.Errorf("the machine is on %s", node)
	}
}

// TestNoNodeForBridges has two bridges whose nodes do not overlap: no machine is made, the Wukong says where each bridge is,
// and what it says to do heals. Only one node has a handler at a time, since NMState aborts on others what fails on one.
func TestNoNodeForBridges(t *testing.T) {
	w := newWorld(t, lab.Options{NMState: nmstate.Options{Nodes: []nmstate.NodeSpec{{Name: "node-1"}, {Name: "node-2", WithoutHandler: true}}}})
	w.create(newWukong("default", "first", bridged("one", "br-one", 101)))
	w.expectReady("default", "first")
	w.NMState.Node("node-2").FailWith("the switch port says no")
	if err := errors.Join(w.NMState.Node("node-1").RemoveHandler(), w.NMState.Node("node-2").AddHandler()); err != nil {
		t.Fatal(err)
	}
	w.expectNodes("first-one", map[string]vmv1alpha1.NodeState{"node-1": vmv1alpha1.NodeApplied, "node-2": vmv1alpha1.NodeFailed})
	w.NMState.Node("node-2").Succeed()
	w.create(newWukong("default", "vm", bridged("one", "br-one", 101), bridged("two", "br-two", 102)))
	told := w.expect("default", "vm", vmv1alpha1.ConditionVirtualMachineReady, metav1.ConditionFalse, vmv1alpha1.ReasonNoNodeForBridges)
	w.expectMessage(told, vmv1alpha1.ConditionVirtualMachineReady, "bridge br-one is on node-1", "bridge br-two is on node-2", "correct what keeps")
	machine := &kubevirtv1.VirtualMachine{}
	if err := w.Client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: "vm"}, machine); !apierrors.IsNotFound(err) {
		t.Errorf("a machine was made that can run nowhere (%v)", err)
	}
	policy := &nmstatev1.NodeNetworkConfigurationPolicy{ObjectMeta: metav1.ObjectMeta{Name: "first-one-bridge"}}
	if err := w.Client.Delete(t.Context(), policy); err != nil {
		t.Fatal(err)
	}
	// The second bridge still lacks a node, which is not the machine's.
	w.expectReady("default", "vm")
	w.expectPlacement("vm", "node-2")
	w.expectClaim("vm-two", vmv1alpha1.ReasonNoHandler, "node-1")
}

// TestBridgeIsNowhereLater takes the bridge of a running machine away where NMState cannot make it again: the machine goes
// on running, its next start finds no node and says why, and it starts when a node has the bridge again.
func TestBridgeIsNowhereLater(t *testing.T) {
	w := newWorld(t, lab.Options{NMState: nmstate.Options{Nodes: []nmstate.NodeSpec{{Name: "node-1"}}}})
	w.create(newWukong("default", "vm", bridged("lan", "br-lan", 100)))
	w.expectReady("default", "vm")
	before := w.instance("vm")
	w.NMState.Node("node-1").FailWith("the switch port says no")
	again := func() {
		policy := &nmstatev1.NodeNetworkConfigurationPolicy{ObjectMeta: metav1.ObjectMeta{Name: "vm-lan-bridge"}}
		if err := w.Client.Delete(t.Context(), policy); err != nil {
			t.Fatal(err)
		}
	}
	w.must(w.NMState.Node("node-1").Unplug("br-lan"))
	again()
	w.expectNodes("vm-lan", map[string]vmv1alpha1.NodeState{"node-1": vmv1alpha1.NodeFailed})
	w.expectPlacement("vm")
	w.expectUndisturbed(before)
	if err := w.KubeVirt.RestartVM(t.Context(), "default", "vm"); err != nil {
		t.Fatal(err)
	}
	told := w.expect("default", "vm", vmv1alpha1.ConditionVirtualMachineReady, metav1.ConditionFalse, vmv1alpha1.ReasonNoNodeForBridges)
	w.expectMessage(told, vmv1alpha1.ConditionVirtualMachineReady, "bridge br-lan is on no node")
	w.NMState.Node("node-1").Succeed()
	again()
	w.expectPlacement("vm", "node-1")
	if err := w.KubeVirt.RestartVM(t.Context(), "default", "vm"); err != nil {
		t.Fatal(err)
	}
	w.expectReady("default", "vm")
}

// expectPlacement waits until a machine may be started on these nodes, and on none where there are none.
func (w *world) expectPlacement(name string, nodes ...string) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("%s may be started on %v", name, nodes), func(ctx context.Context) error {
		machine := &kubevirtv1.VirtualMachine{}
		if err := w.Client.Get(ctx, client.ObjectKey{Namespace: "default", Name: name}, machine); err != nil {
			return err
		}
		affinity := machine.Spec.Template.Spec.Affinity
		if affinity == nil {
			return fmt.Errorf("it may be started anywhere")
		}
		terms := affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
		if listed := terms[0].MatchExpressions[0].Values; len(terms) != 1 || !slices.Equal(listed, nodes) {
			return fmt.Errorf("it may be started on %v", terms)
		}
		return nil
	})
}

// instance returns the running instance of a machine.
func (w *world) instance(name string) *kubevirtv1.VirtualMachineInstance {
	w.t.Helper()
	instance := &kubevirtv1.VirtualMachineInstance{}
	if err := w.Client.Get(w.t.Context(), client.ObjectKey{Namespace: "default", Name: name}, instance); err != nil {
		w.t.Fatal(err)
	}
	return instance
}

// expectUndisturbed fails the test when a machine was started anew, has moved, or is said to need a restart. What was
// written for its next start has reached it.
func (w *world) expectUndisturbed(before *kubevirtv1.VirtualMachineInstance) {
	w.t.Helper()
	machine := &kubevirtv1.VirtualMachine{}
	if err := w.Client.Get(w.t.Context(), client.ObjectKeyFromObject(before), machine); err != nil {
		w.t.Fatal(err)
	}
	w.eventually("the placement has reached the running instance", func(ctx context.Context) error {
		after := &kubevirtv1.VirtualMachineInstance{}
		if err := w.Client.Get(ctx, client.ObjectKeyFromObject(before), after); err != nil {
			return err
		}
		if after.UID != before.UID || after.Status.NodeName != before.Status.NodeName || after.Status.Phase != kubevirtv1.Running {
			w.t.Errorf("the machine is another one, on %s and %s", after.Status.NodeName, after.Status.Phase)
		}
		have, want := after.Spec.Affinity.String(), machine.Spec.Template.Spec.Affinity.String()
		if have != want {
			return fmt.Errorf("it has %s, not %s", have, want)
		}
		return nil
	})
	w.expect("default", before.Name, vmv1alpha1.ConditionRestartRequired, metav1.ConditionFalse, vmv1alpha1.ReasonUpToDate)
}
