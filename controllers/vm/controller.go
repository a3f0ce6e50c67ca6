// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package vm turns a Wukong into a VirtualMachine and the Secret with its guest's configuration, once its networks
// have their attachments, keeps it to the nodes that have its bridges, and reports what KubeVirt and the guest say. A
// machine that exists is never stopped or deleted because a network degrades.
package vm

import (
	"context"
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/apply"
	"github.com/novasphere/wukong/pkg/capability"
	"github.com/novasphere/wukong/pkg/secrets"
	"github.com/novasphere/wukong/pkg/story"
)

// +kubebuilder:rbac:groups=vm.novasphere.dev,resources=wukongs,verbs=list;watch
// +kubebuilder:rbac:groups=vm.novasphere.dev,resources=wukongs/status,verbs=patch
// +kubebuilder:rbac:groups=vm.novasphere.dev,resources=wukongs/finalizers,verbs=update
// +kubebuilder:rbac:groups=vm.novasphere.dev,resources=wukongnetworks;wukongnodebridges,verbs=list;watch
// +kubebuilder:rbac:groups=kubevirt.io,resources=virtualmachines,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=kubevirt.io,resources=virtualmachineinstances;kubevirts,verbs=list;watch
// +kubebuilder:rbac:groups="",resources=events,verbs=list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch
// +kubebuilder:rbac:groups="",resources=pods,verbs=list;watch
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=clusterroles,resourceNames=wukong-secrets,verbs=bind
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=rolebindings,verbs=list;create
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=rolebindings,resourceNames=wukong-secrets,verbs=get;delete
// +kubebuilder:rbac:groups=apiextensions.k8s.io,resources=customresourcedefinitions,verbs=list;watch

type reconciler struct {
	client       client.Client
	live         client.Reader
	writer       apply.Writer
	recorder     events.EventRecorder
	turns        *story.Turns
	secrets      *secrets.Access
	launchers    client.Reader
	podEvents    []client.Reader
	watches      *capability.Watches
	defaultImage string
}

// Reconcile brings the machine of one Wukong a step further.
func (r *reconciler) Reconcile(ctx context.Context, request reconcile.Request) (ctrl.Result, error) {
	if ctx.Err() != nil {
		// The manager is stopping; whoever leads next begins anew.
		return ctrl.Result{}, nil //nolint:nilerr // to be stopped is no failure.
	}
	wukong := &vmv1alpha1.Wukong{}
	if err := r.client.Get(ctx, request.NamespacedName, wukong); err != nil {
		if apierrors.IsNotFound(err) {
			err = r.release(ctx, request.Namespace)
		}
		return ctrl.Result{}, err
	}
	seen, err := r.observe(ctx, wukong)
	if err != nil {
		return ctrl.Result{}, err
	}
	if !wukong.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, r.delete(ctx, seen)
	}
	result, actErr := r.act(ctx, seen)
	if actErr == nil && result.made {
		// The machine's own event brings us back, with something to tell.
		return ctrl.Result{}, nil
	}
	postponed, err := r.report(ctx, seen, result)
	if err := errors.Join(actErr, err); err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{RequeueAfter: apply.Sooner(postponed, result.again)}, nil
}
