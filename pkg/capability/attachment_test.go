// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package capability_test

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/capability"
)

var meta = metav1.ObjectMeta{Namespace: "ns", Name: "vm"}

// networks returns a pod network and one for each attachment.
func networks(attachments ...string) []kubevirtv1.Network {
	all := []kubevirtv1.Network{{Name: "default", NetworkSource: kubevirtv1.NetworkSource{Pod: &kubevirtv1.PodNetwork{}}}}
	for _, attachment := range attachments {
		all = append(all, kubevirtv1.Network{Name: attachment, NetworkSource: kubevirtv1.NetworkSource{Multus: &kubevirtv1.MultusNetwork{NetworkName: attachment}}})
	}
	return all
}

func machine(attachments ...string) *kubevirtv1.VirtualMachine {
	return &kubevirtv1.VirtualMachine{ObjectMeta: meta, Spec: kubevirtv1.VirtualMachineSpec{Template: &kubevirtv1.VirtualMachineInstanceTemplateSpec{
		Spec: kubevirtv1.VirtualMachineInstanceSpec{Networks: networks(attachments...)},
	}}}
}

func instance(attachments ...string) *kubevirtv1.VirtualMachineInstance {
	return &kubevirtv1.VirtualMachineInstance{ObjectMeta: meta, Spec: kubevirtv1.VirtualMachineInstanceSpec{Networks: networks(attachments...)}}
}

func pod(annotation string) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: *meta.DeepCopy()}
	if annotation != "" {
		p.Annotations = map[string]string{capability.NetworksAnnotation: annotation}
	}
	return p
}

func linked(asked, has string) *corev1.Pod {
	p := pod(asked)
	p.Annotations[capability.NetworkStatusAnnotation] = has
	return p
}

func TestAttachmentsOf(t *testing.T) {
	for _, row := range []struct {
		name   string
		object client.Object
		want   []string
	}{
		{"machine", machine("lan", "networks/wan"), []string{"ns/lan", "networks/wan"}},
		{"machine with the pod network alone", machine(), nil},
		{"machine without template", &kubevirtv1.VirtualMachine{ObjectMeta: meta}, nil},
		{"instance", instance("lan"), []string{"ns/lan"}},
		{"instance without networks", &kubevirtv1.VirtualMachineInstance{ObjectMeta: meta}, nil},
		{"pod as KubeVirt writes it", pod(`[{"name":"lan","namespace":"ns","mac":"02:00:00:00:00:01","interface":"pod1"},{"name":"wan","namespace":"networks"}]`), []string{"ns/lan", "networks/wan"}},
		{"pod with an attachment of its own namespace", pod(`[{"name":"lan"}]`), []string{"ns/lan"}},
		{"pod without attachments", pod(""), nil},
		{"pod of somebody else, in the short form", pod("lan,networks/wan@eth1"), nil},
		{"pod with an empty list", pod("[]"), nil},
		{"pod whose link is another than it asks for", linked(`[{"name":"new"}]`, `[{"name":"cbr0","default":true},{"name":"ns/old","interface":"pod1"}]`), []string{"ns/new", "ns/old"}},
		{"pod whose link is the one that it asks for", linked(`[{"name":"lan"}]`, `[{"name":"ns/lan","interface":"pod1"}]`), []string{"ns/lan"}},
		{"pod with a link of no attachment", linked("[]", `[{"name":"cbr0"}]`), nil},
		{"pod with a report that is none", linked(`[{"name":"lan"}]`, "{"), []string{"ns/lan"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := capability.AttachmentsOf(row.object); !slices.Equal(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestAttachmentKey(t *testing.T) {
	for name, want := range map[string]string{"lan": "ns/lan", "networks/lan": "networks/lan", "ns/lan": "ns/lan"} {
		if got := capability.AttachmentKey("ns", name).String(); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestUsersThatLeave(t *testing.T) {
	predicate := capability.UsersThatLeave()
	if predicate.Create(event.CreateEvent{Object: machine("lan")}) {
		t.Error("a machine that comes lets nothing go")
	}
	if !predicate.Delete(event.DeleteEvent{Object: machine("lan")}) {
		t.Error("a machine that goes does not pass")
	}
	if predicate.Update(event.UpdateEvent{ObjectOld: machine("lan"), ObjectNew: machine("lan")}) {
		t.Error("a machine with the same attachments passes")
	}
	if !predicate.Update(event.UpdateEvent{ObjectOld: machine("lan", "wan"), ObjectNew: machine("wan")}) {
		t.Error("a machine that lost an attachment does not pass")
	}
}

func TestCRDsOf(t *testing.T) {
	predicate := capability.CRDsOf(capability.NMState, capability.Multus)
	for name, want := range map[string]bool{
		"nodenetworkconfigurationpolicies.nmstate.io":    true,
		"nodenetworkconfigurationenactments.nmstate.io":  true,
		"network-attachment-definitions.k8s.cni.cncf.io": true,
		"virtualmachines.kubevirt.io":                    false,
		"wukongs.vm.novasphere.dev":                      false,
	} {
		crd := capability.CRD()
		crd.SetName(name)
		if got := predicate.Create(event.CreateEvent{Object: crd}); got != want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

// The index finds our policies, and never somebody else's that has our label by accident.
func TestIndexOfPolicies(t *testing.T) {
	index := capability.NMState.Kinds[0].Indexes[capability.IndexBridge]
	ours := pod("")
	ours.Labels = map[string]string{vmv1alpha1.LabelManagedBy: vmv1alpha1.ManagedByWukong, vmv1alpha1.LabelBridge: "br-lan"}
	theirs := pod("")
	theirs.Labels = map[string]string{vmv1alpha1.LabelBridge: "br-lan"}
	if got := index(ours); !slices.Equal(got, []string{"br-lan"}) {
		t.Errorf("got %q for ours", got)
	}
	if got := index(theirs); got != nil {
		t.Errorf("got %q for somebody else's", got)
	}
}
