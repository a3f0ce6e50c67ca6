// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// DefaultProgressInterval is the shortest time between two reports of mere progress on one object. A rollout over many
// nodes, told to a thousand claims, would otherwise cost the API server more than the rollout itself.
const DefaultProgressInterval = 5 * time.Second

// Pace remembers when objects were last reported on. It may be shared by goroutines.
type Pace struct {
	interval time.Duration

	mu   sync.Mutex
	last map[types.UID]time.Time
}

// NewPace returns a pace with the given time between two reports of progress on one object.
func NewPace(interval time.Duration) *Pace {
	return &Pace{interval: interval, last: map[types.UID]time.Time{}}
}

// wait returns how long a report of progress on an object has to wait, and notes that it was made when that is 0.
func (p *Pace) wait(uid types.UID, progress bool, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if rest := p.last[uid].Add(p.interval).Sub(now); progress && rest > 0 {
		return rest
	}
	for other, last := range p.last {
		if now.Sub(last) > p.interval {
			delete(p.last, other)
		}
	}
	p.last[uid] = now
	return 0
}

// Status applies the status of an object. The caller compares first: only it knows which fields are its own. A change
// that is mere progress is not written while the last report is young; the time to come back after is returned then,
// else 0. An object that is gone, or was replaced, is no error.
func (w Writer) Status(ctx context.Context, desired client.Object, progress bool) (time.Duration, error) {
	if rest := w.Pace.wait(desired.GetUID(), progress, time.Now()); rest > 0 {
		return rest, nil
	}
	full, err := toUnstructured(desired, w.Client.Scheme())
	if err != nil {
		return 0, err
	}
	intent := &unstructured.Unstructured{Object: map[string]any{"status": full.Object["status"]}}
	intent.SetGroupVersionKind(full.GroupVersionKind())
	intent.SetNamespace(desired.GetNamespace())
	intent.SetName(desired.GetName())
	intent.SetUID(desired.GetUID())
	err = w.Client.Status().Apply(ctx, client.ApplyConfigurationFromUnstructured(intent), client.FieldOwner(w.Manager), client.ForceOwnership)
	if apierrors.IsNotFound(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("applying the status of %s %s: %w", intent.GetKind(), client.ObjectKeyFromObject(intent), err)
	}
	return 0, nil
}
