// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
)

// ofConflicts are the reasons of what somebody else has.
var ofConflicts = sets.New(
	vmv1alpha1.ReasonNameConflict, vmv1alpha1.ReasonBridgeConflict, vmv1alpha1.ReasonUplinkConflict, vmv1alpha1.ReasonForeignPolicy,
	vmv1alpha1.ReasonNICInUse, vmv1alpha1.ReasonBridgeNameTaken, vmv1alpha1.ReasonVLANInUse,
)

// ofRefusals are the reasons of what a rule of the platform team, a node or the API server refuses.
var ofRefusals = sets.New(
	vmv1alpha1.ReasonUplinkNotFound, vmv1alpha1.ReasonUplinkAmbiguous, vmv1alpha1.ReasonUplinkInvalid, vmv1alpha1.ReasonNamespaceNotAllowed,
	vmv1alpha1.ReasonNetworkTypeNotAllowed, vmv1alpha1.ReasonVLANNotAllowed, vmv1alpha1.ReasonMTUNotAllowed, vmv1alpha1.ReasonQuotaExceeded,
	vmv1alpha1.ReasonAttachmentNotAllowed, vmv1alpha1.ReasonNICMissing, vmv1alpha1.ReasonNICDown, vmv1alpha1.ReasonHostIPAtRisk,
	vmv1alpha1.ReasonHostIPCannotMove, vmv1alpha1.ReasonMTUTooLarge, vmv1alpha1.ReasonApplyFailed,
)

// obstacles counts an object once for each conflict and refusal that some of its conditions tell of.
func (t tally) obstacles(said []metav1.Condition, generation int64, conditionTypes ...string) {
	reasons := sets.New[string]()
	for _, conditionType := range conditionTypes {
		if is := conditions.Current(said, conditionType, generation); is != nil && is.Status == metav1.ConditionFalse {
			reasons.Insert(is.Reason)
		}
	}
	for reason := range reasons {
		switch {
		case ofConflicts.Has(reason):
			t.count(conflicts, reason)
		case ofRefusals.Has(reason):
			t.count(refusals, reason)
		}
	}
}
