// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"slices"
	"strings"
	"sync"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	"k8s.io/client-go/util/workqueue"
)

// handler is the process on one node: a queue of policies and a single worker, because nmstate holds one checkpoint per
// node and upstream runs one reconcile at a time (kubernetes-nmstate, controllers/handler).
type handler struct {
	*Node

	queue   workqueue.TypedRateLimitingInterface[string]
	stopped chan struct{}
	once    sync.Once
	wg      sync.WaitGroup
}

func newHandler(node *Node) *handler {
	delay := node.actor.options.RetryDelay
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[string](delay, delay)
	return &handler{Node: node, queue: workqueue.NewTypedRateLimitingQueue(limiter), stopped: make(chan struct{})}
}

// start lets the handler work until it is stopped or the context ends. What it is writing then is still written: a
// handler that dies in the middle of a request is a matter of the API server, not of the model.
func (h *handler) start(ctx context.Context) {
	context.AfterFunc(ctx, h.quit)
	ctx = context.WithoutCancel(ctx)
	h.wg.Go(func() {
		for h.next(ctx) {
			continue
		}
	})
}

func (h *handler) quit() {
	h.once.Do(func() {
		close(h.stopped)
		h.queue.ShutDown()
	})
}

func (h *handler) isStopped() bool {
	select {
	case <-h.stopped:
		return true
	default:
		return false
	}
}

func (h *handler) stop() {
	h.quit()
	h.wg.Wait()
}

// next handles one policy; it is false when the handler was stopped.
func (h *handler) next(ctx context.Context) bool {
	name, stopped := h.queue.Get()
	if stopped {
		return false
	}
	defer h.queue.Done(name)
	if h.isStopped() {
		return false
	}
	again, err := h.reconcile(ctx, name)
	if err != nil {
		h.actor.complain(err, "Reconciling the policy failed", "node", h.name, "policy", name)
	}
	if (again || err != nil) && h.actor.installed() {
		h.queue.AddRateLimited(name)
	}
	return true
}

// enqueueAll takes up every policy in the order of their names, as upstream does since v0.85 (kubernetes-nmstate, controllers/handler), and those
// that are gone but remembered.
func (h *handler) enqueueAll(ctx context.Context) {
	var list nmstatev1.NodeNetworkConfigurationPolicyList
	if err := h.actor.client.List(ctx, &list); err != nil {
		h.actor.complain(err, "Listing the policies failed", "node", h.name)
	}
	slices.SortFunc(list.Items, func(a, b nmstatev1.NodeNetworkConfigurationPolicy) int {
		return strings.Compare(a.Name, b.Name)
	})
	for i := range list.Items {
		h.queue.Add(list.Items[i].Name)
	}
	for _, name := range h.known() {
		h.queue.Add(name)
	}
}
