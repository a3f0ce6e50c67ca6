// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"github.com/nmstate/kubernetes-nmstate/api/shared"
	corev1 "k8s.io/api/core/v1"
)

// Names that the released API module does not have yet (kubernetes-nmstate, deploy/handler: it is older than v0.85).
const (
	conditionIgnored shared.ConditionType   = "Ignored"
	reasonRetrying   shared.ConditionReason = "Retrying"
)

const (
	enactmentAvailable   = shared.NodeNetworkConfigurationEnactmentConditionAvailable
	enactmentFailing     = shared.NodeNetworkConfigurationEnactmentConditionFailing
	enactmentPending     = shared.NodeNetworkConfigurationEnactmentConditionPending
	enactmentProgressing = shared.NodeNetworkConfigurationEnactmentConditionProgressing
	enactmentAborted     = shared.NodeNetworkConfigurationEnactmentConditionAborted
)

// condition is one entry of a verdict, before it gets its times.
type condition struct {
	kind    shared.ConditionType
	status  corev1.ConditionStatus
	reason  shared.ConditionReason
	message string
}

// write sets every condition of a verdict, keeping transition times of those that did not flip.
func write(list *shared.ConditionList, verdict []condition) {
	for _, c := range verdict {
		list.Set(c.kind, c.status, c.reason, c.message)
	}
}

// says reports whether the list already reads like the verdict, so that nothing needs to be written.
func says(list shared.ConditionList, verdict []condition) bool {
	for _, c := range verdict {
		found := list.Find(c.kind)
		if found == nil || found.Status != c.status || found.Reason != c.reason || found.Message != c.message {
			return false
		}
	}
	return true
}

func isTrue(list shared.ConditionList, kind shared.ConditionType) bool {
	found := list.Find(kind)
	return found != nil && found.Status == corev1.ConditionTrue
}

// oneTrue is the shape that most enactment verdicts share: the named condition is True and carries the message, the
// others are False for the same reason.
func oneTrue(kind shared.ConditionType, reason shared.ConditionReason, message string) []condition {
	verdict := make([]condition, 0, len(shared.NodeNetworkConfigurationEnactmentConditionTypes))
	for _, candidate := range shared.NodeNetworkConfigurationEnactmentConditionTypes {
		if candidate == kind {
			verdict = append(verdict, condition{candidate, corev1.ConditionTrue, reason, message})
			continue
		}
		verdict = append(verdict, condition{candidate, corev1.ConditionFalse, reason, ""})
	}
	return verdict
}

func enactmentSuccess() []condition {
	return oneTrue(enactmentAvailable,
		shared.NodeNetworkConfigurationEnactmentConditionSuccessfullyConfigured, "successfully reconciled")
}

func enactmentFailed(message string) []condition {
	return oneTrue(enactmentFailing, shared.NodeNetworkConfigurationEnactmentConditionFailedToConfigure, message)
}

func enactmentAbortedBy(message string) []condition {
	return oneTrue(enactmentAborted, shared.NodeNetworkConfigurationEnactmentConditionConfigurationAborted, message)
}

func enactmentQueued() []condition {
	return oneTrue(enactmentPending,
		shared.NodeNetworkConfigurationEnactmentConditionMaxUnavailableLimitReached, "Waiting for progressing nodes to finish")
}

// enactmentApplying leaves the outcome unknown while an attempt runs.
func enactmentApplying() []condition {
	const reason = shared.NodeNetworkConfigurationEnactmentConditionConfigurationProgressing
	return []condition{
		{enactmentProgressing, corev1.ConditionTrue, reason, "Applying desired state"},
		{enactmentFailing, corev1.ConditionUnknown, reason, ""},
		{enactmentAvailable, corev1.ConditionUnknown, reason, ""},
		{enactmentPending, corev1.ConditionFalse, reason, ""},
		{enactmentAborted, corev1.ConditionFalse, reason, ""},
	}
}

// enactmentRetrying is failing and progressing at once: upstream's sign that this is not the last word.
func enactmentRetrying(message string) []condition {
	return []condition{
		{enactmentFailing, corev1.ConditionTrue, reasonRetrying, message},
		{enactmentProgressing, corev1.ConditionTrue, reasonRetrying, message},
		{enactmentAvailable, corev1.ConditionFalse, reasonRetrying, ""},
		{enactmentPending, corev1.ConditionFalse, reasonRetrying, ""},
		{enactmentAborted, corev1.ConditionFalse, reasonRetrying, ""},
	}
}

// untouched is what an object has before any verdict: every condition Unknown, without a reason.
func untouched(kinds ...shared.ConditionType) []condition {
	verdict := make([]condition, 0, len(kinds))
	for _, kind := range kinds {
		verdict = append(verdict, condition{kind, corev1.ConditionUnknown, "", ""})
	}
	return verdict
}
