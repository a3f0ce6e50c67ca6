// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cdi

import (
	"context"
	"fmt"
	"maps"
	"math"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	cdiv1 "kubevirt.io/containerized-data-importer-api/pkg/apis/core/v1beta1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// noClass is what CDI says where nothing tells it how to make a claim (CDI, pkg/controller/datavolume/util.go).
const noClass = "PVC spec is missing accessMode and no storageClass to choose profile"

// play takes a DataVolume one phase on (CDI, pkg/controller/datavolume/import-controller.go).
func (a *Actor) play(ctx context.Context, volume *cdiv1.DataVolume, claim *corev1.PersistentVolumeClaim, script script) (time.Duration, error) {
	if volume.Spec.Storage == nil {
		return 0, fmt.Errorf("DataVolume %s has no spec.storage, and nothing else is modelled", volume.Name)
	}
	class, err := a.classOf(ctx, volume.Spec.Storage.StorageClassName)
	switch {
	case err != nil:
		return 0, err
	case class == nil:
		return 0, a.report(ctx, volume, claim, told{bound: said("ErrClaimNotValid", noClass)})
	case claim == nil && script.quota != "":
		return 0, a.report(ctx, volume, claim, told{phase: cdiv1.Pending, bound: said("ErrExceededQuota", script.quota)})
	case claim == nil:
		return 0, a.makeClaim(ctx, volume, class)
	case waitsForConsumer(claim, class):
		return 0, a.report(ctx, volume, claim, told{phase: cdiv1.PendingPopulation})
	}
	return a.fill(ctx, volume, claim, script)
}

// fill runs the import.
func (a *Actor) fill(ctx context.Context, volume *cdiv1.DataVolume, claim *corev1.PersistentVolumeClaim, script script) (time.Duration, error) {
	if left := a.options.StepDelay - a.phaseAge(volume); left > 0 && volume.Status.Phase != cdiv1.PendingPopulation && volume.Status.Phase != "" {
		return left, nil
	}
	switch volume.Status.Phase {
	case cdiv1.ImportScheduled, cdiv1.ImportInProgress:
		switch {
		case script.fatal:
			return 0, a.report(ctx, volume, claim, told{phase: cdiv1.Failed, running: said("Error", script.failure)})
		case script.failure != "":
			return 0, a.report(ctx, volume, claim, told{phase: cdiv1.ImportInProgress, running: said("Error", script.failure)})
		case volume.Status.Phase == cdiv1.ImportScheduled || script.held || running(volume) != corev1.ConditionTrue:
			return a.options.StepDelay, a.report(ctx, volume, claim, told{phase: cdiv1.ImportInProgress, running: said("Pod is running", ""), runs: true})
		}
	case cdiv1.Failed:
		return 0, nil
	default:
		return a.options.StepDelay, a.report(ctx, volume, claim, told{phase: cdiv1.ImportScheduled, running: said("ContainerCreating", "")})
	}
	if err := a.bind(ctx, claim); err != nil {
		return 0, err
	}
	return 0, a.report(ctx, volume, claim, told{phase: cdiv1.Succeeded, running: said("Completed", "Import Complete")})
}

func running(volume *cdiv1.DataVolume) corev1.ConditionStatus {
	for _, condition := range volume.Status.Conditions {
		if condition.Type == cdiv1.DataVolumeRunning {
			return condition.Status
		}
	}
	return corev1.ConditionUnknown
}

// phaseAge is how long a DataVolume has been in its phase, as far as this actor has seen. The first look at a phase starts
// its time.
func (a *Actor) phaseAge(volume *cdiv1.DataVolume) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	since, seen := a.since[volume.UID]
	if !seen || since.phase != volume.Status.Phase {
		since = entered{phase: volume.Status.Phase, at: time.Now()}
		a.since[volume.UID] = since
	}
	return time.Since(since.at)
}

// classOf returns the storage class of a name, or the default one for none; nil where there is no such class.
func (a *Actor) classOf(ctx context.Context, name *string) (*storagev1.StorageClass, error) {
	if name != nil {
		class := &storagev1.StorageClass{}
		if found, err := a.get(ctx, key{Name: *name}, class); err != nil || !found {
			return nil, err
		}
		return class, nil
	}
	var list storagev1.StorageClassList
	if err := a.client.List(ctx, &list); err != nil {
		return nil, fmt.Errorf("list the storage classes: %w", err)
	}
	for i := range list.Items {
		if list.Items[i].Annotations["storageclass.kubernetes.io/is-default-class"] == "true" {
			return &list.Items[i], nil
		}
	}
	return nil, nil
}

// makeClaim makes the claim of a DataVolume, with the file system's share on top of its size.
func (a *Actor) makeClaim(ctx context.Context, volume *cdiv1.DataVolume, class *storagev1.StorageClass) error {
	share, err := strconv.ParseFloat(Overhead, 64)
	if err != nil {
		return err
	}
	size := volume.Spec.Storage.Resources.Requests.Storage().Value()
	claim := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: volume.Namespace, Name: volume.Name, Labels: maps.Clone(volume.Labels),
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(volume, cdiv1.SchemeGroupVersion.WithKind("DataVolume"))},
		},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes:      []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			StorageClassName: &class.Name,
			Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{
				corev1.ResourceStorage: *resource.NewQuantity(int64(math.Ceil(float64(size)*(1+share))), resource.BinarySI),
			}},
		},
	}
	if err := a.client.Create(ctx, claim, client.FieldOwner(manager)); err != nil {
		return fmt.Errorf("create the claim: %w", err)
	}
	return nil
}
