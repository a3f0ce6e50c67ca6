// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package acting holds what the lab's actors have in common: a queue of what is to be looked at, and writes of what an edit
// changed.
package acting

import (
	"context"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
)

// Look looks at one object, and returns after which time it wants to do so again, 0 for never.
type Look func(ctx context.Context, key types.NamespacedName) (time.Duration, error)

// Queue has objects looked at, each by one worker at a time.
type Queue struct {
	queue   workqueue.TypedRateLimitingInterface[types.NamespacedName]
	workers sync.WaitGroup
}

// NewQueue returns a queue whose workers look at objects until the context ends. What fails is told to complain, and tried
// again after 20 milliseconds, and then ever later up to a second. An object that went away or changed meanwhile is no failure:
// its event brings it back.
func NewQueue(ctx context.Context, workers int, look Look, complain func(error, types.NamespacedName)) *Queue {
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[types.NamespacedName](20*time.Millisecond, time.Second)
	q := &Queue{queue: workqueue.NewTypedRateLimitingQueue(limiter)}
	context.AfterFunc(ctx, q.queue.ShutDown)
	for range workers {
		q.workers.Go(func() {
			for q.next(ctx, look, complain) {
				continue
			}
		})
	}
	return q
}

// Add has an object looked at.
func (q *Queue) Add(key types.NamespacedName) { q.queue.Add(key) }

// Wait returns when the workers have ended, which they do when the queue's context has.
func (q *Queue) Wait() { q.workers.Wait() }

// next has one object looked at; it is false when the queue has ended.
func (q *Queue) next(ctx context.Context, look Look, complain func(error, types.NamespacedName)) bool {
	key, stopped := q.queue.Get()
	if stopped {
		return false
	}
	defer q.queue.Done(key)
	if ctx.Err() != nil {
		return false
	}
	// What is being written when the actor ends is still written: a request cut short is not part of the model.
	after, err := look(context.WithoutCancel(ctx), key)
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		complain(err, key)
		q.queue.AddRateLimited(key)
		return true
	}
	q.queue.Forget(key)
	if after > 0 {
		q.queue.AddAfter(key, after)
	}
	return true
}
