// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"fmt"

	nmstatev1beta1 "github.com/nmstate/kubernetes-nmstate/api/v1beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/capability"
	"github.com/novasphere/wukong/pkg/conditions"
	"github.com/novasphere/wukong/pkg/nodenet"
	"github.com/novasphere/wukong/pkg/story"
)

// uplinkName is the name of the controller of WukongUplinks.
const uplinkName = "wukong-uplink"

// uplinkReconciler tells each WukongUplink which nodes have its interface and which bridges are on it.
type uplinkReconciler struct {
	*reconciler
	own *capability.Watches
}

func setupUplinks(mgr manager.Manager, bridges *reconciler, opts Options) error {
	shared := *bridges
	r := &uplinkReconciler{reconciler: &shared, own: capability.NewWatches(opts.Registry)}
	r.watches = r.own
	c, err := ctrl.NewControllerManagedBy(mgr).
		Named(uplinkName).
		For(&vmv1alpha1.WukongUplink{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		// Which of several defaults is taken depends on the others.
		Watches(&vmv1alpha1.WukongUplink{}, handler.EnqueueRequestsFromMapFunc(r.everyUplink), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&vmv1alpha1.WukongNodeBridge{}, capability.Gathered(gather, r.everyUplink), builder.WithPredicates(bridgeGrantChanged())).
		Watches(&corev1.Node{}, capability.Gathered(gather, r.everyUplink), builder.WithPredicates(nodeChanged())).
		WatchesMetadata(capability.CRD(), handler.EnqueueRequestsFromMapFunc(r.everyUplink), builder.WithPredicates(capability.CRDsOf(capability.NMState))).
		WithLogConstructor(story.Logger(mgr.GetLogger(), uplinkName, ofUplink)).
		Build(r)
	if err != nil {
		return fmt.Errorf("building the controller %s: %w", uplinkName, err)
	}
	r.own.Attach(c)
	r.own.On(capability.NMState, func() []source.Source {
		return []source.Source{
			source.Kind(mgr.GetCache(), client.Object(&nmstatev1beta1.NodeNetworkState{}), capability.Gathered(gather, r.everyUplink)),
		}
	})
	return nil
}

// everyUplink maps an event to all WukongUplinks; there are few.
func (r *uplinkReconciler) everyUplink(ctx context.Context, _ client.Object) []reconcile.Request {
	var uplinks vmv1alpha1.WukongUplinkList
	if err := r.client.List(ctx, &uplinks, client.UnsafeDisableDeepCopy); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Listing WukongUplinks")
		return nil
	}
	requests := make([]reconcile.Request, 0, len(uplinks.Items))
	for i := range uplinks.Items {
		requests = append(requests, requestFor(uplinks.Items[i].Name))
	}
	return requests
}

// Reconcile brings the status of one WukongUplink up to date.
func (r *uplinkReconciler) Reconcile(ctx context.Context, request reconcile.Request) (ctrl.Result, error) {
	if ctx.Err() != nil {
		// The manager is stopping; whoever leads next begins anew.
		return ctrl.Result{}, nil //nolint:nilerr // to be stopped is no failure.
	}
	uplink := &vmv1alpha1.WukongUplink{}
	if err := r.client.Get(ctx, request.NamespacedName, uplink); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	seen, err := r.observe(ctx, "")
	if err != nil {
		return ctrl.Result{}, err
	}
	report, found := nodenet.Report(seen.World, uplink.Name)
	if !found {
		return ctrl.Result{}, nil
	}
	told := &vmv1alpha1.WukongUplink{ObjectMeta: metav1.ObjectMeta{Name: uplink.Name, UID: uplink.UID}}
	told.Status = vmv1alpha1.WukongUplinkStatus{
		Conditions:  conditions.Own(uplink.Status.Conditions, uplink.Generation, condition(vmv1alpha1.ConditionReady, report.Ready)),
		FoundNodes:  report.FoundNodes,
		BridgeCount: int32(len(report.Bridges)), //nolint:gosec // there are at most 4094 VLANs.
		Nodes:       report.Nodes,
		Bridges:     report.Bridges,
	}
	if equality.Semantic.DeepEqual(told.Status, uplink.Status) {
		return ctrl.Result{}, nil
	}
	progress := conditions.OnlyProgress(uplink.Status.Conditions, told.Status.Conditions, vmv1alpha1.ConditionReady)
	postponed, err := r.writer.Status(ctx, told, progress)
	if err == nil && postponed == 0 {
		turned := r.turns.Of(uplink.UID, uplink.Status.Conditions, told.Status.Conditions)
		story.Tell(ctrl.LoggerFrom(ctx), "WukongUplink", uplink.Name, turned)
	}
	return ctrl.Result{RequeueAfter: postponed}, err
}
