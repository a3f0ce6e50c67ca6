// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	kubevirtv1 "kubevirt.io/api/core/v1"
	cdiv1 "kubevirt.io/containerized-data-importer-api/pkg/apis/core/v1beta1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
	"github.com/novasphere/wukong/pkg/render/vm"
)

// lack is what one disk lacks: the reason and the message of a condition that does not hold.
type lack struct{ reason, message string }

func lacks(reason, message string, args ...any) *lack {
	return &lack{reason, fmt.Sprintf(message, args...)}
}

// disksReady is DisksReady. One reason is passed on, several become a common one, and what goes on by itself counts only
// where nothing else is the matter.
func disksReady(seen *observed) metav1.Condition {
	const conditionType = vmv1alpha1.ConditionDisksReady
	if len(seen.storage.disks) == 0 {
		return conditions.True(conditionType, vmv1alpha1.ReasonNoPersistentDisks,
			"the machine has no persistent disk: what the guest writes is gone when the machine stops")
	}
	var messages []string
	reasons, underWay := sets.New[string](), sets.New[string]()
	for i := range seen.storage.disks {
		d := &seen.storage.disks[i]
		missing := seen.lacking(d)
		if missing == nil {
			continue
		}
		messages = append(messages, fmt.Sprintf("disk %s: %s", d.Name, missing.message))
		if conditions.UnderWay(conditions.False(conditionType, missing.reason, "")) {
			underWay.Insert(missing.reason)
		} else {
			reasons.Insert(missing.reason)
		}
	}
	message := strings.Join(messages, "; ")
	switch {
	case len(messages) == 0:
		return conditions.True(conditionType, vmv1alpha1.ReasonReady, "every disk is there, filled and as large as declared")
	case len(reasons) > 1:
		return conditions.False(conditionType, vmv1alpha1.ReasonDisksNotReady, message)
	case len(reasons) == 1:
		return conditions.False(conditionType, reasons.UnsortedList()[0], message)
	case len(underWay) == 1:
		return conditions.False(conditionType, underWay.UnsortedList()[0], message)
	}
	return conditions.False(conditionType, vmv1alpha1.ReasonImporting, message)
}

// lacking returns the first thing that a disk lacks, nil for nothing.
func (seen *observed) lacking(d *disk) *lack {
	if d.Existing {
		return d.claimLacks(seen.wukong.Namespace)
	}
	if missing := seen.unmakeable(d); missing != nil {
		return missing
	}
	switch {
	case d.volume == nil && d.claim != nil:
		// CDI is gone, or is one of the versions that delete a DataVolume that is done.
		return d.claimLacks(seen.wukong.Namespace)
	case d.volume == nil:
		return lacks(vmv1alpha1.ReasonDiskPending, "KubeVirt makes its DataVolume %s when the machine is next started", d.Claim)
	}
	if differs := d.differs(); differs != "" {
		return lacks(vmv1alpha1.ReasonDiskDiffers, "DataVolume %s %s, so this is the disk that was taken out before: declare it as it was, "+
			"give the disk another name, or delete the DataVolume, and with it its data, while the machine is stopped", d.Claim, differs)
	}
	if missing := d.importLacks(); missing != nil {
		return missing
	}
	return d.sizeLacks(seen.storage.overhead)
}

// claimLacks is about a claim that nothing fills.
func (d *disk) claimLacks(namespace string) *lack {
	if d.claim == nil {
		return lacks(vmv1alpha1.ReasonClaimNotFound,
			"PersistentVolumeClaim %s does not exist in namespace %s; create it", d.Claim, namespace)
	}
	switch d.claim.Status.Phase {
	case corev1.ClaimBound:
		return nil
	case corev1.ClaimLost:
		return lacks(vmv1alpha1.ReasonClaimNotBound,
			"PersistentVolumeClaim %s has lost its PersistentVolume; restore the volume, or the claim from a backup", d.Claim)
	}
	return lacks(vmv1alpha1.ReasonWaitForFirstConsumer,
		"PersistentVolumeClaim %s is not bound yet, which happens when the machine is started; if it stays: kubectl describe pvc -n %s %s",
		d.Claim, namespace, d.Claim)
}

// differs says in what the DataVolume is another one than is declared, empty where it is not. Both fields are immutable in a
// disk that exists, so the disk was taken out and declared anew.
func (d *disk) differs() string {
	spec := &d.volume.Spec
	if spec.Source != nil && imageOf(spec.Source) != imageOf(vm.Source(d.Image)) {
		return "was filled from " + orBlank(imageOf(spec.Source)) + " and not from " + orBlank(d.Image)
	}
	if spec.Storage == nil || d.StorageClassName == "" || spec.Storage.StorageClassName == nil || *spec.Storage.StorageClassName == d.StorageClassName {
		return ""
	}
	return "has storage class " + *spec.Storage.StorageClassName + " and not " + d.StorageClassName
}

// imageOf returns where a DataVolume's content comes from, empty for a blank one.
func imageOf(source *cdiv1.DataVolumeSource) string {
	switch {
	case source.Registry != nil && source.Registry.URL != nil:
		return *source.Registry.URL
	case source.HTTP != nil:
		return source.HTTP.URL
	case source.Blank != nil:
		return ""
	}
	return "another source"
}

func orBlank(image string) string {
	if image == "" {
		return "nothing"
	}
	return image
}

// importLacks is about a disk that CDI makes, in CDI's words.
func (d *disk) importLacks() *lack {
	status := &d.volume.Status
	if status.Phase == cdiv1.Succeeded {
		return nil
	}
	running, bound := conditionOf(d.volume, cdiv1.DataVolumeRunning), conditionOf(d.volume, cdiv1.DataVolumeBound)
	const again = "CDI tries again by itself; where the image is wrong, add a disk of another name and take this one out"
	switch {
	case status.Phase == cdiv1.Failed:
		return lacks(vmv1alpha1.ReasonImportFailed,
			"CDI has given up on DataVolume %s%s; correct the cause, and delete the DataVolume to have it made anew", d.Claim, words(running))
	case stopped(running):
		return lacks(vmv1alpha1.ReasonImportFailed, "CDI cannot fill DataVolume %s%s; %s", d.Claim, words(running), again)
	case unbound(bound):
		return lacks(vmv1alpha1.ReasonClaimNotBound, "DataVolume %s gets no storage%s; correct that, or use another storageClassName in a disk of another name",
			d.Claim, words(bound))
	case status.Phase == cdiv1.WaitForFirstConsumer, status.Phase == cdiv1.PendingPopulation:
		return lacks(vmv1alpha1.ReasonWaitForFirstConsumer,
			"DataVolume %s is waiting for its first consumer: its storage is bound when the machine is started", d.Claim)
	case status.Phase == cdiv1.Paused:
		return lacks(vmv1alpha1.ReasonImporting, "DataVolume %s is paused; whoever paused it has to resume it", d.Claim)
	case status.Phase == cdiv1.Unknown:
		return lacks(vmv1alpha1.ReasonClaimNotBound, "CDI does not know what became of DataVolume %s%s; look at it with: kubectl describe dv -n %s %s",
			d.Claim, words(bound), d.volume.Namespace, d.Claim)
	case status.Phase == cdiv1.PhaseUnset:
		return lacks(vmv1alpha1.ReasonImporting, "CDI has not looked at DataVolume %s yet; nothing needs to be done", d.Claim)
	}
	return lacks(vmv1alpha1.ReasonImporting, "CDI makes DataVolume %s (%s); nothing needs to be done", d.Claim, status.Phase)
}

// stopped reports whether a DataVolume's pod runs into errors. These are the reasons by which KubeVirt judges it too
// (KubeVirt, pkg/storage/types/dv.go, HasDataVolumeErrors), and the one of a pod that finds no node.
func stopped(running *cdiv1.DataVolumeCondition) bool {
	return running != nil && running.Status == corev1.ConditionFalse &&
		(running.Reason == "Error" || running.Reason == "ImagePullFailed" || running.Reason == "Unschedulable")
}

// unbound reports whether something keeps a DataVolume from its storage. That it is pending, or not made yet, is how each of
// them begins (CDI, pkg/controller/datavolume/conditions.go).
func unbound(bound *cdiv1.DataVolumeCondition) bool {
	if bound == nil || bound.Status == corev1.ConditionTrue {
		return false
	}
	return strings.HasPrefix(bound.Reason, "Err") || bound.Reason == "ClaimLost"
}

func conditionOf(volume *cdiv1.DataVolume, conditionType cdiv1.DataVolumeConditionType) *cdiv1.DataVolumeCondition {
	for i := range volume.Status.Conditions {
		if volume.Status.Conditions[i].Type == conditionType {
			return &volume.Status.Conditions[i]
		}
	}
	return nil
}

// words quotes a condition, if it has anything to say.
func words(condition *cdiv1.DataVolumeCondition) string {
	switch {
	case condition == nil, condition.Message == "" && condition.Reason == "":
		return ""
	case condition.Message == "":
		return ": " + condition.Reason
	}
	return ": " + condition.Message
}

// sizeLacks is about a disk that was declared larger than it was made.
func (d *disk) sizeLacks(overhead *cdiv1.FilesystemOverhead) *lack {
	if d.refusal != "" {
		return lacks(vmv1alpha1.ReasonGrowthRefused,
			"the API server refuses to enlarge PersistentVolumeClaim %s: %s; set allowVolumeExpansion in its storage class, "+
				"or add a second disk", d.Claim, d.refusal)
	}
	wanted := d.wanted(overhead)
	if wanted == nil {
		return nil
	}
	capacity := d.claim.Status.Capacity[corev1.ResourceStorage]
	if capacity.Cmp(*wanted) >= 0 {
		return nil
	}
	for _, condition := range d.claim.Status.Conditions {
		failed := condition.Type == corev1.PersistentVolumeClaimControllerResizeError || condition.Type == corev1.PersistentVolumeClaimNodeResizeError
		if failed && condition.Status == corev1.ConditionTrue {
			return lacks(vmv1alpha1.ReasonGrowthRefused,
				"the storage cannot enlarge PersistentVolumeClaim %s: %s; correct that, it is tried again by itself", d.Claim, condition.Message)
		}
		if condition.Type == corev1.PersistentVolumeClaimFileSystemResizePending && condition.Status == corev1.ConditionTrue {
			return lacks(vmv1alpha1.ReasonGrowing,
				"PersistentVolumeClaim %s has grown, and its file system grows while the machine runs; start the machine where it is stopped", d.Claim)
		}
	}
	return lacks(vmv1alpha1.ReasonGrowing, "PersistentVolumeClaim %s grows from %s to %s; nothing needs to be done", d.Claim, &capacity, wanted)
}

// awaitsDisks says what a machine waits for by KubeVirt's word, empty where that is not its disks.
func awaitsDisks(status kubevirtv1.VirtualMachinePrintableStatus) string {
	switch status {
	case kubevirtv1.VirtualMachineStatusProvisioning:
		return "KubeVirt starts the machine when its disks are filled; DisksReady says how far they are"
	case kubevirtv1.VirtualMachineStatusWaitingForVolumeBinding:
		return "KubeVirt starts the machine when its disks have their storage; DisksReady says what they wait for"
	}
	return ""
}
