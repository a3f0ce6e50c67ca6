// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package wukong

import (
	"context"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
	"github.com/novasphere/wukong/pkg/story"
)

const (
	// longestNote is the longest note that the events API takes.
	longestNote = 1024

	// reasonRemoved is the reason of the last event of a Wukong.
	reasonRemoved = "Removed"
)

// tell tells what turned: each condition in the log, and Ready in an event.
func (r *reconciler) tell(ctx context.Context, wukong *vmv1alpha1.Wukong, written []metav1.Condition) {
	turned := r.turns.Of(wukong.UID, wukong.Status.Conditions, written)
	story.Tell(ctrl.LoggerFrom(ctx), "Wukong", wukong.Name, turned)
	for i := range turned {
		if turned[i].Type == vmv1alpha1.ConditionReady {
			r.announce(ctx, wukong, turned[i])
		}
	}
}

// announce tells in an event that the Wukong became ready, that it no longer is, that it waits for somebody, or that it is being
// deleted. What goes by itself on the way to its first Ready is in the conditions and the log alone.
func (r *reconciler) announce(ctx context.Context, wukong *vmv1alpha1.Wukong, ready story.Turned) {
	kind := corev1.EventTypeWarning
	switch {
	case ready.Reason == vmv1alpha1.ReasonDeleting:
		if r.ends(ctx, wukong.Namespace) {
			return
		}
		kind = corev1.EventTypeNormal
	case ready.Status == metav1.ConditionTrue:
		kind = corev1.EventTypeNormal
	case ready.Was != metav1.ConditionTrue && conditions.UnderWay(ready.Condition):
		return
	}
	note := ready.Message
	if len(note) > longestNote {
		note = strings.ToValidUTF8(note[:longestNote], "")
	}
	r.recorder.Eventf(wukong, nil, kind, ready.Reason, "Summarize", "%s", note)
}

// announceRemoval tells in an event that nothing is left of a deleted Wukong.
func (r *reconciler) announceRemoval(ctx context.Context, wukong *vmv1alpha1.Wukong) {
	if r.ends(ctx, wukong.Namespace) {
		return
	}
	r.recorder.Eventf(wukong, nil, corev1.EventTypeNormal, reasonRemoved, "Remove", "the machine, its attachments and its bridges are removed")
}

// ends reports whether a namespace is being deleted, which takes no event any more.
func (r *reconciler) ends(ctx context.Context, name string) bool {
	namespace := &metav1.PartialObjectMetadata{}
	namespace.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	err := r.client.Get(ctx, client.ObjectKey{Name: name}, namespace)
	return err == nil && !namespace.DeletionTimestamp.IsZero()
}
