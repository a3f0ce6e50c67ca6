// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"errors"
	"maps"
	"slices"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	nmstatev1beta1 "github.com/nmstate/kubernetes-nmstate/api/v1beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/capability"
	"github.com/novasphere/wukong/pkg/nodenet/hostnet"
)

func requestFor(bridge string) reconcile.Request {
	return reconcile.Request{NamespacedName: client.ObjectKey{Name: bridge}}
}

// bridgesOfClaim maps a claim to its bridge, and to the bridges of all claims that wait: what it takes or gives up may be
// what they wait for.
func (r *reconciler) bridgesOfClaim(ctx context.Context, obj client.Object) []reconcile.Request {
	claim, ok := obj.(*vmv1alpha1.WukongNodeBridge)
	if !ok {
		return nil
	}
	return append(r.waitingBridges(ctx, obj), requestFor(string(claim.Spec.BridgeName)))
}

// bridgeOfClaim maps a claim to its bridge alone.
func (r *reconciler) bridgeOfClaim(_ context.Context, obj client.Object) []reconcile.Request {
	claim, ok := obj.(*vmv1alpha1.WukongNodeBridge)
	if !ok {
		return nil
	}
	return []reconcile.Request{requestFor(string(claim.Spec.BridgeName))}
}

// waitingBridges maps an event to the bridges of all claims that have not been given theirs yet.
func (r *reconciler) waitingBridges(ctx context.Context, _ client.Object) []reconcile.Request {
	return r.bridgesOf(ctx, client.MatchingFields{indexWaiting: "true"})
}

// bridgesOfNamespace maps a namespace to the bridges that its Wukongs claim.
func (r *reconciler) bridgesOfNamespace(ctx context.Context, obj client.Object) []reconcile.Request {
	return r.bridgesOf(ctx, client.InNamespace(obj.GetName()))
}

// bridgesOf returns a request for each bridge of the claims that the options select.
func (r *reconciler) bridgesOf(ctx context.Context, options ...client.ListOption) []reconcile.Request {
	var claims vmv1alpha1.WukongNodeBridgeList
	if err := r.client.List(ctx, &claims, append(options, client.UnsafeDisableDeepCopy)...); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Listing claims")
		return nil
	}
	bridges := map[string]bool{}
	for i := range claims.Items {
		bridges[string(claims.Items[i].Spec.BridgeName)] = true
	}
	return requestsFor(bridges)
}

func requestsFor(bridges map[string]bool) []reconcile.Request {
	requests := make([]reconcile.Request, 0, len(bridges))
	for _, bridge := range slices.Sorted(maps.Keys(bridges)) {
		requests = append(requests, requestFor(bridge))
	}
	return requests
}

// everyBridge maps an event to all bridges that somebody claims or that a policy of ours is about.
func (r *reconciler) everyBridge(ctx context.Context, _ client.Object) []reconcile.Request {
	bridges := map[string]bool{}
	for _, request := range r.bridgesOf(ctx) {
		bridges[request.Name] = true
	}
	// Whether NMState is served must not be asked here: who asks opens the watches whose events come here.
	var policies nmstatev1.NodeNetworkConfigurationPolicyList
	err := r.client.List(ctx, &policies, client.UnsafeDisableDeepCopy)
	var unwatched *cache.ErrResourceNotCached
	if err != nil && !errors.As(err, &unwatched) {
		ctrl.LoggerFrom(ctx).Error(err, "Listing policies")
	}
	for i := range policies.Items {
		if bridge := bridgeOf(&policies.Items[i]); bridge != "" {
			bridges[bridge] = true
		}
	}
	return requestsFor(bridges)
}

// bridgesOfUser maps a machine or pod to the bridges it is attached to.
func (r *reconciler) bridgesOfUser(ctx context.Context, obj client.Object) []reconcile.Request {
	var requests []reconcile.Request
	for _, attachment := range capability.AttachmentsOf(obj) {
		requests = append(requests, r.bridgesOf(ctx, client.MatchingFields{indexAttachment: attachment})...)
	}
	return requests
}

// bridgeOf returns the bridge of a policy of ours, empty for somebody else's.
func bridgeOf(obj client.Object) string {
	if obj.GetLabels()[vmv1alpha1.LabelManagedBy] != vmv1alpha1.ManagedByWukong {
		return ""
	}
	return obj.GetLabels()[vmv1alpha1.LabelBridge]
}

// bridgesOfPolicy maps a policy of ours to its bridge, and to those that wait for it to go. Somebody else's may concern
// every bridge.
func (r *reconciler) bridgesOfPolicy(ctx context.Context, obj client.Object) []reconcile.Request {
	bridge := bridgeOf(obj)
	if bridge == "" {
		return r.everyBridge(ctx, obj)
	}
	return append(r.waitingBridges(ctx, obj), requestFor(bridge))
}

func (r *reconciler) bridgeOfEnactment(ctx context.Context, obj client.Object) []reconcile.Request {
	var policy nmstatev1.NodeNetworkConfigurationPolicy
	key := client.ObjectKey{Name: obj.GetLabels()[capability.PolicyLabel]}
	if err := r.client.Get(ctx, key, &policy, client.UnsafeDisableDeepCopy); err != nil {
		// A policy that is gone needs nothing from here.
		return nil
	}
	if bridge := bridgeOf(&policy); bridge != "" {
		return []reconcile.Request{requestFor(bridge)}
	}
	return nil
}

// stateHandler maps a node's reported network to the bridges that a change of it concerns: those whose own interface
// changed and those that wait, and all of them when a NIC or a default route did.
func (r *reconciler) stateHandler() handler.EventHandler {
	type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]
	enqueue := func(q queue, requests []reconcile.Request) {
		for _, request := range requests {
			q.AddAfter(request, gather)
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q queue) { enqueue(q, r.everyBridge(ctx, e.Object)) },
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q queue) { enqueue(q, r.everyBridge(ctx, e.Object)) },
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) {
			names, everything := changesOf(e.ObjectOld, e.ObjectNew)
			switch {
			case everything:
				enqueue(q, r.everyBridge(ctx, e.ObjectNew))
			case len(names) > 0:
				enqueue(q, append(r.waitingBridges(ctx, e.ObjectNew), names...))
			}
		},
	}
}

// changesOf returns requests for the interfaces that changed, taken as bridges, and whether every bridge is concerned.
func changesOf(before, after client.Object) (names []reconcile.Request, everything bool) {
	old, ok := before.(*nmstatev1beta1.NodeNetworkState)
	fresh, ok2 := after.(*nmstatev1beta1.NodeNetworkState)
	if !ok || !ok2 {
		return nil, true
	}
	was, err := hostnet.Parse(old.Status.CurrentState.Raw)
	if err != nil {
		return nil, true
	}
	is, err := hostnet.Parse(fresh.Status.CurrentState.Raw)
	if err != nil {
		return nil, true
	}
	changed, nics := hostnet.Changes(was, is)
	for _, name := range changed {
		names = append(names, requestFor(name))
	}
	return names, nics
}

// namespace returns an empty Namespace of which only the metadata is read and watched.
func namespace() *metav1.PartialObjectMetadata {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	return object
}

func namespaceList() *metav1.PartialObjectMetadataList {
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("NamespaceList"))
	return list
}
