// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package wukong

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
)

const (
	// name is the controller's name, also its field manager's.
	name = "wukong-wukong"

	// IndexOwner finds children by the UID of the Wukong that controls them.
	IndexOwner = "owner"

	// gather is how long reports of children are gathered before a Wukong is looked at, so that several of
	// them make one status.
	gather = 200 * time.Millisecond
)

// Options are what the controller needs beside the manager.
type Options struct {
	// DefaultUplink is the NIC of networks that name none.
	DefaultUplink string
}

// SetupWithManager adds the controller to the manager. It returns an error when an index or a watch cannot be
// made.
func SetupWithManager(ctx context.Context, mgr manager.Manager, opts Options) error {
	for _, child := range []client.Object{&vmv1alpha1.WukongNetwork{}, &vmv1alpha1.WukongNodeBridge{}} {
		if err := mgr.GetFieldIndexer().IndexField(ctx, child, IndexOwner, ownerOf); err != nil {
			return fmt.Errorf("indexing %T by owner: %w", child, err)
		}
	}
	r := &reconciler{
		client:        mgr.GetClient(),
		writer:        apply.Writer{Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Manager: name, Pace: &apply.Pace{}},
		recorder:      mgr.GetEventRecorder(name),
		defaultUplink: opts.DefaultUplink,
	}
	err := ctrl.NewControllerManagedBy(mgr).
		Named(name).
		For(&vmv1alpha1.Wukong{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		// Other controllers' conditions are part of the summary, so a change of status counts too.
		Watches(&vmv1alpha1.Wukong{}, capability.Gathered(gather, itself)).
		Watches(&vmv1alpha1.WukongNetwork{}, capability.Gathered(gather, wukongOf)).
		Watches(&vmv1alpha1.WukongNodeBridge{}, capability.Gathered(gather, wukongOf)).
		WithOptions(controller.Options{MaxConcurrentReconciles: 4}).
		Complete(r)
	if err != nil {
		return fmt.Errorf("building the controller %s: %w", name, err)
	}
	return nil
}

// ownerOf returns the UID of the Wukong that controls a child.
func ownerOf(obj client.Object) []string {
	owner := metav1.GetControllerOf(obj)
	if owner == nil || owner.Kind != "Wukong" {
		return nil
	}
	return []string{string(owner.UID)}
}

// itself maps a Wukong to itself.
func itself(_ context.Context, obj client.Object) []reconcile.Request {
	return []reconcile.Request{{NamespacedName: client.ObjectKeyFromObject(obj)}}
}

// wukongOf maps a child to its Wukong.
func wukongOf(_ context.Context, obj client.Object) []reconcile.Request {
	owner := metav1.GetControllerOf(obj)
	if owner == nil || owner.Kind != "Wukong" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: client.ObjectKey{Namespace: obj.GetNamespace(), Name: owner.Name}}}
}
