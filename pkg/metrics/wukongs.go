// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
)

// notReported stands for the reason where the present generation has not been reported on.
const notReported = "NotReported"

// ofWukongs are the conditions of Wukongs.
var ofWukongs = []string{
	vmv1alpha1.ConditionReady, vmv1alpha1.ConditionNetworksReady, vmv1alpha1.ConditionCloudInitReady, vmv1alpha1.ConditionDisksReady,
	vmv1alpha1.ConditionVirtualMachineReady, vmv1alpha1.ConditionRestartRequired, vmv1alpha1.ConditionGuestNetworkInSync,
}

// wukongs counts Wukongs by their conditions.
func (t tally) wukongs(all []vmv1alpha1.Wukong) {
	for i := range all {
		wukong := &all[i]
		for _, conditionType := range ofWukongs {
			said := saidOf(wukong, conditionType)
			t.count(wukongs, conditionType, string(said.Status), said.Reason)
		}
		t.notReady(wukong)
		t.deleting("Wukong", wukong)
		t.obstacles(wukong.Status.Conditions, wukong.Generation,
			vmv1alpha1.ConditionCloudInitReady, vmv1alpha1.ConditionDisksReady, vmv1alpha1.ConditionVirtualMachineReady)
	}
}

// saidOf returns what a condition says of the present generation.
func saidOf(wukong *vmv1alpha1.Wukong, conditionType string) metav1.Condition {
	if said := conditions.Current(wukong.Status.Conditions, conditionType, wukong.Generation); said != nil {
		return *said
	}
	return conditions.Unknown(conditionType, notReported, "")
}

// notReady tells since when a Wukong has not been ready. Since when a change of it has not been reported on, nobody knows.
func (t tally) notReady(wukong *vmv1alpha1.Wukong) {
	ready := saidOf(wukong, vmv1alpha1.ConditionReady)
	since := ready.LastTransitionTime
	if len(wukong.Status.Conditions) == 0 {
		since = wukong.CreationTimestamp
	}
	if ready.Status != metav1.ConditionTrue && !since.IsZero() {
		t.earliest(notReadySince, since.Time, string(ready.Status), ready.Reason)
	}
}

// deleting tells since when a deleted object has been waiting to go.
func (t tally) deleting(kind string, object metav1.Object) {
	if deleted := object.GetDeletionTimestamp(); !deleted.IsZero() {
		t.earliest(deletingSince, deleted.Time, kind)
	}
}
