// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package conditions sets status conditions as the Kubernetes API conventions ask for: each controller writes
// only its own, and lastTransitionTime moves only with the status.
package conditions

import (
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/novasphere/wukong/pkg/redact"
)

// maxMessage is the longest message the API server accepts in a condition.
const maxMessage = 32768

// True returns a condition that holds.
func True(conditionType, reason, message string) metav1.Condition {
	return metav1.Condition{Type: conditionType, Status: metav1.ConditionTrue, Reason: reason, Message: message}
}

// False returns a condition that does not hold; the message says what to do.
func False(conditionType, reason, message string) metav1.Condition {
	return metav1.Condition{Type: conditionType, Status: metav1.ConditionFalse, Reason: reason, Message: message}
}

// Unknown returns a condition of which nothing can be told; the message says why.
func Unknown(conditionType, reason, message string) metav1.Condition {
	return metav1.Condition{Type: conditionType, Status: metav1.ConditionUnknown, Reason: reason, Message: message}
}

// Own returns the wanted conditions as they are to be written for an object of the given generation:
// lastTransitionTime is taken from the existing conditions where the status is the same, and is now where it
// is not. Existing conditions of other types are left out, since another controller writes them. Messages repeat what others say, CDI
// or the API server, and with it the credentials of a disk's URL; those are left out.
func Own(existing []metav1.Condition, generation int64, wanted ...metav1.Condition) []metav1.Condition {
	own := make([]metav1.Condition, 0, len(wanted))
	for _, condition := range wanted {
		if before := meta.FindStatusCondition(existing, condition.Type); before != nil {
			own = append(own, *before)
		}
	}
	for _, condition := range wanted {
		condition.ObservedGeneration = generation
		condition.Message = redact.Text(condition.Message)
		if len(condition.Message) > maxMessage {
			// Cut between characters: the API server would store half of one as something else.
			condition.Message = strings.ToValidUTF8(condition.Message[:maxMessage], "")
		}
		meta.SetStatusCondition(&own, condition)
	}
	return own
}

// Owned returns those of the existing conditions that have one of the given types, for a comparison with what
// Own returned.
func Owned(existing, own []metav1.Condition) []metav1.Condition {
	found := make([]metav1.Condition, 0, len(own))
	for _, condition := range own {
		if before := meta.FindStatusCondition(existing, condition.Type); before != nil {
			found = append(found, *before)
		}
	}
	return found
}

// Current returns the condition of a type if it is about the given generation, else nil: what was said of an
// earlier generation proves nothing about this one.
func Current(existing []metav1.Condition, conditionType string, generation int64) *metav1.Condition {
	condition := meta.FindStatusCondition(existing, conditionType)
	if condition == nil || condition.ObservedGeneration != generation {
		return nil
	}
	return condition
}

// IsTrue reports whether the condition of a type is True for the given generation.
func IsTrue(existing []metav1.Condition, conditionType string, generation int64) bool {
	condition := Current(existing, conditionType, generation)
	return condition != nil && condition.Status == metav1.ConditionTrue
}
