// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package multus

import (
	"context"
	"fmt"
	"time"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
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
	"github.com/novasphere/wukong/pkg/owner"
	"github.com/novasphere/wukong/pkg/story"
)

const (
	// name is the controller's name, also its field manager's.
	name = "wukong-multus"

	// indexAttachment finds WukongNetworks by the "namespace/name" of their attachment, made or existing.
	indexAttachment = "attachment"
	// indexNodeBridge finds WukongNetworks by the name of the WukongNodeBridge that they wait for.
	indexNodeBridge = "nodeBridge"
	// indexAddress finds WukongNetworks by the addresses that they claim or hold, and nodes by their own.
	indexAddress = "address"
	// indexGateway finds WukongNetworks by the gateways that they use.
	indexGateway = "gateway"
	// indexMAC finds WukongNetworks by the MACs that they claim or hold.
	indexMAC = "mac"
	// indexFenced finds WukongNetworks that wait for the platform team's rules, or for a NIC.
	indexFenced = "fenced"

	// gather is how long events of other objects are gathered before a network is looked at, which also lets the
	// cache catch up with what was just written.
	gather = 200 * time.Millisecond
)

// Options are what the controller needs beside the manager.
type Options struct {
	// Registry tells which APIs are served.
	Registry *capability.Registry
	// Pace spaces out reports of progress.
	Pace *apply.Pace
	// Launchers is a cache of virt-launcher pods alone, indexed by their attachments.
	Launchers cache.Cache
}

// SetupWithManager adds the controller to the manager. It returns an error when an index or a watch cannot be
// made.
func SetupWithManager(ctx context.Context, mgr manager.Manager, opts Options) error {
	if err := index(ctx, mgr.GetFieldIndexer()); err != nil {
		return err
	}
	r := &reconciler{
		client:  mgr.GetClient(),
		writer:  apply.Writer{Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Manager: name, Pace: opts.Pace},
		watches: capability.NewWatches(opts.Registry),
		users:   capability.Users{Machines: mgr.GetClient(), Launchers: opts.Launchers},
		book:    newBook(mgr.GetClient()),
		turns:   story.NewTurns(),
	}
	c, err := ctrl.NewControllerManagedBy(mgr).
		Named(name).
		For(&vmv1alpha1.WukongNetwork{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&vmv1alpha1.WukongNetwork{}, r.waiting()).
		Watches(&corev1.Node{}, r.neighboursOfNode()).
		// Which segments are the same is the WukongUplinks' to say.
		Watches(&vmv1alpha1.WukongUplink{}, capability.Gathered(gather, r.everyNetwork), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&vmv1alpha1.WukongNodeBridge{}, capability.Gathered(gather, r.networksOfNodeBridge)).
		Watches(&vmv1alpha1.WukongNodeBridge{}, capability.Gathered(gather, r.fencedNetworks), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WatchesMetadata(namespace(), capability.Gathered(gather, r.networksOfNamespace), builder.WithPredicates(predicate.LabelChangedPredicate{})).
		WatchesMetadata(capability.CRD(), handler.EnqueueRequestsFromMapFunc(r.everyNetwork),
			builder.WithPredicates(capability.CRDsOf(capability.Multus, capability.KubeVirt))).
		WatchesRawSource(source.Kind(opts.Launchers, client.Object(&corev1.Pod{}), handler.EnqueueRequestsFromMapFunc(r.networksOfUser))).
		WithOptions(controller.Options{MaxConcurrentReconciles: 4}).
		WithLogConstructor(story.Logger(mgr.GetLogger(), name, r.subject)).
		Build(r)
	if err != nil {
		return fmt.Errorf("building the controller %s: %w", name, err)
	}
	r.watches.Attach(c)
	r.watches.On(capability.Multus, func() []source.Source {
		return []source.Source{
			source.Kind(mgr.GetCache(), client.Object(&nadv1.NetworkAttachmentDefinition{}), capability.Gathered(gather, r.networksOfAttachment)),
		}
	})
	r.watches.On(capability.KubeVirt, func() []source.Source {
		return []source.Source{
			source.Kind(mgr.GetCache(), client.Object(&kubevirtv1.VirtualMachine{}), handler.EnqueueRequestsFromMapFunc(r.networksOfUser), capability.UsersThatLeave()),
			source.Kind(mgr.GetCache(), client.Object(&kubevirtv1.VirtualMachineInstance{}),
				handler.EnqueueRequestsFromMapFunc(r.networksOfUser), capability.UsersThatLeave()),
			source.Kind(mgr.GetCache(), client.Object(&kubevirtv1.KubeVirt{}),
				handler.EnqueueRequestsFromMapFunc(r.everyNetwork), predicate.Predicate(predicate.GenerationChangedPredicate{})),
		}
	})
	return nil
}

// subject says what a request is about. A WukongNetwork that is gone has no Wukong to name.
func (r *reconciler) subject(request reconcile.Request) []any {
	about := []any{story.KeyNetwork, request.String()}
	network := &vmv1alpha1.WukongNetwork{}
	if err := r.client.Get(context.Background(), request.NamespacedName, network, client.UnsafeDisableDeepCopy); err != nil {
		return about
	}
	if wukong := owner.Wukong(network); wukong != nil {
		about = append(about, story.KeyWukong, client.ObjectKeyFromObject(wukong).String())
	}
	return about
}

var networkIndexes = map[string]client.IndexerFunc{
	indexAttachment: func(obj client.Object) []string {
		return []string{attachmentOf(obj.(*vmv1alpha1.WukongNetwork)).String()}
	},
	indexFenced: isFenced,
	indexNodeBridge: func(obj client.Object) []string {
		return []string{obj.(*vmv1alpha1.WukongNetwork).Spec.NodeBridgeName}
	},
}

func index(ctx context.Context, indexer client.FieldIndexer) error {
	for _, indexes := range []map[string]client.IndexerFunc{networkIndexes, claimIndexes} {
		for field, extract := range indexes {
			if err := indexer.IndexField(ctx, &vmv1alpha1.WukongNetwork{}, field, extract); err != nil {
				return fmt.Errorf("indexing WukongNetworks by %s: %w", field, err)
			}
		}
	}
	if err := indexer.IndexField(ctx, &corev1.Node{}, indexAddress, addressesOf); err != nil {
		return fmt.Errorf("indexing nodes by address: %w", err)
	}
	return nil
}

// attachmentOf returns the key of a network's NetworkAttachmentDefinition: the one that nadName names, else ours.
func attachmentOf(network *vmv1alpha1.WukongNetwork) client.ObjectKey {
	if network.Spec.NADName != "" {
		return capability.AttachmentKey(network.Namespace, network.Spec.NADName)
	}
	return client.ObjectKey{Namespace: network.Namespace, Name: naming.NetworkAttachmentDefinition(network.Name)}
}

func (r *reconciler) networksOfNodeBridge(ctx context.Context, obj client.Object) []reconcile.Request {
	return r.networks(ctx, client.InNamespace(obj.GetNamespace()), client.MatchingFields{indexNodeBridge: obj.GetName()})
}

func (r *reconciler) networksOfAttachment(ctx context.Context, obj client.Object) []reconcile.Request {
	return r.networks(ctx, client.MatchingFields{indexAttachment: client.ObjectKeyFromObject(obj).String()})
}

func (r *reconciler) networksOfUser(ctx context.Context, obj client.Object) []reconcile.Request {
	var requests []reconcile.Request
	for _, attachment := range capability.AttachmentsOf(obj) {
		requests = append(requests, r.networks(ctx, client.MatchingFields{indexAttachment: attachment})...)
	}
	return requests
}

func (r *reconciler) everyNetwork(ctx context.Context, _ client.Object) []reconcile.Request {
	return r.networks(ctx)
}

func (r *reconciler) networks(ctx context.Context, opts ...client.ListOption) []reconcile.Request {
	var list vmv1alpha1.WukongNetworkList
	if err := r.client.List(ctx, &list, opts...); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Listing WukongNetworks")
		return nil
	}
	requests := make([]reconcile.Request, 0, len(list.Items))
	for i := range list.Items {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
	}
	return requests
}
