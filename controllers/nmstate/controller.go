// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package nmstate turns the claims on a bridge into one NodeNetworkConfigurationPolicy, and tells each claim
// how far the nodes are. It is keyed by the bridge's name, since the bridge is what many claims share.
package nmstate

import (
	"context"
	"errors"
	"time"

	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/novasphere/wukong/pkg/apply"
	"github.com/novasphere/wukong/pkg/capability"
	"github.com/novasphere/wukong/pkg/nodenet"
)

// +kubebuilder:rbac:groups=vm.novasphere.dev,resources=wukongnodebridges,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=vm.novasphere.dev,resources=wukongnodebridges/status,verbs=patch
// +kubebuilder:rbac:groups=nmstate.io,resources=nodenetworkconfigurationpolicies,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=nmstate.io,resources=nodenetworkconfigurationenactments,verbs=get;list;watch
// +kubebuilder:rbac:groups=kubevirt.io,resources=virtualmachines;virtualmachineinstances,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=nodes;pods,verbs=get;list;watch
// +kubebuilder:rbac:groups=apiextensions.k8s.io,resources=customresourcedefinitions,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

type reconciler struct {
	client    client.Client
	writer    apply.Writer
	recorder  events.EventRecorder
	watches   *capability.Watches
	users     capability.Users
	deadlines nodenet.Deadlines
	now       func() time.Time
}

// Reconcile brings one bridge, named by the request, a step further.
func (r *reconciler) Reconcile(ctx context.Context, request reconcile.Request) (ctrl.Result, error) {
	if ctx.Err() != nil {
		// The manager is stopping; whoever leads next begins anew.
		return ctrl.Result{}, nil //nolint:nilerr // to be stopped is no failure.
	}
	seen, err := r.observe(ctx, request.Name)
	if err != nil {
		return ctrl.Result{}, err
	}
	decision := nodenet.Decide(seen.Observed)
	waiting, actErr := r.act(ctx, seen, decision)
	postponed, err := r.report(ctx, seen, decision, waiting)
	if err := errors.Join(actErr, err); err != nil {
		return ctrl.Result{}, err
	}
	// The only times that matter are a deadline for nodes that do not answer, and that of a report put off.
	return ctrl.Result{RequeueAfter: earliest(decision.RecheckAfter, postponed)}, nil
}

// earliest returns the shorter of two times, of which 0 means none.
func earliest(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
