// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package multus

import (
	"context"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/ledger"
)

// claimIndexes find WukongNetworks by what they claim or hold. Segments are compared afterwards: which of them are the same
// changes with the WukongUplinks.
var claimIndexes = map[string]client.IndexerFunc{
	indexAddress: func(obj client.Object) []string {
		entry := ledger.EntryOf(obj.(*vmv1alpha1.WukongNetwork))
		return sets.List(textsOf(entry.Claim.Addresses).Union(textsOf(entry.Held.Addresses)))
	},
	indexGateway: func(obj client.Object) []string {
		return sets.List(textsOf(ledger.EntryOf(obj.(*vmv1alpha1.WukongNetwork)).Gateways))
	},
	indexMAC: func(obj client.Object) []string {
		entry := ledger.EntryOf(obj.(*vmv1alpha1.WukongNetwork))
		return sets.List(sets.New(entry.Claim.MAC, entry.Held.MAC).Delete(""))
	},
}

func textsOf(addresses []netip.Addr) sets.Set[string] {
	texts := sets.New[string]()
	for _, address := range addresses {
		texts.Insert(address.String())
	}
	return texts
}

// addressesOf returns the addresses by which the cluster reaches a node, for the index of nodes.
func addressesOf(obj client.Object) []string {
	node, ok := obj.(*corev1.Node)
	if !ok {
		return nil
	}
	texts := sets.New[string]()
	for _, reported := range node.Status.Addresses {
		if reported.Type != corev1.NodeInternalIP && reported.Type != corev1.NodeExternalIP {
			continue
		}
		if address, err := netip.ParseAddr(reported.Address); err == nil {
			texts.Insert(address.Unmap().String())
		}
	}
	return sets.List(texts)
}

// stake is one thing on one segment that a network keeps others from: an address or a MAC that it claims or holds, or a
// gateway that it uses.
type stake struct {
	// index finds those who want the same.
	index, value string
	segment      string
}

func stakesOf(obj client.Object) sets.Set[stake] {
	entry := ledger.EntryOf(obj.(*vmv1alpha1.WukongNetwork))
	stakes := sets.New[stake]()
	for _, claim := range []ledger.Claim{entry.Claim, entry.Held, {Segment: entry.Claim.Segment, Addresses: entry.Gateways}} {
		for _, address := range claim.Addresses {
			stakes.Insert(stake{indexAddress, address.String(), claim.Segment})
		}
		if claim.MAC != "" {
			stakes.Insert(stake{indexMAC, claim.MAC, claim.Segment})
		}
	}
	return stakes
}

// waiting wakes those who may wait for what a network gave up, or for what a deleted one had.
func (r *reconciler) waiting() handler.EventHandler {
	return handler.Funcs{
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			r.wake(ctx, stakesOf(e.ObjectOld).Difference(stakesOf(e.ObjectNew)), e.ObjectOld, q)
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			r.wake(ctx, stakesOf(e.Object), e.Object, q)
		},
	}
}

// wake enqueues the networks, other than the one that gave it up, that claim what is free now.
func (r *reconciler) wake(ctx context.Context, free sets.Set[stake], by client.Object, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
	for stake := range free {
		for _, request := range r.networks(ctx, client.MatchingFields{stake.index: stake.value}) {
			if request.NamespacedName != client.ObjectKeyFromObject(by) {
				queue.Add(request)
			}
		}
	}
}

// neighboursOfNode wakes the networks that claim an address which a node has got or given up.
func (r *reconciler) neighboursOfNode() handler.EventHandler {
	enqueue := func(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request], addresses sets.Set[string]) {
		for address := range addresses {
			for _, request := range r.networks(ctx, client.MatchingFields{indexAddress: address}) {
				queue.Add(request)
			}
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, q, sets.New(addressesOf(e.Object)...))
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, q, sets.New(addressesOf(e.ObjectOld)...).SymmetricDifference(sets.New(addressesOf(e.ObjectNew)...)))
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, q, sets.New(addressesOf(e.Object)...))
		},
	}
}
