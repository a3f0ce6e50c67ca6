// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/pkg/capability"
)

// obstacle returns what a kubelet says keeps it from starting a pod, empty for nothing. KubeVirt has no word for that: the machine
// is just starting.
func (r *reconciler) obstacle(ctx context.Context, launcher *corev1.Pod) (string, error) {
	if launcher == nil || launcher.Status.Phase != corev1.PodPending {
		return "", nil
	}
	var found []corev1.Event
	for _, events := range r.podEvents {
		var list corev1.EventList
		err := events.List(ctx, &list, client.InNamespace(launcher.Namespace), client.MatchingFields{capability.IndexPod: string(launcher.UID)})
		if err != nil {
			return "", fmt.Errorf("listing the events of pod %s: %w", launcher.Name, err)
		}
		found = append(found, list.Items...)
	}
	return lastWords(found), nil
}

// lastWords returns what the latest of some events says, without what differs each time that a kubelet tries again.
func lastWords(events []corev1.Event) string {
	var latest *corev1.Event
	for i := range events {
		if latest == nil || isLater(&events[i], latest) {
			latest = &events[i]
		}
	}
	if latest == nil {
		return ""
	}
	return stable(latest.Message)
}

// isLater reports whether one event happened after another. Kubelets tell the time in whole seconds, within which the one that
// was written last counts.
func isLater(event, other *corev1.Event) bool {
	if when := whenOf(event).Compare(whenOf(other)); when != 0 {
		return when > 0
	}
	order, err := resourceversion.CompareResourceVersion(event.ResourceVersion, other.ResourceVersion)
	return err == nil && order > 0
}

// whenOf returns when an event happened last; each of its times may be missing.
func whenOf(event *corev1.Event) time.Time {
	switch {
	case event.Series != nil:
		return event.Series.LastObservedTime.Time
	case !event.LastTimestamp.IsZero():
		return event.LastTimestamp.Time
	case !event.EventTime.IsZero():
		return event.EventTime.Time
	}
	return event.CreationTimestamp.Time
}

var (
	// Each try makes another sandbox.
	sandbox = regexp.MustCompile(` (for|of) sandbox "?[0-9a-f]{12,64}"?`)
	// What containerd and CRI-O say before they let the plugin speak.
	preamble = regexp.MustCompile(`^(Failed to create pod sandbox: |rpc error: code = \w+ desc = )+`)
	// The network's namespace has a new name each time, and the pod is known by its own.
	identifier = regexp.MustCompile(`/?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32,64}`)
	spaces     = regexp.MustCompile(`\s+`)
)

// stable returns a kubelet's message without what names one try.
func stable(message string) string {
	for _, part := range []*regexp.Regexp{preamble, sandbox, identifier} {
		message = part.ReplaceAllString(message, "")
	}
	return strings.TrimSpace(spaces.ReplaceAllString(message, " "))
}
