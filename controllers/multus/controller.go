// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package multus turns a WukongNetwork into a NetworkAttachmentDefinition, as soon as the bridge it leads to is on
// the nodes, and says whether traffic can pass through it to a guest.
package multus

import (
	"context"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/apply"
	"github.com/novasphere/wukong/pkg/capability"
	"github.com/novasphere/wukong/pkg/story"
)

// +kubebuilder:rbac:groups=vm.novasphere.dev,resources=wukongnetworks,verbs=list;watch;patch
// +kubebuilder:rbac:groups=vm.novasphere.dev,resources=wukongnetworks/status,verbs=patch
// +kubebuilder:rbac:groups=vm.novasphere.dev,resources=wukongnetworks/finalizers,verbs=update
// +kubebuilder:rbac:groups=vm.novasphere.dev,resources=wukongnodebridges,verbs=list;watch
// +kubebuilder:rbac:groups=vm.novasphere.dev,resources=wukonguplinks,verbs=list;watch
// +kubebuilder:rbac:groups=k8s.cni.cncf.io,resources=network-attachment-definitions,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=kubevirt.io,resources=virtualmachines;virtualmachineinstances;kubevirts,verbs=list;watch
// +kubebuilder:rbac:groups="",resources=namespaces;nodes;pods,verbs=list;watch
// +kubebuilder:rbac:groups=apiextensions.k8s.io,resources=customresourcedefinitions,verbs=list;watch

type reconciler struct {
	client  client.Client
	writer  apply.Writer
	watches *capability.Watches
	users   capability.Users
	book    *book
	turns   *story.Turns
}

// Reconcile brings one WukongNetwork a step further.
func (r *reconciler) Reconcile(ctx context.Context, request reconcile.Request) (ctrl.Result, error) {
	if ctx.Err() != nil {
		// The manager is stopping; whoever leads next begins anew.
		return ctrl.Result{}, nil //nolint:nilerr // to be stopped is no failure.
	}
	network := &vmv1alpha1.WukongNetwork{}
	if err := r.client.Get(ctx, request.NamespacedName, network); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	seen, err := r.observe(ctx, network)
	if err != nil {
		return ctrl.Result{}, err
	}
	if !network.DeletionTimestamp.IsZero() && seen.usedBy == "" {
		// No machine uses the network any more, so its attachment can go with it.
		return ctrl.Result{}, r.writer.RemoveFinalizer(ctx, network, vmv1alpha1.FinalizerNetwork)
	}
	if network.Spec.Segment == "" && network.DeletionTimestamp.IsZero() {
		// It was made before there was a ledger. Its Wukong is about to say which segment it is on; what it has stays.
		return ctrl.Result{}, nil
	}
	if seen.addresses, err = r.book.decide(ctx, network); err != nil {
		return ctrl.Result{}, err
	}
	outcome, err := r.act(ctx, seen)
	if err != nil {
		return ctrl.Result{}, err
	}
	postponed, err := r.report(ctx, seen, outcome)
	return ctrl.Result{RequeueAfter: apply.Sooner(postponed, seen.addresses.lookAgain)}, err
}
