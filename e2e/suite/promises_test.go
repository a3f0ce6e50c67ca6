// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"fmt"
	"reflect"
	"testing"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/nmstate"
	"github.com/novasphere/wukong/e2e/lab/nmstate/host"
)

// states returns the networks of all nodes.
func (w *world) states() map[string]host.State {
	states := map[string]host.State{}
	for _, node := range w.NMState.Nodes() {
		states[node] = w.NMState.Node(node).State()
	}
	return states
}

// expectStates fails the test when the network of a node is not what it was.
func (w *world) expectStates(before map[string]host.State) {
	w.t.Helper()
	for node, was := range before {
		if is := w.NMState.Node(node).State(); !reflect.DeepEqual(is, was) {
			w.t.Errorf("%s was changed:\n%+v\nwas\n%+v", node, is, was)
		}
	}
}

// TestPromiseHostNIC tries in every spelling to take the interface that carries a node's default route and InternalIP, be
// it a NIC, a bond, a VLAN or a bridge: nothing is written, and the node is as it was.
func TestPromiseHostNIC(t *testing.T) {
	w := newWorld(t, nodesWith([]string{"leg1", "leg2"}, "node-1", "node-2"), "--default-uplink="+nmstate.ManagementNIC)
	const nic = nmstate.ManagementNIC
	// The first node has its address on the NIC, the others on a bond, a VLAN and a bridge.
	w.must(w.NMState.AddNode(nmstate.NodeSpec{Name: "node-3", FreeNICs: []string{"leg1", "leg2"}}))
	w.must(w.NMState.AddNode(nmstate.NodeSpec{Name: "node-4", FreeNICs: []string{"leg1", "leg2"}}))
	w.reported()
	w.moveHost("node-2", host.Interface{Name: "bond0", Type: host.TypeBond, Ports: []host.Port{{Name: "leg1"}, {Name: "leg2"}}})
	w.moveHost("node-3", vlanLink(nic+".100", nic))
	w.moveHost("node-4", host.Interface{Name: "br-ex", Type: host.TypeLinuxBridge, Ports: []host.Port{{Name: nic}}})
	before := w.states()
	ovs := func(network vmv1alpha1.Network) vmv1alpha1.Network {
		network.Type = vmv1alpha1.NetworkTypeOVS
		return network
	}
	for i, network := range []vmv1alpha1.Network{
		bridged("lan", "br-a", 0),
		on(nic, bridged("lan", "br-b", 0)),
		ovs(on(nic, bridged("lan", "ovs-c", 0))),
		ovs(on(nic, bridged("lan", "ovs-d", 200))),
		on("bond0", bridged("lan", "br-e", 0)),
		on("leg1", bridged("lan", "br-f", 0)),
		on("leg1", bridged("lan", "br-g", 300)),
		on("br-ex", bridged("lan", "br-h", 0)),
		on(nic+".100", bridged("lan", "br-i", 0)),
		on(nic, bridged("lan", "br-j", 100)),
		on("leg2", bridged("lan", nic, 0)),
		on("leg2", bridged("lan", "bond0", 0)),
	} {
		name := fmt.Sprintf("vm-%d", i)
		w.create(newWukong("default", name, network))
		w.eventually(name+" is refused", w.isRefused("default", name+"-lan"))
		// Nothing was made, so it goes at once; while it is there the next one would be refused because of it.
		w.delete("default", name)
		w.expectGone("default", name)
	}
	// The bridge that somebody made of the NIC is used where it is, as it is.
	w.create(newWukong("default", "guest", on(nic, bridged("lan", "br-ex", 0))))
	w.expectTells("default", "guest-lan", vmv1alpha1.ConditionReady, metav1.ConditionTrue, vmv1alpha1.ReasonAdopted, "never changed or removed")
	w.delete("default", "guest")
	w.expectGone("default", "guest")
	w.expectNoPolicyWrites(0)
	w.expectStates(before)
	// The uplink of somebody who has not read about hostIP does not open it.
	uplink := newUplink("mgmt", nic)
	w.create(uplink)
	w.create(newWukong("default", "fenced", on("mgmt", bridged("lan", "br-z", 0))))
	w.expectTells("default", "fenced-lan", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonHostIPAtRisk)
	w.expectNoPolicyWrites(0)
	w.expectStates(before)
}

// moveHost puts a node's address and default route on another link.
func (w *world) moveHost(node string, link host.Interface) {
	w.t.Helper()
	w.must(w.NMState.Node(node).Reconfigure(func(state host.State) host.State {
		nic, routes := state.Interfaces[nmstate.ManagementNIC], state.Routes
		link.IPv4 = nic.IPv4
		nic.IPv4 = host.IP{}
		state.Interfaces[nmstate.ManagementNIC] = nic
		state = state.WithInterface(link)
		state.Routes = nil
		for _, route := range routes {
			route.Interface = link.Name
			state.Routes = append(state.Routes, route)
		}
		return state
	}))
}

// TestPromiseNothingForeignGoes makes bridges and policies of somebody else and lets Wukong use them, or need their names,
// and removes all that is Wukong's: theirs stay. A bridge that a machine's pod is still attached to stays as well.
func TestPromiseNothingForeignGoes(t *testing.T) {
	w := newWorld(t, lab.Options{}, "--node-deadline=2s")
	w.reported()
	w.everywhere(vlanLink("ens160.100", "ens160"))
	w.everywhere(host.Interface{Name: "br-hand", Type: host.TypeLinuxBridge, Ports: []host.Port{{Name: "ens160.100"}}})
	policy := w.foreignPolicy("vm-ours-bridge", "interfaces: [{name: dummy0, type: dummy, state: up}]")
	attachment := &nadv1.NetworkAttachmentDefinition{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "mine"},
		Spec:       nadv1.NetworkAttachmentDefinitionSpec{Config: `{"cniVersion":"0.3.1","name":"mine","type":"bridge","bridge":"br-hand"}`},
	}
	w.create(attachment)
	w.create(newWukong("default", "vm",
		bridged("hand", "br-hand", 100), on("ens161", bridged("ours", "br-ours", 300)), vmv1alpha1.Network{Name: "mine", NADName: "mine"}))
	w.expectReady("default", "vm")
	before := w.policyWrites()

	// A pod of the machine stays behind, attached to the bridge that is to go.
	straggler := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "default", Name: "straggler", Labels: map[string]string{kubevirtv1.AppLabel: "virt-launcher"},
			Annotations: map[string]string{"k8s.v1.cni.cncf.io/networks": `[{"name":"vm-ours-nad","namespace":"default"}]`},
		},
		Spec: corev1.PodSpec{NodeName: "node-2", Containers: []corev1.Container{{Name: "compute", Image: "none"}}},
	}
	w.create(straggler)
	w.delete("default", "vm")
	w.expectTells("default", "vm-ours", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonInUse, "Pod default/straggler")
	w.expectBridge("br-ours", w.NMState.Nodes()...)
	w.expectNoPolicyWrites(len(before))
	w.must(w.Client.Delete(t.Context(), straggler, client.GracePeriodSeconds(0)))
	w.expectGone("default", "vm")
	w.expectBridge("br-ours")

	w.expectBridge("br-hand", w.NMState.Nodes()...)
	if after := w.onlyPolicy(); after.UID != policy.UID || after.Generation != policy.Generation {
		t.Errorf("the policy of somebody else was changed to generation %d, was %d", after.Generation, policy.Generation)
	}
	w.must(w.Client.Get(t.Context(), client.ObjectKeyFromObject(attachment), attachment))
	for _, node := range w.NMState.Nodes() {
		if _, there := w.NMState.Node(node).Interface("dummy0"); !there {
			t.Errorf("%s lost what somebody's policy made", node)
		}
	}
}

// TestPromiseNothingInSilence asks for one impossible network beside a possible one: no machine is made without it, nor on
// something else in its place, and the Wukong says why.
func TestPromiseNothingInSilence(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.foreignPolicy("mine", "interfaces: [{name: br-mine, type: linux-bridge, state: up, bridge: {port: [{name: enp175s0f0np0}]}}]")
	w.expectBridge("br-mine", w.NMState.Nodes()...)
	huge := int32(9000)
	jumbo := bridged("lan", "br-jumbo", 103)
	jumbo.MTU = &huge
	impossible := map[string]vmv1alpha1.Network{
		vmv1alpha1.ReasonNICMissing:         on("ens999", bridged("lan", "br-none", 0)),
		vmv1alpha1.ReasonHostIPAtRisk:       on(nmstate.ManagementNIC, bridged("lan", "br-host", 0)),
		vmv1alpha1.ReasonForeignPolicy:      on("enp175s0f0np0", bridged("lan", "br-ours", 0)),
		vmv1alpha1.ReasonMTUTooLarge:        jumbo,
		vmv1alpha1.ReasonAttachmentNotFound: {Name: "lan", NADName: "nowhere"},
	}
	for reason, network := range impossible {
		name := "vm-" + fmt.Sprint(len(reason)) + string(reason[0]|0x20)
		w.create(newWukong("default", name, bridged("good", "br-good", 104), network))
		told := w.expect("default", name, vmv1alpha1.ConditionReady, metav1.ConditionFalse, reason)
		w.expectMessage(told, vmv1alpha1.ConditionReady, "network lan")
	}
	w.expectBridge("br-good", w.NMState.Nodes()...)
	var machines kubevirtv1.VirtualMachineList
	if err := w.Client.List(t.Context(), &machines); err != nil || len(machines.Items) > 0 {
		t.Errorf("%d machines were made without the network that they were asked for (%v)", len(machines.Items), err)
	}
	for _, bridge := range []string{"br-none", "br-host", "br-ours", "br-jumbo"} {
		w.expectBridge(bridge)
	}
}

// TestPromiseOperator restarts the operator, crashes it, upgrades it to other flags and removes it while machines run: no
// machine is restarted and no node, policy, attachment or machine is written to.
func TestPromiseOperator(t *testing.T) {
	w := newWorld(t, lab.Options{})
	hand := host.Interface{Name: "br-hand", Type: host.TypeLinuxBridge, Ports: []host.Port{{Name: "enp175s0f0np0"}}}
	w.reported()
	w.everywhere(hand)
	networks := []vmv1alpha1.Network{
		on("ens160", bridged("tagged", "br-tagged", 100)), on("ens161", bridged("plain", "br-plain", 0)), on("enp175s0f0np0", bridged("hand", "br-hand", 0)),
	}
	var instances []*kubevirtv1.VirtualMachineInstance
	for i := range 3 {
		w.create(newWukong("default", fmt.Sprintf("vm-%d", i), networks...))
	}
	for i := range 3 {
		w.expectReady("default", fmt.Sprintf("vm-%d", i))
		instances = append(instances, w.running("default", fmt.Sprintf("vm-%d", i)))
	}
	scrape := w.scraper()
	w.settle(scrape)
	before, writes := w.states(), len(w.configurationWrites())
	flags := []string{"--default-uplink=ens161", "--default-os-image=example.org/other:2", "--node-deadline=1s", "--retry-interval=1s", "--progress-interval=1s"}
	for _, end := range []struct {
		how   func() error
		flags []string
	}{{func() error { return w.manager.Stop() }, nil}, {func() error { return w.manager.Kill() }, flags}, {func() error { return w.manager.Stop() }, flags}} {
		w.must(end.how())
		w.startManager(end.flags...)
		// A new machine shows that the new manager has looked at everything.
		w.create(newWukong("default", fmt.Sprintf("new-%d", len(instances)), networks[:1]...))
		w.expectReady("default", fmt.Sprintf("new-%d", len(instances)))
		instances = append(instances, w.running("default", fmt.Sprintf("new-%d", len(instances))))
		w.settle(scrape)
	}
	w.must(w.manager.Stop())
	w.remove(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: lab.ManagerNamespace}})
	for _, write := range w.configurationWrites()[writes:] {
		if write.Resource == "nodenetworkconfigurationpolicies" || write.Name[:3] == "vm-" {
			t.Errorf("the operator wrote %s %s %s", write.Verb, write.Resource, write.Name)
		}
	}
	w.expectStates(before)
	for _, instance := range instances {
		w.expectSameInstance(instance)
	}
}
