// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	nmstateshared "github.com/nmstate/kubernetes-nmstate/api/shared"
	nmstatev1beta1 "github.com/nmstate/kubernetes-nmstate/api/v1beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/capability"
)

func machine(labels map[string]string) *kubevirtv1.VirtualMachine {
	return &kubevirtv1.VirtualMachine{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "vm", Labels: labels, Annotations: map[string]string{"a": "b"}},
		Spec: kubevirtv1.VirtualMachineSpec{Template: &kubevirtv1.VirtualMachineInstanceTemplateSpec{
			Spec: kubevirtv1.VirtualMachineInstanceSpec{
				Networks: []kubevirtv1.Network{{Name: "lan", NetworkSource: kubevirtv1.NetworkSource{Multus: &kubevirtv1.MultusNetwork{NetworkName: "nad"}}}},
				Volumes:  []kubevirtv1.Volume{{Name: "root"}},
			},
		}},
	}
}

// TestTrimKeepsOurMachines leaves our machines whole, since they are compared with what is wanted, and of others only
// what tells what they are attached to.
func TestTrimKeepsOurMachines(t *testing.T) {
	ours := machine(map[string]string{vmv1alpha1.LabelManagedBy: vmv1alpha1.ManagedByWukong})
	whole := ours.DeepCopy()
	if _, err := trim(ours); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(whole, ours); diff != "" {
		t.Errorf("our own machine was changed: %s", diff)
	}
	foreign := machine(nil)
	if _, err := trim(foreign); err != nil {
		t.Fatal(err)
	}
	if attachments := capability.AttachmentsOf(foreign); len(attachments) != 1 || attachments[0] != "ns/nad" {
		t.Errorf("somebody else's machine lost its attachments: %v", attachments)
	}
	if len(foreign.Spec.Template.Spec.Volumes) > 0 || foreign.Annotations != nil {
		t.Errorf("somebody else's machine is cached whole: %+v", foreign)
	}
}

func TestTrimKeepsWhatIsRead(t *testing.T) {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{capability.NetworksAnnotation: `[{"name":"nad"}]`}, ManagedFields: []metav1.ManagedFieldsEntry{{}}},
		Spec:       corev1.PodSpec{NodeName: "node-1", Containers: []corev1.Container{{Name: "c"}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, Message: "m", Conditions: []corev1.PodCondition{
			{Type: corev1.PodReady, Status: corev1.ConditionFalse},
			{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable, Message: "no node"},
		}},
	}
	claim := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"a": "b"}, OwnerReferences: []metav1.OwnerReference{{Name: "volume"}}},
		Spec: corev1.PersistentVolumeClaimSpec{
			StorageClassName: new("fast"), VolumeName: "pv", Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: {}}},
		},
		Status: corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimBound},
	}
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"a": "b"}, Annotations: map[string]string{"c": "d"}},
		Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady}}, Images: []corev1.ContainerImage{{}}},
	}
	enactment := &nmstatev1beta1.NodeNetworkConfigurationEnactment{Status: nmstateshared.NodeNetworkConfigurationEnactmentStatus{
		PolicyGeneration: 7, DesiredState: nmstateshared.NewState("interfaces: []"),
		Conditions: nmstateshared.ConditionList{{Type: nmstateshared.NodeNetworkConfigurationEnactmentConditionAvailable}},
	}}
	for _, object := range []any{pod, claim, node, enactment} {
		if _, err := trim(object); err != nil {
			t.Fatal(err)
		}
	}
	if pod.Spec.NodeName != "node-1" || pod.Status.Phase != corev1.PodRunning || len(capability.AttachmentsOf(pod)) != 1 ||
		len(pod.Spec.Containers) > 0 || pod.ManagedFields != nil {
		t.Errorf("pod: %+v", pod)
	}
	if len(pod.Status.Conditions) != 1 || pod.Status.Conditions[0].Message != "no node" {
		t.Errorf("the pod's conditions: %+v", pod.Status.Conditions)
	}
	if claim.Spec.StorageClassName == nil || len(claim.Spec.Resources.Requests) != 1 || claim.Status.Phase != corev1.ClaimBound ||
		len(claim.OwnerReferences) != 1 || claim.Annotations != nil || claim.Spec.VolumeName != "" {
		t.Errorf("claim: %+v", claim)
	}
	if len(node.Labels) != 1 || len(node.Status.Conditions) != 1 || node.Annotations != nil || node.Status.Images != nil {
		t.Errorf("node: %+v", node)
	}
	if enactment.Status.PolicyGeneration != 7 || len(enactment.Status.Conditions) != 1 || len(enactment.Status.DesiredState.Raw) > 0 {
		t.Errorf("enactment: %+v", enactment)
	}
}

// TestTrimKeepsWhatOurInstancesDifferIn keeps of an instance of ours what its machine is compared with, and of others what they
// are attached to.
func TestTrimKeepsWhatOurInstancesDifferIn(t *testing.T) {
	instance := func(labels map[string]string) *kubevirtv1.VirtualMachineInstance {
		return &kubevirtv1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Labels: labels}, Spec: kubevirtv1.VirtualMachineInstanceSpec{
			Domain: kubevirtv1.DomainSpec{
				CPU: &kubevirtv1.CPU{Sockets: 2}, Memory: &kubevirtv1.Memory{}, Firmware: &kubevirtv1.Firmware{},
				Devices: kubevirtv1.Devices{Interfaces: []kubevirtv1.Interface{{Name: "lan"}}, Disks: []kubevirtv1.Disk{{Name: "root"}}},
			},
			Networks:                      []kubevirtv1.Network{{Name: "lan", NetworkSource: kubevirtv1.NetworkSource{Multus: &kubevirtv1.MultusNetwork{NetworkName: "nad"}}}},
			Volumes:                       []kubevirtv1.Volume{{Name: "root"}},
			TerminationGracePeriodSeconds: new(int64(60)),
			NodeSelector:                  map[string]string{"a": "b"},
		}}
	}
	ours, foreign := instance(map[string]string{vmv1alpha1.LabelManagedBy: vmv1alpha1.ManagedByWukong}), instance(nil)
	for _, object := range []any{ours, foreign} {
		if _, err := trim(object); err != nil {
			t.Fatal(err)
		}
	}
	want := instance(ours.Labels)
	want.Spec.Domain.Firmware, want.Spec.Domain.Devices.Disks, want.Spec.NodeSelector = nil, nil, nil
	if diff := cmp.Diff(want, ours); diff != "" {
		t.Errorf("our own instance (-want +got):\n%s", diff)
	}
	if attachments := capability.AttachmentsOf(foreign); len(attachments) != 1 || foreign.Spec.Domain.CPU != nil || foreign.Spec.Volumes != nil {
		t.Errorf("somebody else's instance: %+v", foreign.Spec)
	}
}
