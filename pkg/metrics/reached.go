// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

var (
	timesToCondition = timeToCondition.histogramVec([]float64{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200})
	observed         = newOnce(4096)
)

// Reached tells that conditions of a Wukong were written; before is the Wukong as it was read. It observes how long those took
// that are True for the first time, which the Wukong itself tells, so a restart of the manager changes nothing.
func Reached(before *vmv1alpha1.Wukong, written []metav1.Condition) {
	for i := range written {
		condition := &written[i]
		// The cache may still show a Wukong as it was before the last write.
		if isFirst(before, condition) && observed.add(string(before.UID)+condition.Type) {
			took := condition.LastTransitionTime.Sub(before.CreationTimestamp.Time)
			timesToCondition.WithLabelValues(condition.Type).Observe(max(took.Seconds(), 0))
		}
	}
}

// isFirst reports whether a condition becomes True that has never been.
func isFirst(before *vmv1alpha1.Wukong, condition *metav1.Condition) bool {
	if condition.Status != metav1.ConditionTrue || condition.Type == vmv1alpha1.ConditionRestartRequired ||
		condition.Reason == vmv1alpha1.ReasonNoPersistentDisks {
		return false
	}
	status := &before.Status
	if status.Startup == nil && status.VirtualMachine != nil && status.VirtualMachine.NodeName != "" {
		// It ran before anybody told how its start went.
		return false
	}
	was := meta.FindStatusCondition(status.Conditions, condition.Type)
	switch {
	case was == nil:
		return true
	case was.Status == metav1.ConditionTrue:
		return false
	}
	// Where it had been True it would have ceased to be after the machine came as far as that takes.
	stage := stageOf(status.Startup, condition.Type)
	return stage == nil || !was.LastTransitionTime.After(before.CreationTimestamp.Add(time.Duration(*stage)*time.Second))
}

// stageOf returns when a condition could be True at the earliest or, of those that come before there is a machine, at the
// latest: in seconds since the Wukong was created, nil where the start has not come so far.
func stageOf(startup *vmv1alpha1.StartupStatus, conditionType string) *int64 {
	if startup == nil {
		return nil
	}
	switch conditionType {
	case vmv1alpha1.ConditionReady, vmv1alpha1.ConditionVirtualMachineReady:
		return startup.RunningSeconds
	case vmv1alpha1.ConditionGuestNetworkInSync:
		return startup.GuestReportedSeconds
	}
	return startup.CreatedSeconds
}
