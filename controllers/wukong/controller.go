// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package wukong gives each network of a Wukong its children, takes away those that are no longer named, and sums
// up whether the whole is fine.
package wukong

import (
	"context"
	"errors"

	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/apply"
	"github.com/novasphere/wukong/pkg/story"
)

// +kubebuilder:rbac:groups=vm.novasphere.dev,resources=wukongs,verbs=list;watch;patch
// +kubebuilder:rbac:groups=vm.novasphere.dev,resources=wukongs/status,verbs=patch
// +kubebuilder:rbac:groups=vm.novasphere.dev,resources=wukongs/finalizers,verbs=update
// +kubebuilder:rbac:groups=vm.novasphere.dev,resources=wukongnetworks;wukongnodebridges,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=vm.novasphere.dev,resources=wukonguplinks,verbs=list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

type reconciler struct {
	client        client.Client
	writer        apply.Writer
	recorder      events.EventRecorder
	turns         *story.Turns
	defaultUplink string
}

// Reconcile brings one Wukong a step further.
func (r *reconciler) Reconcile(ctx context.Context, request reconcile.Request) (ctrl.Result, error) {
	if ctx.Err() != nil {
		// The manager is stopping; whoever leads next begins anew.
		return ctrl.Result{}, nil //nolint:nilerr // to be stopped is no failure.
	}
	wukong := &vmv1alpha1.Wukong{}
	if err := r.client.Get(ctx, request.NamespacedName, wukong); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	seen, err := r.observe(ctx, wukong)
	if err != nil {
		return ctrl.Result{}, err
	}
	if !wukong.DeletionTimestamp.IsZero() {
		postponed, err := r.delete(ctx, seen)
		return ctrl.Result{RequeueAfter: postponed}, err
	}
	// Before the first child is made.
	if err := r.writer.AddFinalizer(ctx, wukong, vmv1alpha1.FinalizerWukong); err != nil {
		return ctrl.Result{}, err
	}
	result, actErr := r.act(ctx, seen)
	if actErr == nil && result.made {
		// The new children's own events bring us back; until they have reported there is nothing to tell.
		return ctrl.Result{}, nil
	}
	postponed, err := r.report(ctx, seen, result)
	if err := errors.Join(actErr, err); err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{RequeueAfter: postponed}, nil
}
