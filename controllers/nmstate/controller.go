// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package nmstate turns the claims on a bridge into one NodeNetworkConfigurationPolicy, and tells each claim
// how far the nodes are. It is keyed by the bridge's name, since the bridge is what many claims share.
package nmstate

import (
	"context"
	"errors"
	"sync"
	"time"

	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/novasphere/wukong/pkg/apply"
	"github.com/novasphere/wukong/pkg/capability"
	"github.com/novasphere/wukong/pkg/nodenet"
	"github.com/novasphere/wukong/pkg/story"
)

// +kubebuilder:rbac:groups=vm.novasphere.dev,resources=wukongnodebridges,verbs=list;watch;patch
// +kubebuilder:rbac:groups=vm.novasphere.dev,resources=wukongnodebridges/status,verbs=patch
// +kubebuilder:rbac:groups=nmstate.io,resources=nodenetworkconfigurationpolicies,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=nmstate.io,resources=nodenetworkconfigurationenactments;nodenetworkstates,verbs=list;watch
// +kubebuilder:rbac:groups=vm.novasphere.dev,resources=wukonguplinks;wukongnetworks,verbs=list;watch
// +kubebuilder:rbac:groups=vm.novasphere.dev,resources=wukonguplinks/status,verbs=patch
// +kubebuilder:rbac:groups=kubevirt.io,resources=virtualmachines;virtualmachineinstances,verbs=list;watch
// +kubebuilder:rbac:groups="",resources=nodes;pods;namespaces,verbs=list;watch
// +kubebuilder:rbac:groups=apiextensions.k8s.io,resources=customresourcedefinitions,verbs=list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

type reconciler struct {
	client    client.Client
	writer    apply.Writer
	recorder  events.EventRecorder
	turns     *story.Turns
	watches   *capability.Watches
	users     capability.Users
	deadlines nodenet.Deadlines
	now       func() time.Time
	hosts     *hosts
	written   *written
	// planning keeps two bridges from being planned at the same time: what one is given, the other has to see.
	planning *sync.Mutex
}

// Reconcile brings one bridge, named by the request, a step further.
func (r *reconciler) Reconcile(ctx context.Context, request reconcile.Request) (ctrl.Result, error) {
	if ctx.Err() != nil {
		// The manager is stopping; whoever leads next begins anew.
		return ctrl.Result{}, nil //nolint:nilerr // to be stopped is no failure.
	}
	seen, decision, waiting, err := r.plan(ctx, request.Name)
	if err != nil && seen == nil {
		return ctrl.Result{}, err
	}
	if err != nil {
		// What could not be written is told nobody as done; claims are released by the next try.
		decision.KeepAll()
	}
	postponed, reportErr := r.report(ctx, seen, decision, waiting)
	if err := errors.Join(err, reportErr); err != nil {
		return ctrl.Result{}, err
	}
	// The only times that matter are a deadline for nodes that do not answer, and that of a report put off.
	return ctrl.Result{RequeueAfter: apply.Sooner(decision.RecheckAfter, postponed)}, nil
}

// plan decides about a bridge and writes its policies.
func (r *reconciler) plan(ctx context.Context, bridge string) (*observed, nodenet.Decision, *nodenet.Condition, error) {
	r.planning.Lock()
	defer r.planning.Unlock()
	seen, err := r.observe(ctx, bridge)
	if err != nil {
		return nil, nodenet.Decision{}, nil, err
	}
	decision := nodenet.Decide(seen.World, bridge)
	waiting, err := r.act(seen.about(ctx), seen, decision)
	return seen, decision, waiting, err
}
