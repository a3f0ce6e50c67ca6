// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"fmt"
	"sync"
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
	"sigs.k8s.io/controller-runtime/pkg/source"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/apply"
	"github.com/novasphere/wukong/pkg/capability"
	"github.com/novasphere/wukong/pkg/naming"
	"github.com/novasphere/wukong/pkg/nodenet"
	"github.com/novasphere/wukong/pkg/story"
)

const (
	// name is the controller's name, also its field manager's.
	name = "wukong-nmstate"

	// indexBridge finds claims by the name of their bridge.
	indexBridge = "bridge"
	// indexWaiting finds the claims that have not been given their bridge yet.
	indexWaiting = "waiting"
	// indexParent finds the WukongNetworks that take a NIC without a claim.
	indexParent = "parent"
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

// SetupWithManager adds the controller of bridges and that of WukongUplinks to the manager. It returns an error when an
// index or a watch cannot be made.
func SetupWithManager(ctx context.Context, mgr manager.Manager, opts Options) error {
	for field, extract := range claimIndexes {
		if err := mgr.GetFieldIndexer().IndexField(ctx, &vmv1alpha1.WukongNodeBridge{}, field, extract); err != nil {
			return fmt.Errorf("indexing WukongNodeBridges by %s: %w", field, err)
		}
	}
	if err := mgr.GetFieldIndexer().IndexField(ctx, &vmv1alpha1.WukongNetwork{}, indexParent, parentOf); err != nil {
		return fmt.Errorf("indexing WukongNetworks by %s: %w", indexParent, err)
	}
	r := &reconciler{
		client:    mgr.GetClient(),
		writer:    apply.Writer{Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Manager: name, Pace: opts.Pace},
		recorder:  mgr.GetEventRecorder(name),
		turns:     story.NewTurns(),
		watches:   capability.NewWatches(opts.Registry),
		users:     capability.Users{Machines: mgr.GetClient(), Launchers: opts.Launchers},
		deadlines: opts.Deadlines,
		now:       time.Now,
		hosts:     &hosts{},
		written:   &written{},
		planning:  &sync.Mutex{},
	}
	if err := r.setupBridges(mgr, opts); err != nil {
		return err
	}
	return setupUplinks(mgr, r, opts)
}

func (r *reconciler) setupBridges(mgr manager.Manager, opts Options) error {
	c, err := ctrl.NewControllerManagedBy(mgr).
		Named(name).
		Watches(&vmv1alpha1.WukongNodeBridge{}, handler.EnqueueRequestsFromMapFunc(r.bridgesOfClaim), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&vmv1alpha1.WukongNodeBridge{}, capability.Gathered(gather, r.bridgeOfClaim), builder.WithPredicates(bridgeMemoryChanged())).
		Watches(&vmv1alpha1.WukongNetwork{}, capability.Gathered(gather, r.waitingBridges), builder.WithPredicates(isParent())).
		Watches(&vmv1alpha1.WukongUplink{}, capability.Gathered(gather, r.everyBridge), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WatchesMetadata(namespace(), capability.Gathered(gather, r.bridgesOfNamespace), builder.WithPredicates(predicate.LabelChangedPredicate{})).
		Watches(&corev1.Node{}, capability.Gathered(gather, r.everyBridge), builder.WithPredicates(nodeChanged())).
		Watches(&corev1.Pod{}, capability.Gathered(gather, r.everyBridge), builder.WithPredicates(podChanged())).
		WatchesMetadata(capability.CRD(), handler.EnqueueRequestsFromMapFunc(r.everyBridge),
			builder.WithPredicates(capability.CRDsOf(capability.NMState, capability.KubeVirt))).
		WatchesRawSource(source.Kind(opts.Launchers, client.Object(&corev1.Pod{}), capability.Gathered(gather, r.bridgesOfUser))).
		WithOptions(controller.Options{MaxConcurrentReconciles: 4}).
		WithLogConstructor(story.Logger(mgr.GetLogger(), name, ofBridge)).
		Build(r)
	if err != nil {
		return fmt.Errorf("building the controller %s: %w", name, err)
	}
	r.watches.Attach(c)
	r.watches.On(capability.NMState, func() []source.Source {
		return []source.Source{
			source.Kind(mgr.GetCache(), client.Object(&nmstatev1.NodeNetworkConfigurationPolicy{}), capability.Gathered(gather, r.bridgesOfPolicy)),
			source.Kind(mgr.GetCache(), client.Object(&nmstatev1beta1.NodeNetworkConfigurationEnactment{}), capability.Gathered(gather, r.bridgeOfEnactment)),
			source.Kind(mgr.GetCache(), client.Object(&nmstatev1beta1.NodeNetworkState{}), r.stateHandler()),
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
	indexWaiting: func(obj client.Object) []string {
		if nodenet.Granted(obj.(*vmv1alpha1.WukongNodeBridge)) {
			return nil
		}
		return []string{"true"}
	},
	indexAttachment: func(obj client.Object) []string {
		return []string{attachmentOf(obj)}
	},
}

// parentOf marks the networks that take a NIC without a claim.
func parentOf(obj client.Object) []string {
	if nodenet.IsParent(obj.(*vmv1alpha1.WukongNetwork)) {
		return []string{"true"}
	}
	return nil
}

func isParent() predicate.Predicate {
	return predicate.NewPredicateFuncs(func(obj client.Object) bool { return len(parentOf(obj)) > 0 })
}

// attachmentOf returns the "namespace/name" of the attachment that leads to a claim's bridge. Claim and
// WukongNetwork have one name.
func attachmentOf(claim client.Object) string {
	return claim.GetNamespace() + "/" + naming.NetworkAttachmentDefinition(claim.GetName())
}
