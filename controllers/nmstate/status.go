// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
	"github.com/novasphere/wukong/pkg/nodenet"
)

// report tells each claim what was decided about it, and lets go of those that are done.
func (r *reconciler) report(ctx context.Context, seen *observed, decision nodenet.Decision, waiting *nodenet.Condition) error {
	var errs []error
	for i := range seen.claims {
		claim := &seen.claims[i]
		verdict, decided := decision.Verdicts[client.ObjectKeyFromObject(claim)]
		switch {
		case !decided:
		case verdict.Release:
			// The claim has given its share back.
			errs = append(errs, r.writer.RemoveFinalizer(ctx, claim, vmv1alpha1.FinalizerNodeBridge))
		default:
			errs = append(errs, r.tell(ctx, claim, overlay(verdict, waiting)))
		}
	}
	return errors.Join(errs...)
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

func (r *reconciler) tell(ctx context.Context, claim *vmv1alpha1.WukongNodeBridge, verdict nodenet.Verdict) error {
	told := &vmv1alpha1.WukongNodeBridge{ObjectMeta: metav1.ObjectMeta{Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID}}
	told.Status = vmv1alpha1.WukongNodeBridgeStatus{
		PolicyName: verdict.PolicyName,
		Conditions: conditions.Own(claim.Status.Conditions, claim.Generation,
			condition(vmv1alpha1.ConditionReady, verdict.Ready),
			condition(vmv1alpha1.ConditionAvailable, verdict.Available),
		),
	}
	for _, node := range verdict.Nodes {
		told.Status.Nodes = append(told.Status.Nodes, vmv1alpha1.NodeBridgeNodeStatus{Name: node.Name, State: node.State, Message: node.Message})
	}
	if equality.Semantic.DeepEqual(told.Status, claim.Status) {
		return nil
	}
	return r.writer.Status(ctx, told)
}

func condition(conditionType string, c nodenet.Condition) metav1.Condition {
	return metav1.Condition{Type: conditionType, Status: c.Status, Reason: c.Reason, Message: c.Message}
}
