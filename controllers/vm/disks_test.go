// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	kubevirtv1 "kubevirt.io/api/core/v1"
	cdiv1 "kubevirt.io/containerized-data-importer-api/pkg/apis/core/v1beta1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/render/vm"
)

const (
	debian = "docker://quay.io/containerdisks/debian:12"
	ready  = vmv1alpha1.ReasonReady
)

// withDisks returns a machine whose disks are as given. It exists, and its UID is "m".
func withDisks(cdiServed bool, disks ...disk) *observed {
	machine := built(kubevirtv1.VirtualMachineStatusRunning)
	machine.UID = "m"
	return &observed{wukong: declared(), machine: machine, storage: storage{cdiServed: cdiServed, disks: disks}}
}

// root is a disk of 20Gi that was not made yet.
func root(edits ...func(*disk)) disk {
	d := disk{Disk: vm.Disk{Name: "root", Claim: "vm-root", Size: resource.MustParse("20Gi"), Image: debian, Boot: true}}
	for _, edit := range edits {
		edit(&d)
	}
	return d
}

func ownedBy(kind, name string, uid types.UID) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: "ns", Name: "vm-root", OwnerReferences: []metav1.OwnerReference{
		{APIVersion: "v1", Kind: kind, Name: name, UID: uid, Controller: new(true)},
	}}
}

// in returns an edit that gives a disk a DataVolume of the machine in a phase, with the given conditions.
func in(phase cdiv1.DataVolumePhase, conditions ...cdiv1.DataVolumeCondition) func(*disk) {
	return func(d *disk) {
		d.volume = &cdiv1.DataVolume{
			ObjectMeta: ownedBy("VirtualMachine", "vm", "m"),
			Spec: cdiv1.DataVolumeSpec{Source: vm.Source(debian), Storage: &cdiv1.StorageSpec{Resources: corev1.VolumeResourceRequirements{
				Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("20Gi")},
			}}},
			Status: cdiv1.DataVolumeStatus{Phase: phase, Conditions: conditions},
		}
	}
}

// claimed returns an edit that gives a disk a claim in a phase, with what it asks for and has.
func claimed(phase corev1.PersistentVolumeClaimPhase, request, capacity string) func(*disk) {
	return func(d *disk) {
		d.claim = &corev1.PersistentVolumeClaim{
			ObjectMeta: ownedBy("DataVolume", "vm-root", "d"),
			Spec: corev1.PersistentVolumeClaimSpec{Resources: corev1.VolumeResourceRequirements{
				Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(request)},
			}},
			Status: corev1.PersistentVolumeClaimStatus{Phase: phase, Capacity: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(capacity)}},
		}
	}
}

func size(size string) func(*disk) { return func(d *disk) { d.Size = resource.MustParse(size) } }

func existing(d *disk) { d.Disk = vm.Disk{Name: "data", Claim: "mine", Existing: true} }

func said(conditionType cdiv1.DataVolumeConditionType, reason, message string) cdiv1.DataVolumeCondition {
	return cdiv1.DataVolumeCondition{Type: conditionType, Status: corev1.ConditionFalse, Reason: reason, Message: message}
}

func strange(d *disk) {
	if d.volume != nil {
		d.volume.OwnerReferences = nil
	}
	if d.claim != nil {
		d.claim.OwnerReferences = nil
	}
}

func TestDisksReady(t *testing.T) {
	const bound, pending = corev1.ClaimBound, corev1.ClaimPending
	pendingBound := said(cdiv1.DataVolumeBound, "Pending", "PVC vm-root Pending")
	done := []func(*disk){in(cdiv1.Succeeded), claimed(bound, "20Gi", "20Gi")}
	with := func(edits ...func(*disk)) disk { return root(append(append([]func(*disk){}, done...), edits...)...) }
	resizing := func(conditionType corev1.PersistentVolumeClaimConditionType, message string) func(*disk) {
		return func(d *disk) {
			d.claim.Status.Conditions = []corev1.PersistentVolumeClaimCondition{{Type: conditionType, Status: corev1.ConditionTrue, Message: message}}
		}
	}
	for _, row := range []struct {
		name, reason, message string
		seen                  *observed
	}{
		{"no disk", vmv1alpha1.ReasonNoPersistentDisks, "gone when the machine stops", withDisks(true)},
		{"all is fine", ready, "every disk is there", withDisks(true, with(), root(existing, claimed(bound, "1Gi", "1Gi")))},
		{"nothing made yet", vmv1alpha1.ReasonDiskPending, "KubeVirt makes its DataVolume vm-root", withDisks(true, root())},
		{"CDI has not looked", vmv1alpha1.ReasonImporting, "has not looked", withDisks(true, root(in("")))},
		{"import scheduled", vmv1alpha1.ReasonImporting, "ImportScheduled", withDisks(true, root(in(cdiv1.ImportScheduled, pendingBound)))},
		{"pending", vmv1alpha1.ReasonImporting, "(Pending)", withDisks(true, root(in(cdiv1.Pending, pendingBound)))},
		{"paused", vmv1alpha1.ReasonImporting, "has to resume it", withDisks(true, root(in(cdiv1.Paused)))},
		{"unknown", vmv1alpha1.ReasonClaimNotBound, "kubectl describe dv -n ns vm-root", withDisks(true, root(in(cdiv1.Unknown, pendingBound)))},
		{"waits for its consumer", vmv1alpha1.ReasonWaitForFirstConsumer, "when the machine is started", withDisks(true, root(in(cdiv1.PendingPopulation, pendingBound), claimed(pending, "20Gi", "0")))},
		{"waits for its consumer, without populators", vmv1alpha1.ReasonWaitForFirstConsumer, "first consumer", withDisks(true, root(in(cdiv1.WaitForFirstConsumer)))},
		{"import fails", vmv1alpha1.ReasonImportFailed, "cannot fill DataVolume vm-root: Unable to connect to https data source; CDI tries again by itself",
			withDisks(true, root(in(cdiv1.ImportInProgress, said(cdiv1.DataVolumeRunning, "Error", "Unable to connect to https data source"))))},
		{"image cannot be pulled", vmv1alpha1.ReasonImportFailed, "ImagePullFailed; CDI tries again", withDisks(true, root(in(cdiv1.ImportScheduled, said(cdiv1.DataVolumeRunning, "ImagePullFailed", ""))))},
		{"importer waits for a scratch space", vmv1alpha1.ReasonImporting, "ImportInProgress", withDisks(true, root(in(cdiv1.ImportInProgress, said(cdiv1.DataVolumeRunning, "ScratchSpaceRequired", "scratch"))))},
		{"import given up", vmv1alpha1.ReasonImportFailed, "given up on DataVolume vm-root: checksum mismatch", withDisks(true, root(in(cdiv1.Failed, said(cdiv1.DataVolumeRunning, "Error", "checksum mismatch"))))},
		{"quota", vmv1alpha1.ReasonClaimNotBound, "gets no storage: exceeded quota", withDisks(true, root(in(cdiv1.Pending, said(cdiv1.DataVolumeBound, "ErrExceededQuota", "exceeded quota: q"))))},
		{"no storage class", vmv1alpha1.ReasonClaimNotBound, "no storageClass to choose profile", withDisks(true, root(in("", said(cdiv1.DataVolumeBound, "ErrClaimNotValid", "no storageClass to choose profile"))))},

		{"claim is missing", vmv1alpha1.ReasonClaimNotFound, "PersistentVolumeClaim mine does not exist in namespace ns; create it", withDisks(false, root(existing))},
		{"claim is pending", vmv1alpha1.ReasonWaitForFirstConsumer, "kubectl describe pvc -n ns mine", withDisks(true, root(existing, claimed(pending, "1Gi", "0")))},
		{"claim is lost", vmv1alpha1.ReasonClaimNotBound, "has lost its PersistentVolume", withDisks(true, root(existing, claimed(corev1.ClaimLost, "1Gi", "0")))},

		{"no CDI", vmv1alpha1.ReasonCDINotInstalled, "install CDI", withDisks(false, root())},
		{"no CDI any more", ready, "every disk is there", withDisks(false, root(claimed(bound, "20Gi", "20Gi")))},
		{"DataVolume was collected", ready, "every disk is there", withDisks(true, root(claimed(bound, "20Gi", "20Gi")))},

		{"somebody's DataVolume", vmv1alpha1.ReasonNameConflict, "DataVolume ns/vm-root exists already", withDisks(true, with(strange))},
		{"somebody's claim", vmv1alpha1.ReasonNameConflict, "PersistentVolumeClaim ns/vm-root exists already", withDisks(true, root(claimed(bound, "20Gi", "20Gi"), strange))},
		{"another machine's", vmv1alpha1.ReasonNameConflict, "belongs to VirtualMachine vm-ro", withDisks(true, with(func(d *disk) { d.volume.OwnerReferences[0].Name, d.volume.OwnerReferences[0].UID = "vm-ro", "x" }))},
		{"an earlier machine's", vmv1alpha1.ReasonDiskPending, "still being deleted", withDisks(true, with(func(d *disk) { d.volume.OwnerReferences[0].UID = "x" }))},
		{"being deleted", vmv1alpha1.ReasonDiskPending, "still being deleted", withDisks(true, with(func(d *disk) { d.volume.DeletionTimestamp = new(metav1.Now()) }))},

		{"was filled from another image", vmv1alpha1.ReasonDiskDiffers, "was filled from " + debian + " and not from docker://fedora", withDisks(true, with(func(d *disk) { d.Image = "docker://fedora" }))},
		{"was filled and is declared blank", vmv1alpha1.ReasonDiskDiffers, "and not from nothing", withDisks(true, with(func(d *disk) { d.Image = "" }))},
		{"has another storage class", vmv1alpha1.ReasonDiskDiffers, "has storage class slow and not fast", withDisks(true, with(func(d *disk) {
			d.StorageClassName, d.volume.Spec.Storage.StorageClassName = "fast", new("slow")
		}))},

		{"grows", vmv1alpha1.ReasonGrowing, "grows from 20Gi to 30Gi", withDisks(true, with(size("30Gi"), claimed(bound, "30Gi", "20Gi")))},
		{"has grown", ready, "every disk", withDisks(true, with(size("30Gi"), claimed(bound, "30Gi", "30Gi")))},
		{"is larger than declared", ready, "every disk", withDisks(true, with(claimed(bound, "50Gi", "50Gi")))},
		{"grows when the machine runs", vmv1alpha1.ReasonGrowing, "start the machine", withDisks(true, with(size("30Gi"), claimed(bound, "30Gi", "20Gi"), resizing(corev1.PersistentVolumeClaimFileSystemResizePending, "")))},
		{"cannot grow", vmv1alpha1.ReasonGrowthRefused, "no space left in the pool", withDisks(true, with(size("30Gi"), claimed(bound, "30Gi", "20Gi"), resizing(corev1.PersistentVolumeClaimControllerResizeError, "no space left in the pool")))},
		{"must not grow", vmv1alpha1.ReasonGrowthRefused, "must support resize; set allowVolumeExpansion", withDisks(true, with(size("30Gi"), func(d *disk) { d.refusal = "must support resize" }))},

		{"two for one reason", vmv1alpha1.ReasonCDINotInstalled, "disk root: CDI is not installed, so the disk cannot be made; install CDI; disk root: CDI", withDisks(false, root(), root())},
		{"two for two reasons", vmv1alpha1.ReasonDisksNotReady, "disk data: Persistent", withDisks(false, root(), root(existing))},
		{"what goes on by itself hides nothing", vmv1alpha1.ReasonClaimNotFound, "disk root: CDI makes", withDisks(true, root(in(cdiv1.Pending)), root(existing))},
		{"several on their way", vmv1alpha1.ReasonImporting, "disk root: CDI makes", withDisks(true, root(in(cdiv1.Pending)), root())},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := disksReady(row.seen)
			holds := row.reason == ready || row.reason == vmv1alpha1.ReasonNoPersistentDisks
			if got.Type != vmv1alpha1.ConditionDisksReady || (got.Status == metav1.ConditionTrue) != holds || got.Reason != row.reason || !strings.Contains(got.Message, row.message) {
				t.Errorf("got %s %s %s: %s", got.Type, got.Status, got.Reason, got.Message)
			}
		})
	}
}

// Only what KubeVirt must not be asked for holds the machine.
func TestHold(t *testing.T) {
	foreign := withDisks(true, root(in(cdiv1.Succeeded), claimed(corev1.ClaimBound, "20Gi", "20Gi")))
	foreign.machine.OwnerReferences = nil
	for _, row := range []struct {
		name, says string
		seen       *observed
	}{
		{"no disk", "", withDisks(false)},
		{"not made yet", "", withDisks(true, root())},
		{"import fails", "", withDisks(true, root(in(cdiv1.ImportInProgress, said(cdiv1.DataVolumeRunning, "Error", "no"))))},
		{"claim is missing", "", withDisks(false, root(existing))},
		{"no CDI", "disk root: CDI is not installed", withDisks(false, root())},
		{"no CDI, and the disk exists", "", withDisks(false, root(claimed(corev1.ClaimBound, "20Gi", "20Gi")))},
		{"somebody's claim", "disk root: PersistentVolumeClaim ns/vm-root exists already", withDisks(true, root(claimed(corev1.ClaimBound, "20Gi", "20Gi"), strange))},
		{"the DataVolume of somebody's machine of the name", "still being deleted", foreign},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := row.seen.hold(); (got == "") != (row.says == "") || !strings.Contains(got, row.says) {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestWanted(t *testing.T) {
	overhead := &cdiv1.FilesystemOverhead{Global: "0.06", StorageClass: map[string]cdiv1.Percent{"fast": "0.125"}}
	of := func(edits ...func(*disk)) disk {
		return root(append([]func(*disk){in(cdiv1.Succeeded), claimed(corev1.ClaimBound, "20Gi", "20Gi")}, edits...)...)
	}
	const gi = 1 << 30
	for _, row := range []struct {
		name     string
		disk     disk
		overhead *cdiv1.FilesystemOverhead
		want     int64
	}{
		{"as it was made", of(), overhead, 0},
		{"larger, on a file system", of(size("100Gi")), overhead, 106 * gi},
		{"larger, on a file system of its class", of(size("100Gi"), func(d *disk) { d.claim.Spec.StorageClassName = new("fast") }), overhead, 225 * gi / 2},
		{"larger, on a block device", of(size("100Gi"), func(d *disk) { d.claim.Spec.VolumeMode = new(corev1.PersistentVolumeBlock) }), overhead, 100 * gi},
		{"larger, and CDI says nothing", of(size("100Gi")), nil, 100 * gi},
		{"by less than a block", of(size("21474836481")), nil, 20*gi + 1<<20},
		{"larger, while it is filled", of(size("100Gi"), in(cdiv1.ImportInProgress)), overhead, 0},
		{"larger, and not bound", of(size("100Gi"), claimed(corev1.ClaimPending, "20Gi", "0")), overhead, 0},
		{"larger, and being deleted", of(size("100Gi"), func(d *disk) { d.claim.DeletionTimestamp = new(metav1.Now()) }), overhead, 0},
		{"larger, and not made", root(size("100Gi")), overhead, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := row.disk.wanted(row.overhead)
			if (got == nil) != (row.want == 0) || got != nil && got.Value() != row.want {
				t.Errorf("got %v, want %d", got, row.want)
			}
		})
	}
}
