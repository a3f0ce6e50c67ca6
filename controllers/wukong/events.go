// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package wukong

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// longestNote is the longest note that the events API takes.
const longestNote = 1024

// announce tells in an event that the Wukong became ready, or that it no longer is. What lies between the first
// declaration and the first Ready is in the conditions alone.
func (r *reconciler) announce(wukong *vmv1alpha1.Wukong, ready metav1.Condition) {
	before := meta.FindStatusCondition(wukong.Status.Conditions, vmv1alpha1.ConditionReady)
	wasReady := before != nil && before.Status == metav1.ConditionTrue
	note := ready.Message
	if len(note) > longestNote {
		note = strings.ToValidUTF8(note[:longestNote], "")
	}
	switch isReady := ready.Status == metav1.ConditionTrue; {
	case isReady && !wasReady:
		r.recorder.Eventf(wukong, nil, corev1.EventTypeNormal, vmv1alpha1.ReasonReady, "Summarize", "%s", note)
	case !isReady && wasReady:
		r.recorder.Eventf(wukong, nil, corev1.EventTypeWarning, ready.Reason, "Summarize", "%s", note)
	}
}
