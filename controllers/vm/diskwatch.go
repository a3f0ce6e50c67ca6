// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"

	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/naming"
)

// indexClaim finds Wukongs by the names of their disks' claims, which are their DataVolumes' too.
const indexClaim = "claim"

// indexDisk finds the Wukongs that have disks at all.
const indexDisk = "disk"

// hasDisks is the only value of indexDisk.
const hasDisks = "true"

func claimsOf(obj client.Object) []string {
	wukong := obj.(*vmv1alpha1.Wukong)
	names := make([]string, 0, len(wukong.Spec.Disks))
	for _, disk := range wukong.Spec.Disks {
		if disk.ClaimName != "" {
			names = append(names, disk.ClaimName)
			continue
		}
		names = append(names, naming.DataVolume(wukong.Name, disk.Name))
	}
	return names
}

func disksOf(obj client.Object) []string {
	if len(obj.(*vmv1alpha1.Wukong).Spec.Disks) == 0 {
		return nil
	}
	return []string{hasDisks}
}

// storageClassMetadata returns an empty storage class of which only the metadata is cached: it is enough to know that it
// changed.
func storageClassMetadata() *metav1.PartialObjectMetadata {
	class := &metav1.PartialObjectMetadata{}
	class.SetGroupVersionKind(storagev1.SchemeGroupVersion.WithKind("StorageClass"))
	return class
}

// machinesOfClaim maps a claim or a DataVolume to the Wukongs that have a disk of its name.
func (r *reconciler) machinesOfClaim(ctx context.Context, obj client.Object) []reconcile.Request {
	return r.machines(ctx, client.InNamespace(obj.GetNamespace()), client.MatchingFields{indexClaim: obj.GetName()})
}

// machinesWithDisks maps a storage class, or CDI's configuration, to the Wukongs that have disks: one of them may be
// allowed to grow now.
func (r *reconciler) machinesWithDisks(ctx context.Context, _ client.Object) []reconcile.Request {
	return r.machines(ctx, client.MatchingFields{indexDisk: hasDisks})
}
