// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package conditions

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// underWay are the reasons of what goes on by itself: nobody has to do anything, and the next report may differ in
// a moment.
var underWay = sets.New(
	vmv1alpha1.ReasonNetworkPending,
	vmv1alpha1.ReasonProgressing,
	vmv1alpha1.ReasonWaitingForNodeBridge,
	vmv1alpha1.ReasonWaitingForPolicy,
	vmv1alpha1.ReasonWaitingForNetworks,
	vmv1alpha1.ReasonDiskPending,
	vmv1alpha1.ReasonWaitForFirstConsumer,
	vmv1alpha1.ReasonImporting,
	vmv1alpha1.ReasonGrowing,
	vmv1alpha1.ReasonStarting,
	vmv1alpha1.ReasonTearingDown,
	vmv1alpha1.ReasonInUse,
	vmv1alpha1.ReasonLiveUpdating,
	vmv1alpha1.ReasonDeleting,
)

// UnderWay reports whether a condition that does not hold is about something that goes on by itself.
func UnderWay(condition metav1.Condition) bool {
	return condition.Status != metav1.ConditionTrue && underWay.Has(condition.Reason)
}

// OnlyProgress reports whether a change of the condition of a type is but another step on the way: it was under way
// before, or nothing was said yet, and it still is. Such a change may be told a little later, together with the next.
func OnlyProgress(before, after []metav1.Condition, conditionType string) bool {
	was, is := meta.FindStatusCondition(before, conditionType), meta.FindStatusCondition(after, conditionType)
	if is == nil || !UnderWay(*is) {
		return false
	}
	return was == nil || was.ObservedGeneration == is.ObservedGeneration && UnderWay(*was)
}
