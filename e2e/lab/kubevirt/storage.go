// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	cdiv1 "kubevirt.io/containerized-data-importer-api/pkg/apis/core/v1beta1"

	"github.com/novasphere/wukong/e2e/lab/acting"
)

const (
	// failedPvcNotFound is KubeVirt's reason for an instance whose claim is missing (KubeVirt, pkg/controller).
	failedPvcNotFound = "FailedPvcNotFound"
	// selectedNode is the annotation by which the scheduler tells the storage where a claim's consumer will run.
	selectedNode = "volume.kubernetes.io/selected-node"
	// claimAdoption lets CDI take a claim that is there already.
	claimAdoption = "cdi.kubevirt.io/allowClaimAdoption"
)

// storage is what a machine's volumes say of themselves (KubeVirt, pkg/storage/types).
type storage struct {
	failed, provisioning, unbound bool
}

// claimOf returns the claim of a volume, empty for one without.
func claimOf(volume *kubevirtv1.Volume) string {
	switch {
	case volume.DataVolume != nil:
		return volume.DataVolume.Name
	case volume.PersistentVolumeClaim != nil:
		return volume.PersistentVolumeClaim.ClaimName
	}
	return ""
}

// makeDataVolumes makes the DataVolumes of a machine that is about to start, and reports whether all of them let it
// (KubeVirt, pkg/virt-controller/watch/vm/vm.go, handleDataVolumes). One that exists is taken as it is, whosever it is.
func (a *Actor) makeDataVolumes(ctx context.Context, machine *kubevirtv1.VirtualMachine) (bool, error) {
	ready := true
	for i := range machine.Spec.DataVolumeTemplates {
		template := &machine.Spec.DataVolumeTemplates[i]
		volume := &cdiv1.DataVolume{}
		err := a.client.Get(ctx, key{Namespace: machine.Namespace, Name: template.Name}, volume)
		switch {
		case apierrors.IsNotFound(err):
			ready = false
			if err := a.client.Create(ctx, dataVolume(template, machine), fieldOwner); err != nil {
				return false, fmt.Errorf("create DataVolume %s: %w", template.Name, err)
			}
		case err != nil:
			return false, fmt.Errorf("read DataVolume %s: %w", template.Name, err)
		case volume.Status.Phase != cdiv1.Succeeded && volume.Status.Phase != cdiv1.WaitForFirstConsumer && volume.Status.Phase != cdiv1.PendingPopulation:
			ready = false
		}
	}
	return ready, nil
}

func dataVolume(template *kubevirtv1.DataVolumeTemplateSpec, machine *kubevirtv1.VirtualMachine) *cdiv1.DataVolume {
	labels, annotations := maps.Clone(template.Labels), maps.Clone(template.Annotations)
	if labels == nil {
		labels = map[string]string{}
	}
	if annotations == nil {
		annotations = map[string]string{}
	}
	labels[kubevirtv1.CreatedByLabel] = string(machine.UID)
	annotations[claimAdoption] = "true"
	return &cdiv1.DataVolume{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: machine.Namespace, Name: template.Name, Labels: labels, Annotations: annotations,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(machine, kubevirtv1.VirtualMachineGroupVersionKind)},
		},
		Spec: *template.Spec.DeepCopy(),
	}
}

// storageOf reads what a machine's volumes say.
func (a *Actor) storageOf(ctx context.Context, machine *kubevirtv1.VirtualMachine) (storage, error) {
	var found storage
	if machine.Spec.Template == nil {
		return found, nil
	}
	volumes := machine.Spec.Template.Spec.Volumes
	for i := range volumes {
		name := claimOf(&volumes[i])
		if name == "" {
			continue
		}
		a.wait(key{Namespace: machine.Namespace, Name: machine.Name})
		claim := &corev1.PersistentVolumeClaim{}
		err := a.client.Get(ctx, key{Namespace: machine.Namespace, Name: name}, claim)
		switch {
		case err == nil:
			found.unbound = found.unbound || claim.Status.Phase != corev1.ClaimBound
		case !apierrors.IsNotFound(err):
			return found, fmt.Errorf("read claim %s: %w", name, err)
		}
		if volumes[i].DataVolume == nil {
			continue
		}
		volume := &cdiv1.DataVolume{}
		err = a.client.Get(ctx, key{Namespace: machine.Namespace, Name: name}, volume)
		switch {
		case err == nil:
			found.add(volume)
		case !apierrors.IsNotFound(err):
			return found, fmt.Errorf("read DataVolume %s: %w", name, err)
		}
	}
	return found, nil
}

// add judges a DataVolume as KubeVirt does (KubeVirt, pkg/storage/types/dv.go).
func (s *storage) add(volume *cdiv1.DataVolume) {
	s.failed = s.failed || volume.Status.Phase == cdiv1.Failed
	bound := false
	for _, condition := range volume.Status.Conditions {
		switch {
		case condition.Type == cdiv1.DataVolumeBound:
			bound = condition.Status == corev1.ConditionTrue
		case condition.Type == cdiv1.DataVolumeRunning && condition.Status == corev1.ConditionFalse:
			s.failed = s.failed || condition.Reason == "Error" || condition.Reason == "ImagePullFailed"
		}
	}
	switch volume.Status.Phase {
	case cdiv1.Succeeded, cdiv1.PendingPopulation:
	case cdiv1.WaitForFirstConsumer:
		s.provisioning = s.provisioning || bound
	default:
		s.provisioning = true
	}
}

// missingClaim says, in virt-controller's words, which claim of an instance is not there; empty if all are.
func (a *Actor) missingClaim(ctx context.Context, vmi *kubevirtv1.VirtualMachineInstance) (string, error) {
	for i := range vmi.Spec.Volumes {
		name := claimOf(&vmi.Spec.Volumes[i])
		if name == "" {
			continue
		}
		err := a.client.Get(ctx, key{Namespace: vmi.Namespace, Name: name}, &corev1.PersistentVolumeClaim{})
		if apierrors.IsNotFound(err) {
			return fmt.Sprintf("PVC %s/%s does not exist, waiting for it to appear", vmi.Namespace, name), nil
		}
		if err != nil {
			return "", fmt.Errorf("read claim %s: %w", name, err)
		}
	}
	return "", nil
}

// claimVolumes are the pod's volumes for an instance's claims.
func claimVolumes(vmi *kubevirtv1.VirtualMachineInstance) []corev1.Volume {
	var volumes []corev1.Volume
	for i := range vmi.Spec.Volumes {
		if name := claimOf(&vmi.Spec.Volumes[i]); name != "" {
			volumes = append(volumes, corev1.Volume{Name: vmi.Spec.Volumes[i].Name, VolumeSource: corev1.VolumeSource{
				PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name},
			}})
		}
	}
	return volumes
}

// bindClaims is what the scheduler does before it binds a pod: it says on each claim which node the pod will run on, and
// waits until all of them have their storage. It reports whether they have.
func (a *Actor) bindClaims(ctx context.Context, pod *corev1.Pod, node string) (bool, error) {
	bound := true
	for _, volume := range pod.Spec.Volumes {
		if volume.PersistentVolumeClaim == nil {
			continue
		}
		claim := &corev1.PersistentVolumeClaim{}
		if err := a.client.Get(ctx, key{Namespace: pod.Namespace, Name: volume.PersistentVolumeClaim.ClaimName}, claim); err != nil {
			return false, fmt.Errorf("read claim %s: %w", volume.PersistentVolumeClaim.ClaimName, err)
		}
		if claim.Status.Phase == corev1.ClaimBound {
			continue
		}
		bound = false
		if claim.Annotations[selectedNode] != "" {
			continue
		}
		err := acting.Edit(ctx, a.client, claim, managerScheduler, func(claim *corev1.PersistentVolumeClaim) {
			if claim.Annotations == nil {
				claim.Annotations = map[string]string{}
			}
			claim.Annotations[selectedNode] = node
		})
		if err != nil {
			return false, fmt.Errorf("select a node for claim %s: %w", claim.Name, err)
		}
	}
	return bound, nil
}
