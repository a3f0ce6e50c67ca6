// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/nmstate/host"
)

// managementBridge is the policy of the product's first document, section 4.3, as it stands there.
const managementBridge = `
apiVersion: nmstate.io/v1
kind: NodeNetworkConfigurationPolicy
metadata:
  name: management-bridge
spec:
  desiredState:
    interfaces:
      - name: br-mgmt
        type: linux-bridge
        state: up
        bridge:
          options:
            stp:
              enabled: false
          port:
            - name: ens160.100  # VLAN interface
      - name: ens160.100
        type: vlan
        state: up
        vlan:
          base-iface: ens160
          id: 100
`

// TestAdoptedPolicy has somebody's policy make the bridge before the Wukong that uses it: the bridge is used, there is no
// second policy, and neither changes when the Wukong goes.
func TestAdoptedPolicy(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.must(w.KubeVirt.SetTapBinding(t.Context(), "macvtap", true))
	foreign := &unstructured.Unstructured{}
	w.must(yaml.Unmarshal([]byte(managementBridge), foreign))
	w.must(w.Apply(t.Context(), foreign))
	nodes := w.NMState.Nodes()
	w.expectBridge("br-mgmt", nodes...)
	before := &nmstatev1.NodeNetworkConfigurationPolicy{}
	w.must(w.Client.Get(t.Context(), client.ObjectKey{Name: "management-bridge"}, before))

	w.apply(seed("vm-network-plan-4.2"))
	w.expectReady("default", "ubuntu-vm")
	for _, conditionType := range []string{vmv1alpha1.ConditionReady, vmv1alpha1.ConditionAvailable} {
		w.expectTells("default", "ubuntu-vm-management", conditionType, metav1.ConditionTrue, vmv1alpha1.ReasonAdopted)
	}
	claim := w.expectTells("default", "ubuntu-vm-management", vmv1alpha1.ConditionReady, metav1.ConditionTrue, vmv1alpha1.ReasonAdopted,
		"never changed or removed")
	if claim.Status.PolicyName != "" {
		t.Errorf("the claim names policy %s", claim.Status.PolicyName)
	}
	for _, node := range nodes {
		w.expectNode("default", "ubuntu-vm-management", node, vmv1alpha1.NodeAdopted)
	}
	w.delete("default", "ubuntu-vm")
	w.expectGone("default", "ubuntu-vm")
	w.expectBridge("br-mgmt", nodes...)
	w.expectNoPolicyWrites(0)
	if after := w.onlyPolicy(); after.UID != before.UID || after.Generation != before.Generation {
		t.Errorf("the policy of somebody else was changed to generation %d, was %d", after.Generation, before.Generation)
	}
}

// TestAdoptedOnOneNode has somebody make the bridge by hand on one node of three: machines may run there alone, and no node
// is ever written to. A node on which it is made later can be used then.
func TestAdoptedOnOneNode(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.reported()
	byHand := func(node string) {
		w.must(w.NMState.Foreign(node, vlanLink("ens160.100", "ens160")))
		w.must(w.NMState.Foreign(node, host.Interface{Name: "br-lan", Type: host.TypeLinuxBridge, Ports: []host.Port{{Name: "ens160.100"}}}))
	}
	byHand("node-2")
	w.create(newWukong("default", "vm", bridged("lan", "br-lan", 100)))
	w.expectReady("default", "vm")
	if node := w.running("default", "vm").Status.NodeName; node != "node-2" {
		t.Errorf("the machine runs on %s, which lacks the bridge", node)
	}
	claim := w.expectTells("default", "vm-lan", vmv1alpha1.ConditionReady, metav1.ConditionTrue, vmv1alpha1.ReasonAdopted,
		"no machine is started on node-1, node-3")
	for _, node := range claim.Status.Nodes {
		if node.Usable != (node.Name == "node-2") {
			t.Errorf("a machine may be started on %s: %t", node.Name, node.Usable)
		}
	}
	w.expectNode("default", "vm-lan", "node-1", vmv1alpha1.NodeMissing)
	byHand("node-3")
	w.expectNode("default", "vm-lan", "node-3", vmv1alpha1.NodeAdopted)
	w.delete("default", "vm")
	w.expectGone("default", "vm")
	w.expectBridge("br-lan", "node-2", "node-3")
	w.expectNoPolicyWrites(0)
}
