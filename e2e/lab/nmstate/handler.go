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
// node and upstream runs one reconcile at a time (fact sheet 5).
type handler struct {
	node   *Node
	queue  workqueue.TypedRateLimitingInterface[string]
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

func newHandler(node *Node) *handler {
	delay := node.actor.options.RetryDelay
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[string](delay, delay)
	return &handler{node: node, queue: workqueue.NewTypedRateLimitingQueue(limiter)}
}

func (h *handler) start(ctx context.Context) {
	ctx, h.cancel = context.WithCancel(ctx)
	h.wg.Go(func() {
		for h.next(ctx) {
			continue
		}
	})
}

func (h *handler) stop() {
	h.cancel()
	h.queue.ShutDown()
	h.wg.Wait()
}

// next handles one policy; it is false when the handler was stopped.
func (h *handler) next(ctx context.Context) bool {
	name, stopped := h.queue.Get()
	if stopped {
		return false
	}
	defer h.queue.Done(name)
	again, err := h.node.reconcile(ctx, name)
	if err != nil {
		h.node.actor.complain(err, "Reconciling the policy failed", "node", h.node.name, "policy", name)
	}
	if (again || err != nil) && h.node.actor.installed() {
		h.queue.AddRateLimited(name)
	}
	return true
}

// enqueueAll takes up every policy in the order of their names, as upstream does since v0.85 (fact sheet 5), and those
// that are gone but remembered.
func (h *handler) enqueueAll(ctx context.Context) {
	var list nmstatev1.NodeNetworkConfigurationPolicyList
	if err := h.node.actor.client.List(ctx, &list); err != nil {
		h.node.actor.complain(err, "Listing the policies failed", "node", h.node.name)
	}
	slices.SortFunc(list.Items, func(a, b nmstatev1.NodeNetworkConfigurationPolicy) int {
		return strings.Compare(a.Name, b.Name)
	})
	for i := range list.Items {
		h.queue.Add(list.Items[i].Name)
	}
	for _, name := range h.node.known() {
		h.queue.Add(name)
	}
}
