// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/apply"
	"github.com/novasphere/wukong/pkg/conditions"
	"github.com/novasphere/wukong/pkg/nodenet"
	"github.com/novasphere/wukong/pkg/story"
)

// report tells each claim what was decided about it, and lets go of those that are done. It returns when to come back for
// what was put off.
func (r *reconciler) report(ctx context.Context, seen *observed, decision nodenet.Decision, waiting *nodenet.Condition) (time.Duration, error) {
	var errs []error
	var postponed time.Duration
	for i := range seen.claims {
		claim := seen.claims[i]
		ctx := ctrl.LoggerInto(ctx, ofClaim(ctrl.LoggerFrom(ctx), claim))
		verdict, decided := decision.Verdicts[client.ObjectKeyFromObject(claim)]
		switch {
		case !decided:
		case verdict.Release:
			// The claim has given its share back.
			errs = append(errs, r.writer.RemoveFinalizer(ctx, claim, vmv1alpha1.FinalizerNodeBridge))
		default:
			rest, err := r.tell(ctx, claim, overlay(verdict, waiting))
			postponed = apply.Sooner(postponed, rest)
			errs = append(errs, err)
		}
	}
	return postponed, errors.Join(errs...)
}

// overlay puts what keeps the policy from being written over a verdict that only says that it is under way.
func overlay(verdict nodenet.Verdict, waiting *nodenet.Condition) nodenet.Verdict {
	if waiting == nil {
		return verdict
	}
	for _, condition := range []*nodenet.Condition{&verdict.Available, &verdict.Ready} {
		switch condition.Reason {
		case vmv1alpha1.ReasonProgressing, vmv1alpha1.ReasonWaitingForPolicy:
			*condition = *waiting
		}
	}
	return verdict
}

func (r *reconciler) tell(ctx context.Context, claim *vmv1alpha1.WukongNodeBridge, verdict nodenet.Verdict) (time.Duration, error) {
	told := &vmv1alpha1.WukongNodeBridge{ObjectMeta: metav1.ObjectMeta{Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID}}
	told.Status = vmv1alpha1.WukongNodeBridgeStatus{
		PolicyName:   verdict.PolicyName,
		WukongUplink: verdict.WukongUplink,
		Conditions: conditions.Own(claim.Status.Conditions, claim.Generation,
			condition(vmv1alpha1.ConditionReady, verdict.Ready),
			condition(vmv1alpha1.ConditionAvailable, verdict.Available),
			condition(vmv1alpha1.ConditionAllowed, verdict.Allowed),
		),
	}
	for _, node := range verdict.Nodes {
		told.Status.Nodes = append(told.Status.Nodes, vmv1alpha1.NodeBridgeNodeStatus{
			Name: node.Name, State: node.State, Usable: node.Usable, Hostname: node.Hostname, Message: node.Message,
		})
	}
	if equality.Semantic.DeepEqual(told.Status, claim.Status) {
		return 0, nil
	}
	progress := conditions.OnlyProgress(claim.Status.Conditions, told.Status.Conditions, vmv1alpha1.ConditionReady)
	postponed, err := r.writer.Status(ctx, told, progress)
	if err == nil && postponed == 0 {
		turned := r.turns.Of(claim.UID, claim.Status.Conditions, story.Summary(told.Status.Conditions))
		story.Tell(ctrl.LoggerFrom(ctx), "WukongNodeBridge", claim.Name, turned)
	}
	return postponed, err
}

func condition(conditionType string, c nodenet.Condition) metav1.Condition {
	return metav1.Condition{Type: conditionType, Status: c.Status, Reason: c.Reason, Message: c.Message}
}
