// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
)

const (
	sharingNamespaces = 10
	sharingMachines   = 10
)

// TestSharedBridge puts a hundred machines of ten namespaces on one bridge: there is one policy, until the last machine has
// gone, in whatever order and way they go.
func TestSharedBridge(t *testing.T) {
	w := newWorld(t, lab.Options{})
	var names []client.ObjectKey
	for n := range sharingNamespaces {
		namespace := fmt.Sprintf("tenant-%d", n)
		w.namespace(namespace)
		for m := range sharingMachines {
			key := client.ObjectKey{Namespace: namespace, Name: fmt.Sprintf("vm-%d", m)}
			w.create(newWukong(key.Namespace, key.Name, bridged("lan", "br-shared", 100)))
			names = append(names, key)
		}
	}
	for _, key := range names {
		w.expectReady(key.Namespace, key.Name)
	}
	policy := w.onlyPolicy()

	// One namespace goes whole, the others' machines one by one in a random order; the last one is not in the namespace.
	if err := w.Client.Delete(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "tenant-0"}}); err != nil {
		t.Fatal(err)
	}
	rest := names[sharingMachines:]
	rand.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	last := rest[len(rest)-1]
	for i, key := range rest[:len(rest)-1] {
		if i%3 == 0 {
			w.delete(key.Namespace, key.Name, client.PropagationPolicy(metav1.DeletePropagationForeground))
		} else {
			w.delete(key.Namespace, key.Name)
		}
	}
	w.eventually("all machines but the last are gone", func(ctx context.Context) error {
		var left vmv1alpha1.WukongNodeBridgeList
		if err := w.Client.List(ctx, &left); err != nil {
			return err
		}
		if len(left.Items) != 1 {
			return fmt.Errorf("%d claims are left", len(left.Items))
		}
		return nil
	})
	if after := w.onlyPolicy(); after.UID != policy.UID || after.Generation != policy.Generation {
		t.Errorf("the policy was changed to generation %d (was %d) or made again while a machine used the bridge", after.Generation, policy.Generation)
	}
	w.expectReady(last.Namespace, last.Name)
	for _, node := range w.NMState.Nodes() {
		if _, there := w.NMState.Node(node).Bridge("br-shared"); !there {
			t.Errorf("%s lost the bridge while a machine uses it", node)
		}
	}
	w.delete(last.Namespace, last.Name)
	w.expectNothingLeft()
	w.expectAbsentBeforeDeletion()
}

// onlyPolicy returns the one policy that there is.
func (w *world) onlyPolicy() *nmstatev1.NodeNetworkConfigurationPolicy {
	w.t.Helper()
	var policies nmstatev1.NodeNetworkConfigurationPolicyList
	if err := w.Client.List(w.t.Context(), &policies); err != nil {
		w.t.Fatal(err)
	}
	if len(policies.Items) != 1 {
		w.t.Fatalf("there are %d policies for one bridge", len(policies.Items))
	}
	return &policies.Items[0]
}

// TestHandOver lets the machine that the policy is named after go first: the policy stays for the others as it is.
func TestHandOver(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.namespace("other")
	w.create(newWukong("default", "first", bridged("lan", "br-lan", 0)))
	w.expectReady("default", "first")
	w.create(newWukong("other", "second", bridged("net", "br-lan", 0)))
	w.expectReady("other", "second")
	policy := w.onlyPolicy()
	if policy.Name != "first-lan-bridge" {
		t.Errorf("the policy is named %s, not after the first claimant", policy.Name)
	}
	w.delete("default", "first")
	w.expectGone("default", "first")
	if after := w.onlyPolicy(); after.UID != policy.UID || after.Generation != policy.Generation {
		t.Errorf("the policy changed when its first claimant left")
	}
	w.expectReady("other", "second")
	w.delete("other", "second")
	w.expectNothingLeft()
}

// TestConflict declares one bridge twice in different ways: the first one has it, the second one is told who does, and gets
// it when the first one is gone.
func TestConflict(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.namespace("other")
	w.create(newWukong("default", "first", bridged("lan", "br-lan", 100)))
	w.expectReady("default", "first")
	w.create(newWukong("other", "second", bridged("lan", "br-lan", 200)))
	told := w.expect("other", "second", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonBridgeConflict)
	w.expectMessage(told, vmv1alpha1.ConditionReady, "default/first-lan", "VLAN 100", "another bridgeName")
	w.create(newWukong("other", "third", bridged("lan", "br-other", 100)))
	told = w.expect("other", "third", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonUplinkConflict)
	w.expectMessage(told, vmv1alpha1.ConditionReady, "default/first-lan", "br-lan", "another VLAN or uplink")
	w.onlyPolicy()

	w.delete("default", "first")
	w.expectReady("other", "second")
	w.expectReady("other", "third")
	bridge, _ := w.NMState.Node("node-1").Bridge("br-lan")
	if ports := bridge.PortNames(); len(ports) != 1 || ports[0] != "ens160.200" {
		t.Errorf("br-lan has the ports %v", ports)
	}
	w.delete("other", "second")
	w.delete("other", "third")
	w.expectNothingLeft()
}
