// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"fmt"
	"strconv"
	"time"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	nmstatev1beta1 "github.com/nmstate/kubernetes-nmstate/api/v1beta1"
	corev1 "k8s.io/api/core/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/apply"
	"github.com/novasphere/wukong/pkg/capability"
	"github.com/novasphere/wukong/pkg/naming"
	"github.com/novasphere/wukong/pkg/nodenet"
)

const (
	// name is the controller's name, also its field manager's.
	name = "wukong-nmstate"

	// indexBridge finds claims by the name of their bridge.
	indexBridge = "bridge"
	// indexSegment finds claims by their NIC and VLAN.
	indexSegment = "segment"
	// indexAttachment finds claims by the "namespace/name" of the attachment that leads to their bridge.
	indexAttachment = "attachment"

	// gather is how long reports of nodes are gathered before a bridge is looked at: a rollout over many
	// nodes is then told once in a while, not once a node.
	gather = 400 * time.Millisecond

	// handlerLabel and handlerLabelValue mark the pods of kubernetes-nmstate's handler.
	handlerLabel      = "component"
	handlerLabelValue = "kubernetes-nmstate-handler"
)

// Options are what the controller needs beside the manager.
type Options struct {
	// Registry tells which APIs are served.
	Registry *capability.Registry
	// Pace spaces out reports of progress.
	Pace *apply.Pace
	// Launchers is a cache of virt-launcher pods alone, indexed by their attachments.
	Launchers cache.Cache
	// Deadlines bound the wait for nodes when a bridge is removed.
	Deadlines nodenet.Deadlines
}

// SetupWithManager adds the controller to the manager. It returns an error when an index or a watch cannot be
// made.
func SetupWithManager(ctx context.Context, mgr manager.Manager, opts Options) error {
	for field, extract := range claimIndexes {
		if err := mgr.GetFieldIndexer().IndexField(ctx, &vmv1alpha1.WukongNodeBridge{}, field, extract); err != nil {
			return fmt.Errorf("indexing WukongNodeBridges by %s: %w", field, err)
		}
	}
	r := &reconciler{
		client:    mgr.GetClient(),
		writer:    apply.Writer{Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Manager: name, Pace: opts.Pace},
		recorder:  mgr.GetEventRecorder(name),
		watches:   capability.NewWatches(opts.Registry),
		users:     capability.Users{Machines: mgr.GetClient(), Launchers: opts.Launchers},
		deadlines: opts.Deadlines,
		now:       time.Now,
	}
	c, err := ctrl.NewControllerManagedBy(mgr).
		Named(name).
		Watches(&vmv1alpha1.WukongNodeBridge{}, handler.EnqueueRequestsFromMapFunc(r.bridgesOfClaim), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&corev1.Node{}, capability.Gathered(gather, r.everyBridge), builder.WithPredicates(nodeChanged())).
		Watches(&corev1.Pod{}, capability.Gathered(gather, r.everyBridge), builder.WithPredicates(podChanged())).
		WatchesMetadata(capability.CRD(), handler.EnqueueRequestsFromMapFunc(r.everyBridge),
			builder.WithPredicates(capability.CRDsOf(capability.NMState, capability.KubeVirt))).
		WatchesRawSource(source.Kind(opts.Launchers, client.Object(&corev1.Pod{}), capability.Gathered(gather, r.bridgesOfUser))).
		WithOptions(controller.Options{MaxConcurrentReconciles: 4}).
		Build(r)
	if err != nil {
		return fmt.Errorf("building the controller %s: %w", name, err)
	}
	r.watches.Attach(c)
	r.watches.On(capability.NMState, func() []source.Source {
		return []source.Source{
			source.Kind(mgr.GetCache(), client.Object(&nmstatev1.NodeNetworkConfigurationPolicy{}), capability.Gathered(gather, bridgeOfPolicy)),
			source.Kind(mgr.GetCache(), client.Object(&nmstatev1beta1.NodeNetworkConfigurationEnactment{}), capability.Gathered(gather, r.bridgeOfEnactment)),
		}
	})
	r.watches.On(capability.KubeVirt, func() []source.Source {
		return []source.Source{
			source.Kind(mgr.GetCache(), client.Object(&kubevirtv1.VirtualMachine{}), capability.Gathered(gather, r.bridgesOfUser), capability.UsersThatLeave()),
			source.Kind(mgr.GetCache(), client.Object(&kubevirtv1.VirtualMachineInstance{}), capability.Gathered(gather, r.bridgesOfUser), capability.UsersThatLeave()),
		}
	})
	return nil
}

var claimIndexes = map[string]client.IndexerFunc{
	indexBridge: func(obj client.Object) []string {
		return []string{string(obj.(*vmv1alpha1.WukongNodeBridge).Spec.BridgeName)}
	},
	indexSegment: func(obj client.Object) []string {
		return []string{segmentOf(obj.(*vmv1alpha1.WukongNodeBridge))}
	},
	indexAttachment: func(obj client.Object) []string {
		return []string{attachmentOf(obj)}
	},
}

// segmentOf returns the NIC and VLAN of a claim as one text.
func segmentOf(claim *vmv1alpha1.WukongNodeBridge) string {
	return string(claim.Spec.Uplink) + "/" + strconv.Itoa(int(claim.Spec.VLANID))
}

// attachmentOf returns the "namespace/name" of the attachment that leads to a claim's bridge. Claim and
// WukongNetwork have one name.
func attachmentOf(claim client.Object) string {
	return claim.GetNamespace() + "/" + naming.NetworkAttachmentDefinition(claim.GetName())
}

func requestFor(bridge string) reconcile.Request {
	return reconcile.Request{NamespacedName: client.ObjectKey{Name: bridge}}
}

// bridgesOfClaim maps a claim to its bridge, and to the bridges of claims on the same NIC and VLAN.
func (r *reconciler) bridgesOfClaim(ctx context.Context, obj client.Object) []reconcile.Request {
	claim, ok := obj.(*vmv1alpha1.WukongNodeBridge)
	if !ok {
		return nil
	}
	requests := []reconcile.Request{requestFor(string(claim.Spec.BridgeName))}
	var rivals vmv1alpha1.WukongNodeBridgeList
	if err := r.client.List(ctx, &rivals, client.MatchingFields{indexSegment: segmentOf(claim)}); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Listing claims of a segment", "segment", segmentOf(claim))
		return requests
	}
	return appendBridges(requests, rivals.Items)
}

// everyBridge maps an event to all bridges, for what concerns each of them: a node, a handler, an API.
func (r *reconciler) everyBridge(ctx context.Context, _ client.Object) []reconcile.Request {
	var claims vmv1alpha1.WukongNodeBridgeList
	if err := r.client.List(ctx, &claims); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Listing claims")
		return nil
	}
	return appendBridges(nil, claims.Items)
}

// bridgesOfUser maps a machine or pod to the bridges it is attached to.
func (r *reconciler) bridgesOfUser(ctx context.Context, obj client.Object) []reconcile.Request {
	var requests []reconcile.Request
	for _, attachment := range capability.AttachmentsOf(obj) {
		var claims vmv1alpha1.WukongNodeBridgeList
		if err := r.client.List(ctx, &claims, client.MatchingFields{indexAttachment: attachment}); err != nil {
			ctrl.LoggerFrom(ctx).Error(err, "Listing claims of an attachment", "attachment", attachment)
			continue
		}
		requests = appendBridges(requests, claims.Items)
	}
	return requests
}

func appendBridges(requests []reconcile.Request, claims []vmv1alpha1.WukongNodeBridge) []reconcile.Request {
	seen := make(map[reconcile.Request]bool, len(requests))
	for _, request := range requests {
		seen[request] = true
	}
	for i := range claims {
		if request := requestFor(string(claims[i].Spec.BridgeName)); !seen[request] {
			seen[request] = true
			requests = append(requests, request)
		}
	}
	return requests
}

func bridgeOfPolicy(_ context.Context, obj client.Object) []reconcile.Request {
	if bridge := obj.GetLabels()[vmv1alpha1.LabelBridge]; bridge != "" {
		return []reconcile.Request{requestFor(bridge)}
	}
	return nil
}

func (r *reconciler) bridgeOfEnactment(ctx context.Context, obj client.Object) []reconcile.Request {
	var policy nmstatev1.NodeNetworkConfigurationPolicy
	key := client.ObjectKey{Name: obj.GetLabels()[capability.PolicyLabel]}
	if err := r.client.Get(ctx, key, &policy); err != nil {
		// A policy that is gone, or somebody else's, needs nothing from here.
		return nil
	}
	return bridgeOfPolicy(ctx, &policy)
}
