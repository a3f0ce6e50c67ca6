// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package wukong

import (
	"context"
	"fmt"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/apply"
	"github.com/novasphere/wukong/pkg/capability"
	"github.com/novasphere/wukong/pkg/owner"
	"github.com/novasphere/wukong/pkg/story"
)

const (
	// name is the controller's name, also its field manager's.
	name = "wukong-wukong"

	// gather is how long reports of children are gathered before a Wukong is looked at, so that several of
	// them make one status.
	gather = 200 * time.Millisecond
)

// Options are what the controller needs beside the manager.
type Options struct {
	// Pace spaces out reports of progress.
	Pace *apply.Pace
	// DefaultUplink is the NIC of networks that name none.
	DefaultUplink string
}

// SetupWithManager adds the controller to the manager. It needs the field index of package owner. It returns an error when a watch
// cannot be made.
func SetupWithManager(mgr manager.Manager, opts Options) error {
	r := &reconciler{
		client:        mgr.GetClient(),
		writer:        apply.Writer{Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Manager: name, Pace: opts.Pace},
		recorder:      mgr.GetEventRecorder(name),
		turns:         story.NewTurns(),
		defaultUplink: opts.DefaultUplink,
	}
	err := ctrl.NewControllerManagedBy(mgr).
		Named(name).
		For(&vmv1alpha1.Wukong{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		// Other controllers' conditions are part of the summary, so a change of status counts too.
		Watches(&vmv1alpha1.Wukong{}, capability.Gathered(gather, itself)).
		Watches(&vmv1alpha1.WukongNetwork{}, capability.Gathered(gather, owner.Requests)).
		Watches(&vmv1alpha1.WukongNodeBridge{}, capability.Gathered(gather, owner.Requests)).
		// Which uplink networks take that name none.
		Watches(&vmv1alpha1.WukongUplink{}, capability.Gathered(gather, r.everyWukong), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(controller.Options{MaxConcurrentReconciles: 4}).
		WithLogConstructor(story.Logger(mgr.GetLogger(), name, story.OfWukong)).
		Complete(r)
	if err != nil {
		return fmt.Errorf("building the controller %s: %w", name, err)
	}
	return nil
}

// itself maps a Wukong to itself.
func itself(_ context.Context, obj client.Object) []reconcile.Request {
	return []reconcile.Request{{NamespacedName: client.ObjectKeyFromObject(obj)}}
}

// everyWukong maps an event to all Wukongs.
func (r *reconciler) everyWukong(ctx context.Context, _ client.Object) []reconcile.Request {
	var wukongs vmv1alpha1.WukongList
	if err := r.client.List(ctx, &wukongs, client.UnsafeDisableDeepCopy); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Listing Wukongs")
		return nil
	}
	requests := make([]reconcile.Request, 0, len(wukongs.Items))
	for i := range wukongs.Items {
		requests = append(requests, itself(ctx, &wukongs.Items[i])...)
	}
	return requests
}
