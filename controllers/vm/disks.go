// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	kubevirtv1 "kubevirt.io/api/core/v1"
	cdiv1 "kubevirt.io/containerized-data-importer-api/pkg/apis/core/v1beta1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/apply"
	"github.com/novasphere/wukong/pkg/capability"
	"github.com/novasphere/wukong/pkg/naming"
	"github.com/novasphere/wukong/pkg/render/vm"
)

// +kubebuilder:rbac:groups=cdi.kubevirt.io,resources=datavolumes;cdiconfigs,verbs=list;watch
// +kubebuilder:rbac:groups="",resources=persistentvolumeclaims,verbs=list;watch;patch
// +kubebuilder:rbac:groups=storage.k8s.io,resources=storageclasses,verbs=list;watch

// storage is what is known of the machine's persistent disks.
type storage struct {
	// cdiServed tells whether disks can be made at all.
	cdiServed bool
	// overhead is what CDI adds to a disk's size for the file system below it, nil where it is not known.
	overhead *cdiv1.FilesystemOverhead
	disks    []disk
}

// disk is one persistent disk as it is declared, and what became of it.
type disk struct {
	vm.Disk
	// volume makes the disk, nil where it does not exist; a disk with a claim of its own has none.
	volume *cdiv1.DataVolume
	// claim holds the disk, nil where it does not exist.
	claim *corev1.PersistentVolumeClaim
	// refusal is why the claim could not be enlarged, in the API server's words; empty where it was not tried.
	refusal string
}

// observeStorage reads what became of the disks.
func (r *reconciler) observeStorage(ctx context.Context, wukong *vmv1alpha1.Wukong) (storage, error) {
	var seen storage
	if len(wukong.Spec.Disks) == 0 {
		return seen, nil
	}
	var err error
	if seen.cdiServed, err = r.watches.Served(ctx, capability.CDI); err != nil {
		return seen, err
	}
	if seen.cdiServed {
		config := &cdiv1.CDIConfig{}
		if _, err := r.get(ctx, types.NamespacedName{Name: cdiConfig}, config); err != nil {
			return seen, err
		}
		seen.overhead = config.Status.FilesystemOverhead
	}
	for i := range wukong.Spec.Disks {
		rendered, err := vm.DiskOf(wukong.Name, &wukong.Spec.Disks[i])
		if err != nil {
			return seen, err
		}
		found := disk{Disk: rendered}
		if err := r.observeDisk(ctx, wukong.Namespace, seen.cdiServed, &found); err != nil {
			return seen, err
		}
		seen.disks = append(seen.disks, found)
	}
	return seen, nil
}

func (r *reconciler) observeDisk(ctx context.Context, namespace string, cdiServed bool, found *disk) error {
	key := types.NamespacedName{Namespace: namespace, Name: found.Claim}
	if cdiServed && !found.Existing {
		volume := &cdiv1.DataVolume{}
		if exists, err := r.get(ctx, key, volume); err != nil {
			return err
		} else if exists {
			found.volume = volume
		}
	}
	claim := &corev1.PersistentVolumeClaim{}
	exists, err := r.get(ctx, key, claim)
	if exists {
		found.claim = claim
	}
	return err
}

// ownMachine returns the machine where it is the Wukong's own, else nil.
func (seen *observed) ownMachine() *kubevirtv1.VirtualMachine {
	if seen.machine == nil || !metav1.IsControlledBy(seen.machine, seen.wukong) {
		return nil
	}
	return seen.machine
}

// owns reports whether an object was made for the machine.
func (seen *observed) owns(object metav1.Object) bool {
	machine := seen.ownMachine()
	return machine != nil && metav1.IsControlledBy(object, machine)
}

// leaves reports whether the disk's DataVolume is on its way out: it is being deleted, or belongs to an earlier machine of
// the name, which takes it along. A machine must not start on it.
func (seen *observed) leaves(d *disk) bool {
	if d.volume == nil {
		return false
	}
	return !d.volume.DeletionTimestamp.IsZero() ||
		!seen.owns(d.volume) && madeBy(d.volume, "VirtualMachine", naming.VirtualMachine(seen.wukong.Name))
}

// stranger returns the object that has the disk's name and was not made for the machine, nil where there is none. KubeVirt
// would take it without asking.
func (seen *observed) stranger(d *disk) client.Object {
	switch {
	case d.Existing:
		return nil
	case d.volume != nil:
		if seen.owns(d.volume) || seen.leaves(d) {
			return nil
		}
		named := d.volume.DeepCopy()
		named.SetGroupVersionKind(cdiv1.SchemeGroupVersion.WithKind("DataVolume"))
		return named
	case d.claim == nil, madeBy(d.claim, "DataVolume", d.Claim), seen.owns(d.claim):
		return nil
	}
	named := d.claim.DeepCopy()
	named.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("PersistentVolumeClaim"))
	return named
}

// madeBy reports whether an object's controller is of a kind and has a name.
func madeBy(object client.Object, kind, name string) bool {
	controller := metav1.GetControllerOf(object)
	return controller != nil && controller.Kind == kind && controller.Name == name
}

// hold says why the machine cannot be made or brought up to date for the sake of its disks, empty where nothing is in the
// way. What only takes time does not hold it, since it is the machine that makes KubeVirt begin.
func (seen *observed) hold() string {
	for i := range seen.storage.disks {
		d := &seen.storage.disks[i]
		if missing := seen.unmakeable(d); missing != nil {
			return fmt.Sprintf("disk %s: %s", d.Name, missing.message)
		}
	}
	return ""
}

// unmakeable returns why KubeVirt must not be asked for a disk, nil where it may.
func (seen *observed) unmakeable(d *disk) *lack {
	if d.Existing {
		return nil
	}
	if stranger := seen.stranger(d); stranger != nil {
		return lacks(vmv1alpha1.ReasonNameConflict, "%s", &apply.TakenError{Existing: stranger})
	}
	switch {
	case seen.leaves(d):
		return lacks(vmv1alpha1.ReasonDiskPending, "an earlier DataVolume %s is still being deleted; nothing needs to be done", d.Claim)
	case !seen.storage.cdiServed && d.claim == nil:
		return lacks(vmv1alpha1.ReasonCDINotInstalled, "CDI is not installed, so the disk cannot be made; install CDI")
	}
	return nil
}
