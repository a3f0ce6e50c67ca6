// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"strings"
	"testing"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
)

// TestNames declares machines whose names meet, or are longer than what is made of them may be: all come up, side by side.
func TestNames(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.namespace("other")
	long := strings.Repeat("a-very-long-name-", 12) + "end"
	machines := []*vmv1alpha1.Wukong{
		// One name in two namespaces, on two bridges: their policies are cluster-scoped.
		newWukong("default", "twin", bridged("lan", "br-one", 101)),
		newWukong("other", "twin", bridged("lan", "br-two", 102)),
		// Both would have children named a-b-c.
		newWukong("default", "a-b", bridged("c", "br-three", 103)),
		newWukong("default", "a", bridged("b-c", "br-four", 104)),
		// Names of 63 characters and more, of the machine, of the network, with a dot.
		newWukong("default", long, on("ens161", bridged(strings.Repeat("n", 63), "br-five", 105))),
		newWukong("default", long+"x", on("ens161", bridged(strings.Repeat("n", 62)+"m", "br-six", 106))),
		newWukong("default", "dotted.name", bridged("lan", "br-seven", 107)),
		// The bridge's default name, and the VLAN interface's, do not fit the kernel's 15 characters.
		newWukong("default", "long-nic", on("enp175s0f0np0", bridged("a-network-with-a-long-name", "", 100))),
		newWukong("other", "long-nic", on("enp175s0f0np0", bridged("a-network-with-a-long-name-2", "", 200))),
	}
	for _, machine := range machines {
		w.create(machine)
	}
	for _, machine := range machines {
		w.expectReady(machine.Namespace, machine.Name)
	}
	w.expectDistinct(len(machines))
	for _, machine := range machines {
		w.delete(machine.Namespace, machine.Name)
	}
	w.expectNothingLeft()
}

// expectDistinct checks that each machine has objects of its own, whose names fit where they are used.
func (w *world) expectDistinct(machines int) {
	w.t.Helper()
	for _, list := range []client.ObjectList{
		&nmstatev1.NodeNetworkConfigurationPolicyList{}, &nadv1.NetworkAttachmentDefinitionList{}, &kubevirtv1.VirtualMachineList{},
		&corev1.SecretList{}, &vmv1alpha1.WukongNetworkList{}, &vmv1alpha1.WukongNodeBridgeList{},
	} {
		if err := w.Client.List(w.t.Context(), list, client.MatchingLabels{vmv1alpha1.LabelManagedBy: vmv1alpha1.ManagedByWukong}); err != nil {
			w.t.Fatal(err)
		}
		names := namesOf(w.t, list)
		if len(names) != machines {
			w.t.Errorf("%T: %d objects for %d machines: %v", list, len(names), machines, names)
		}
		for _, name := range names {
			if len(name) > 63 {
				w.t.Errorf("%T: %s has %d characters", list, name, len(name))
			}
		}
	}
	links := map[string]bool{}
	for _, link := range w.NMState.Node("node-1").Interfaces() {
		if len(link.Name) > 15 {
			w.t.Errorf("interface %s has %d characters", link.Name, len(link.Name))
		}
		links[link.Type+" "+link.Name] = true
	}
	made := 0
	for link := range links {
		if !strings.HasPrefix(link, "ethernet ") {
			made++
		}
	}
	if made != 2*machines {
		w.t.Errorf("node-1 has %d bridges and VLAN interfaces for %d machines", made, machines)
	}
}

// TestForeignObjects has objects of somebody else stand where Wukong needs its own: they are left as they are, the Wukong
// says whose they are, and goes on when they are gone.
func TestForeignObjects(t *testing.T) {
	w := newWorld(t, lab.Options{})
	strategy := kubevirtv1.RunStrategyHalted
	foreignVM := &kubevirtv1.VirtualMachine{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "taken"},
		Spec:       kubevirtv1.VirtualMachineSpec{RunStrategy: &strategy, Template: &kubevirtv1.VirtualMachineInstanceTemplateSpec{}},
	}
	foreignNAD := &nadv1.NetworkAttachmentDefinition{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "taken-lan-nad"},
		Spec:       nadv1.NetworkAttachmentDefinitionSpec{Config: `{"cniVersion":"0.3.1","name":"mine","type":"bridge","bridge":"br-mine"}`},
	}
	foreignSecret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "taken-cloudinit"}, StringData: map[string]string{"userdata": "mine"}}
	w.create(foreignVM, foreignNAD, foreignSecret)
	w.create(newWukong("default", "taken", bridged("lan", "br-lan", 100)))

	told := w.expect("default", "taken", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonNameConflict)
	w.expectMessage(told, vmv1alpha1.ConditionNetworksReady, "NetworkAttachmentDefinition default/taken-lan-nad", "was not created by Wukong")
	if err := w.Client.Delete(t.Context(), foreignNAD); err != nil {
		t.Fatal(err)
	}
	w.expectTold("default", "taken", vmv1alpha1.ConditionVirtualMachineReady, "VirtualMachine default/taken exists already")
	if err := w.Client.Delete(t.Context(), foreignVM); err != nil {
		t.Fatal(err)
	}
	w.expectTold("default", "taken", vmv1alpha1.ConditionVirtualMachineReady, "Secret default/taken-cloudinit exists already")
	untouched := &corev1.Secret{}
	if err := w.Client.Get(t.Context(), client.ObjectKeyFromObject(foreignSecret), untouched); err != nil || string(untouched.Data["userdata"]) != "mine" {
		t.Errorf("somebody else's Secret was changed: %v (%v)", untouched.Data, err)
	}
	if err := w.Client.Delete(t.Context(), foreignSecret); err != nil {
		t.Fatal(err)
	}
	w.expectReady("default", "taken")
}
