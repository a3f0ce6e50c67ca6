// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	cdiv1 "kubevirt.io/containerized-data-importer-api/pkg/apis/core/v1beta1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/pkg/story"
)

const (
	// cdiConfig is the name of CDI's only CDIConfig.
	cdiConfig = "config"
	// alignment is the block size in bytes to which CDI rounds a disk up (CDI, pkg/util/util.go).
	alignment = 1 << 20
)

// grow enlarges the claims of the disks that were declared larger. KubeVirt then enlarges the guest's disk. What the API
// server refuses is kept with the disk, and tried again when something changes.
func (r *reconciler) grow(ctx context.Context, seen *observed) error {
	var errs []error
	for i := range seen.storage.disks {
		d := &seen.storage.disks[i]
		if d.volume == nil || !seen.owns(d.volume) {
			continue
		}
		wanted := d.wanted(seen.storage.overhead)
		if wanted == nil || wanted.Cmp(requested(d.claim)) <= 0 {
			continue
		}
		errs = append(errs, r.enlarge(ctx, d, *wanted))
	}
	return errors.Join(errs...)
}

// enlarge raises the request of a disk's claim.
func (r *reconciler) enlarge(ctx context.Context, d *disk, wanted resource.Quantity) error {
	larger := d.claim.DeepCopy()
	larger.Spec.Resources.Requests[corev1.ResourceStorage] = wanted
	change := client.MergeFromWithOptions(d.claim, client.MergeFromWithOptimisticLock{})
	switch err := r.client.Patch(ctx, larger, change, client.FieldOwner(name)); {
	case apierrors.IsForbidden(err), apierrors.IsInvalid(err):
		d.refusal = err.Error()
	case apierrors.IsConflict(err):
		// The claim is another one by now, and that event brings us back.
	case err != nil:
		return fmt.Errorf("enlarging PersistentVolumeClaim %s: %w", client.ObjectKeyFromObject(larger), err)
	default:
		ctrl.LoggerFrom(ctx).Info("Enlarged", story.KeyKind, "PersistentVolumeClaim", story.KeyName, larger.Name, story.KeyStorage, wanted.String())
		d.claim = larger
	}
	return nil
}

// wanted returns the storage that the disk's claim has to request, nil where its request stays as CDI wrote it: the disk
// was not declared larger since, or CDI is not done with it.
func (d *disk) wanted(overhead *cdiv1.FilesystemOverhead) *resource.Quantity {
	if d.volume == nil || d.volume.Spec.Storage == nil || d.volume.Status.Phase != cdiv1.Succeeded ||
		d.claim == nil || d.claim.Status.Phase != corev1.ClaimBound || !d.claim.DeletionTimestamp.IsZero() {
		return nil
	}
	if d.Size.Cmp(d.volume.Spec.Storage.Resources.Requests[corev1.ResourceStorage]) <= 0 {
		return nil
	}
	return resource.NewQuantity(required(d.Size.Value(), share(d.claim, overhead)), resource.BinarySI)
}

// required returns the bytes that a claim requests for a disk of the given bytes, as CDI counts them: whole blocks, and a
// share of them on top for the file system (CDI, pkg/util/util.go, GetRequiredSpace).
func required(size int64, share float64) int64 {
	aligned := (size + alignment - 1) / alignment * alignment
	return int64(math.Ceil(float64(aligned) * (1 + share)))
}

// share returns what part of a disk's size CDI adds for the file system of its claim: nothing for a block device, else what
// CDI's configuration says of the storage class or of all (CDI, pkg/controller/common/util.go).
func share(claim *corev1.PersistentVolumeClaim, overhead *cdiv1.FilesystemOverhead) float64 {
	if overhead == nil || claim.Spec.VolumeMode != nil && *claim.Spec.VolumeMode == corev1.PersistentVolumeBlock {
		return 0
	}
	said := overhead.Global
	if claim.Spec.StorageClassName != nil {
		if own, exists := overhead.StorageClass[*claim.Spec.StorageClassName]; exists {
			said = own
		}
	}
	part, err := strconv.ParseFloat(string(said), 64)
	if err != nil {
		return 0
	}
	return part
}

func requested(claim *corev1.PersistentVolumeClaim) resource.Quantity {
	return claim.Spec.Resources.Requests[corev1.ResourceStorage]
}
