// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/nmstate"
	"github.com/novasphere/wukong/e2e/lab/nmstate/host"
)

// TestFenceMoves builds a fence around a running machine, moves it and takes it away: the machine keeps its bridge, the
// claim tells which rule it breaks, and nothing is written to the nodes.
func TestFenceMoves(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.create(newWukong("default", "vm", bridged("lan", "br-lan", 100)))
	w.expectReady("default", "vm")
	instance, policy := w.running("default", "vm"), w.onlyPolicy()
	uplink := newUplink("physnet", "ens160")
	uplink.Spec.VLANRanges[0] = vmv1alpha1.VLANRange{First: 200, Last: 299}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	outside := metav1.ConditionFalse
	for _, step := range []struct {
		name   string
		move   func()
		status metav1.ConditionStatus
		reason string
		texts  []string
		writes bool
	}{
		{"the first uplink is made", func() { w.create(uplink) }, outside, vmv1alpha1.ReasonVLANNotAllowed, []string{"VLAN 100", "200-299"}, false},
		{"it allows the VLAN", func() {
			w.changeUplink("physnet", func(s *vmv1alpha1.WukongUplinkSpec) { s.VLANRanges[0].First = 100 })
		}, metav1.ConditionTrue, vmv1alpha1.ReasonAllowed, nil, true},
		{"it is for other namespaces", func() {
			w.changeUplink("physnet", func(s *vmv1alpha1.WukongUplinkSpec) {
				s.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"team": "red"}}
			})
		}, outside, vmv1alpha1.ReasonNamespaceNotAllowed, []string{"team=red"}, false},
		{"the namespace is labelled", func() { w.label(namespace, "team", "red") }, metav1.ConditionTrue, vmv1alpha1.ReasonAllowed, nil, false},
		{"the type is forbidden", func() {
			w.changeUplink("physnet", func(s *vmv1alpha1.WukongUplinkSpec) {
				s.NetworkTypes = []vmv1alpha1.NetworkType{vmv1alpha1.NetworkTypeMacvlan}
			})
		}, outside, vmv1alpha1.ReasonNetworkTypeNotAllowed, []string{"macvlan"}, false},
		{"the uplink becomes another NIC's", func() { w.create(newUplink("second", "ens161")); w.remove(uplink) },
			outside, vmv1alpha1.ReasonUplinkNotFound, []string{"ens160 is neither"}, false},
		{"the fence goes", func() { w.remove(newUplink("second", "ens161")) }, metav1.ConditionTrue, vmv1alpha1.ReasonNoFence, nil, true},
	} {
		written := len(w.policyWrites())
		step.move()
		w.expectTells("default", "vm-lan", vmv1alpha1.ConditionAllowed, step.status, step.reason, step.texts...)
		w.expectTells("default", "vm-lan", vmv1alpha1.ConditionAvailable, metav1.ConditionTrue, vmv1alpha1.ReasonApplied)
		w.expectTells("default", "vm-lan", vmv1alpha1.ConditionReady, metav1.ConditionTrue, vmv1alpha1.ReasonApplied)
		w.expectReady("default", "vm")
		if !step.writes {
			w.expectNoPolicyWrites(written)
		}
		w.expectSameInstance(instance)
		if after := w.onlyPolicy(); after.UID != policy.UID || after.Generation != policy.Generation {
			t.Fatalf("%s: the policy's generation is %d, was %d", step.name, after.Generation, policy.Generation)
		}
	}
	w.create(newUplink("second", "ens161"))
	w.expectTells("default", "vm-lan", vmv1alpha1.ConditionAllowed, outside, vmv1alpha1.ReasonUplinkNotFound)
	w.delete("default", "vm")
	w.expectNothingLeft()
}

// rackUplink is an uplink on the nodes of one rack.
func rackUplink(rack vmv1alpha1.LabelValue) *vmv1alpha1.WukongUplink {
	uplink := newUplink("physnet", "ens160")
	uplink.Spec.NodeGroups[0].NodeSelector = map[string]vmv1alpha1.LabelValue{"rack": rack}
	return uplink
}

// TestNodesComeAndGo moves nodes in and out of an uplink's group while machines run on them.
func TestNodesComeAndGo(t *testing.T) {
	rack := map[string]string{"rack": "a"}
	w := newWorld(t, lab.Options{NMState: nmstate.Options{Nodes: []nmstate.NodeSpec{
		{Name: "node-1", Labels: rack}, {Name: "node-2", Labels: rack}, {Name: "node-3"},
	}}})
	node := func(name string) *corev1.Node { return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}} }
	w.create(rackUplink("a"))
	for i := 1; i <= 2; i++ {
		wukong := newWukong("default", fmt.Sprintf("vm-%d", i), on("physnet", bridged("lan", "br-lan", 100)))
		wukong.Spec.NodeSelector = map[string]string{corev1.LabelHostname: fmt.Sprintf("node-%d", i)}
		w.create(wukong)
	}
	w.expectReady("default", "vm-1")
	w.expectReady("default", "vm-2")
	w.expectBridge("br-lan", "node-1", "node-2")
	first, second := w.running("default", "vm-1"), w.running("default", "vm-2")

	// A node loses its label while a machine runs there.
	w.label(node("node-2"), "rack", "")
	w.expectNode("default", "vm-1-lan", "node-2", vmv1alpha1.NodeLeaving, "VirtualMachine default/vm-2")
	w.expectBridge("br-lan", "node-1", "node-2")
	w.expectSameInstance(second)
	w.delete("default", "vm-2")
	w.expectGone("default", "vm-2")
	w.expectBridge("br-lan", "node-1")
	w.expectSameInstance(first)

	// Nodes are added.
	w.label(node("node-3"), "rack", "a")
	w.expectBridge("br-lan", "node-1", "node-3")
	w.expectNode("default", "vm-1-lan", "node-3", vmv1alpha1.NodeApplied)
	w.label(node("node-2"), "rack", "a")
	w.expectBridge("br-lan", "node-1", "node-2", "node-3")
	w.expectNode("default", "vm-1-lan", "node-2", vmv1alpha1.NodeApplied)
	w.expectTells("default", "vm-1-lan", vmv1alpha1.ConditionReady, metav1.ConditionTrue, vmv1alpha1.ReasonApplied)

	// The group shrinks by its selector while a machine runs there.
	w.label(node("node-3"), "rack", "b")
	w.expectBridge("br-lan", "node-1", "node-2")
	w.expectCleanedUp()
	written := len(w.policyWrites())
	w.changeUplink("physnet", func(s *vmv1alpha1.WukongUplinkSpec) { s.NodeGroups[0].NodeSelector["rack"] = "b" })
	w.expectTells("default", "vm-1-lan", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonWaitingForMachines,
		"VirtualMachine default/vm-1 on node-1", "migrate or stop")
	w.expectBridge("br-lan", "node-1", "node-2")
	w.expectNoPolicyWrites(written)
	w.expectSameInstance(first)
	w.must(w.KubeVirt.StopVM(t.Context(), "default", "vm-1"))
	w.expectBridge("br-lan", "node-3")
	w.expectTells("default", "vm-1-lan", vmv1alpha1.ConditionReady, metav1.ConditionTrue, vmv1alpha1.ReasonApplied)
	w.delete("default", "vm-1")
	w.expectNothingLeft()
}

// expectCleanedUp waits until no policy is left that only removes a bridge from a node.
func (w *world) expectCleanedUp() {
	w.t.Helper()
	w.eventually("the cleanups are done", func(ctx context.Context) error {
		var policies nmstatev1.NodeNetworkConfigurationPolicyList
		err := w.Client.List(ctx, &policies, client.HasLabels{vmv1alpha1.LabelCleanupOf})
		if err == nil && len(policies.Items) > 0 {
			err = fmt.Errorf("%s is under way", policies.Items[0].Name)
		}
		return err
	})
}

// TestHostIPMoves makes a bridge of the NIC that carries the node's own address, and takes it away again.
func TestHostIPMoves(t *testing.T) {
	w := newWorld(t, lab.Options{})
	before := map[string]host.State{}
	for _, node := range w.NMState.Nodes() {
		before[node] = w.NMState.Node(node).State()
	}
	uplink := newUplink("mgmt", nmstate.ManagementNIC)
	uplink.Spec.HostIP = vmv1alpha1.HostIPMove
	w.create(uplink)
	w.create(newWukong("default", "vm", on("mgmt", bridged("lan", "br-host", 0))))
	w.expectReady("default", "vm")
	w.expectHost(before, "br-host")
	// Whoever looks at it later finds it as it is, and does not move anything again.
	written := len(w.policyWrites())
	w.must(w.manager.Stop())
	w.startManager()
	w.create(newWukong("default", "second", on("mgmt", bridged("lan", "br-host", 0))))
	w.expectReady("default", "second")
	w.expectNoPolicyWrites(written)
	w.expectHost(before, "br-host")

	w.delete("default", "vm")
	w.delete("default", "second")
	w.expectNothingLeft()
	w.expectHost(before, nmstate.ManagementNIC)
}

// expectHost fails the test when a node's addresses and routes are not on the given link, as they were on its NIC before.
func (w *world) expectHost(before map[string]host.State, link string) {
	w.t.Helper()
	for node, was := range before {
		is := w.NMState.Node(node).State()
		had := was.Interfaces[nmstate.ManagementNIC]
		for name, one := range is.Interfaces {
			if want := name == link; one.HasAddress() != want {
				w.t.Errorf("%s: %s has an address: %t", node, name, !want)
			}
		}
		if got := is.Interfaces[link]; !slices.Equal(got.IPv4.Addresses, had.IPv4.Addresses) || got.IPv4.DHCP != had.IPv4.DHCP || !strings.EqualFold(got.MAC, had.MAC) {
			w.t.Errorf("%s: %s is %+v, the NIC was %+v", node, link, got, had)
		}
		for i := range was.Routes {
			was.Routes[i].Interface = link
		}
		if !slices.Equal(is.Routes, was.Routes) {
			w.t.Errorf("%s has the routes %v, want %v", node, is.Routes, was.Routes)
		}
	}
}

// TestMTUChange changes the MTU of a bridge in use through its uplink. A change that fails on a node is taken back
// everywhere, or kept where the uplink says so.
func TestMTUChange(t *testing.T) {
	for name, before := range map[string]*int32{"from 1500": new(int32(1500)), "from the NIC's own": nil} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, lab.Options{}, "--retry-interval=2s")
			mtu := func(mtu *int32, keep vmv1alpha1.FailurePolicy) func(*vmv1alpha1.WukongUplinkSpec) {
				return func(s *vmv1alpha1.WukongUplinkSpec) { s.MTU, s.OnFailure = mtu, keep }
			}
			uplink := newUplink("physnet", "ens160")
			uplink.Spec.MTU = before
			w.create(uplink)
			w.create(newWukong("default", "vm", on("physnet", bridged("lan", "br-lan", 100))))
			w.expectReady("default", "vm")
			instance := w.running("default", "vm")

			// Nothing is taken back before the other node has it.
			w.NMState.Node("node-2").FailWith("the driver says no")
			w.NMState.Node("node-2").Hold()
			w.changeUplink("physnet", mtu(new(int32(1400)), vmv1alpha1.FailureRollBack))
			w.expectMTU(1400, "node-1")
			w.NMState.Node("node-2").Release()
			// What the rollback writes works, as what was there before did.
			w.eventuallyFailed("node-2")
			w.NMState.Node("node-2").Succeed()
			w.expectTells("default", "vm-lan", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonRolledBack,
				"MTU 1400", "the driver says no", "onFailure to Keep")
			w.expectMTU(1500, w.NMState.Nodes()...)
			w.expectTells("default", "vm-lan", vmv1alpha1.ConditionAvailable, metav1.ConditionTrue, vmv1alpha1.ReasonApplied)

			w.NMState.Node("node-2").FailWith("the driver says no again")
			w.changeUplink("physnet", mtu(new(int32(1400)), vmv1alpha1.FailureKeep))
			w.expectTells("default", "vm-lan", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonNodesFailed, "no again")
			w.expectMTU(1400, "node-1")
			w.NMState.Node("node-2").Succeed()
			w.expectTells("default", "vm-lan", vmv1alpha1.ConditionReady, metav1.ConditionTrue, vmv1alpha1.ReasonApplied)
			w.expectMTU(1400, w.NMState.Nodes()...)
			w.expectReady("default", "vm")
			w.expectSameInstance(instance)
			w.delete("default", "vm")
			w.expectNothingLeft()
		})
	}
}

// expectMTU waits until the bridge and its VLAN interface have an MTU on nodes.
func (w *world) expectMTU(mtu int, nodes ...string) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("the MTU is %d on %v", mtu, nodes), func(context.Context) error {
		for _, node := range nodes {
			for _, name := range []string{"br-lan", "ens160.100"} {
				if link, _ := w.NMState.Node(node).Interface(name); link.MTU != mtu {
					return fmt.Errorf("%s on %s has %d", name, node, link.MTU)
				}
			}
		}
		return nil
	})
}

// eventuallyFailed waits until NMState has given up on a node.
func (w *world) eventuallyFailed(node string) {
	w.t.Helper()
	w.eventually("NMState has given up on "+node, func(ctx context.Context) error {
		return w.enactmentFailed(ctx, node)
	})
}
