// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cdi

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/e2e/lab/acting"
)

const (
	// SelectedNode is the annotation by which the scheduler says where a claim's first consumer will run (Kubernetes, component-helpers).
	SelectedNode = "volume.kubernetes.io/selected-node"
	// protection is the finalizer that the API server puts on every claim.
	protection = "kubernetes.io/pvc-protection"
)

// waitsForConsumer reports whether a claim gets its storage only when a pod that uses it has its node.
func waitsForConsumer(claim *corev1.PersistentVolumeClaim, class *storagev1.StorageClass) bool {
	return claim.Status.Phase != corev1.ClaimBound && claim.Annotations[SelectedNode] == "" &&
		class.VolumeBindingMode != nil && *class.VolumeBindingMode == storagev1.VolumeBindingWaitForFirstConsumer
}

// provision binds a claim that nobody fills, as soon as its storage class allows it.
func (a *Actor) provision(ctx context.Context, claim *corev1.PersistentVolumeClaim) error {
	if claim.Status.Phase == corev1.ClaimBound {
		return nil
	}
	class, err := a.classOf(ctx, claim.Spec.StorageClassName)
	if err != nil || class == nil || waitsForConsumer(claim, class) {
		return err
	}
	return a.bind(ctx, claim)
}

// bind gives a claim the storage that it asks for.
func (a *Actor) bind(ctx context.Context, claim *corev1.PersistentVolumeClaim) error {
	err := acting.EditStatus(ctx, a.client, claim, manager, func(claim *corev1.PersistentVolumeClaim) {
		claim.Status.Phase = corev1.ClaimBound
		claim.Status.AccessModes = claim.Spec.AccessModes
		claim.Status.Capacity = corev1.ResourceList{corev1.ResourceStorage: claim.Spec.Resources.Requests[corev1.ResourceStorage]}
	})
	if err != nil {
		return fmt.Errorf("bind the claim: %w", err)
	}
	return nil
}

// expand gives a claim that was enlarged the storage that it now asks for.
func (a *Actor) expand(ctx context.Context, claim *corev1.PersistentVolumeClaim) error {
	has, wants := claim.Status.Capacity[corev1.ResourceStorage], claim.Spec.Resources.Requests[corev1.ResourceStorage]
	if claim.Status.Phase != corev1.ClaimBound || has.Cmp(wants) >= 0 {
		return nil
	}
	return a.bind(ctx, claim)
}

// release lets a deleted claim go once no pod uses it.
func (a *Actor) release(ctx context.Context, claim *corev1.PersistentVolumeClaim) error {
	if !slices.Contains(claim.Finalizers, protection) {
		return nil
	}
	var list corev1.PodList
	if err := a.client.List(ctx, &list, client.InNamespace(claim.Namespace)); err != nil {
		return fmt.Errorf("list the pods that may use the claim: %w", err)
	}
	for i := range list.Items {
		for _, volume := range list.Items[i].Spec.Volumes {
			if volume.PersistentVolumeClaim != nil && volume.PersistentVolumeClaim.ClaimName == claim.Name {
				return nil
			}
		}
	}
	before := client.MergeFrom(claim.DeepCopy())
	claim.Finalizers = slices.DeleteFunc(claim.Finalizers, func(finalizer string) bool { return finalizer == protection })
	if err := a.client.Patch(ctx, claim, before, client.FieldOwner(manager)); err != nil {
		return fmt.Errorf("let the claim go: %w", err)
	}
	return nil
}
