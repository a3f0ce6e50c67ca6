// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"fmt"
	"strings"
	"time"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/apply"
	"github.com/novasphere/wukong/pkg/naming"
	"github.com/novasphere/wukong/pkg/nodenet"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// act carries a decision out. waiting is what keeps the policy from being written, nil when nothing
// does; it is no error, since the event that ends it is watched.
func (r *reconciler) act(ctx context.Context, seen *observed, decision nodenet.Decision) (waiting *nodenet.Condition, err error) {
	switch {
	case decision.DeletePolicy:
		return nil, r.deletePolicy(ctx, seen, decision)
	case decision.Absent != nil:
		policy, err := nncp.Absent(seen.policy.Name, *decision.Absent)
		if err != nil {
			return nil, err
		}
		since := seen.Policy.TeardownSince
		if since.IsZero() {
			since = seen.Now
		}
		policy.Annotations[vmv1alpha1.AnnotationTeardownSince] = since.UTC().Format(time.RFC3339)
		return r.write(ctx, seen, policy)
	case decision.Present != nil:
		name, err := r.policyName(ctx, seen, decision)
		if err != nil {
			return nil, err
		}
		policy, err := nncp.Present(name, *decision.Present)
		if err != nil {
			return nil, err
		}
		waiting, err := r.write(ctx, seen, policy)
		if apply.IsTaken(err) && name != naming.Policy(decision.FirstClaim.Name) {
			return &nodenet.Condition{Status: metav1.ConditionFalse, Reason: vmv1alpha1.ReasonNameConflict, Message: err.Error()}, nil
		}
		// A preferred name that was taken a moment ago is an ordinary error: the next try takes the other one.
		return waiting, err
	}
	return nil, nil
}

// policyName returns the name of the bridge's policy: the existing one's, else the first claimant's form, else
// where that is taken the form with a hash of the namespace.
func (r *reconciler) policyName(ctx context.Context, seen *observed, decision nodenet.Decision) (string, error) {
	if seen.policy != nil {
		return seen.policy.Name, nil
	}
	preferred := naming.Policy(decision.FirstClaim.Name)
	existing := &nmstatev1.NodeNetworkConfigurationPolicy{}
	// Past the cache: another bridge's policy may have been given this name a moment ago.
	err := r.writer.Live.Get(ctx, client.ObjectKey{Name: preferred}, existing)
	switch {
	case apierrors.IsNotFound(err):
		return preferred, nil
	case err != nil:
		return "", fmt.Errorf("reading policy %s: %w", preferred, err)
	case makes(existing, seen.BridgeName):
		return preferred, nil
	default:
		return naming.PolicyInNamespace(decision.FirstClaim.Namespace, decision.FirstClaim.Name), nil
	}
}

// makes reports whether a policy is ours and makes the given bridge.
func makes(policy client.Object, bridge string) bool {
	labels := policy.GetLabels()
	return labels[vmv1alpha1.LabelManagedBy] == vmv1alpha1.ManagedByWukong && labels[vmv1alpha1.LabelBridge] == bridge
}

func (r *reconciler) write(ctx context.Context, seen *observed, policy *nmstatev1.NodeNetworkConfigurationPolicy) (*nodenet.Condition, error) {
	var live client.Object
	if seen.policy != nil {
		live = seen.policy
		changes, err := r.writer.WouldChange(policy, live)
		if err != nil || !changes {
			return nil, err
		}
		if !seen.Policy.AcceptsUpdate {
			return stillInProgress(policy.Name), nil
		}
	}
	ours := func(existing client.Object) bool { return makes(existing, seen.BridgeName) }
	ctrl.LoggerFrom(ctx).V(1).Info("Applying policy", "policy", policy.Name, "bridge", seen.BridgeName)
	_, err := r.writer.Object(ctx, policy, live, ours, apply.Exclusive)
	switch {
	case isStillInProgress(err):
		return stillInProgress(policy.Name), nil
	case apierrors.IsInvalid(err) || apierrors.IsBadRequest(err):
		return &nodenet.Condition{Status: metav1.ConditionFalse, Reason: vmv1alpha1.ReasonApplyFailed,
			Message: "the API server refuses the policy: " + err.Error()}, nil
	}
	return nil, err
}

// isStillInProgress recognises the refusal of NMState's admission among other denials, such as missing rights.
func isStillInProgress(err error) bool {
	return (apierrors.IsForbidden(err) || apierrors.IsInvalid(err)) && strings.Contains(err.Error(), "still in progress")
}

func stillInProgress(policy string) *nodenet.Condition {
	return &nodenet.Condition{
		Status: metav1.ConditionFalse, Reason: vmv1alpha1.ReasonWaitingForPolicy,
		Message: fmt.Sprintf("NMState still works on policy %s and takes no new version until it has finished; nothing needs to be done", policy),
	}
}

func (r *reconciler) deletePolicy(ctx context.Context, seen *observed, decision nodenet.Decision) error {
	ctrl.LoggerFrom(ctx).Info("Deleting policy", "policy", seen.policy.Name, "bridge", seen.BridgeName)
	precondition := client.Preconditions{UID: &seen.policy.UID, ResourceVersion: &seen.policy.ResourceVersion}
	err := r.client.Delete(ctx, seen.policy, precondition)
	if err := client.IgnoreNotFound(err); err != nil {
		return fmt.Errorf("deleting policy %s: %w", seen.policy.Name, err)
	}
	for _, node := range decision.LeftBehind {
		r.leftBehind(ctx, seen, node)
	}
	return nil
}

// leftBehind tells on every claim that leaves, and in the log, that the bridge stays on a node.
func (r *reconciler) leftBehind(ctx context.Context, seen *observed, node nodenet.NodeResult) {
	ctrl.LoggerFrom(ctx).Info("Bridge stays on a node", "bridge", seen.BridgeName, "node", node.Name, "state", node.State, "reason", node.Message)
	for i := range seen.claims {
		if !seen.claims[i].DeletionTimestamp.IsZero() {
			r.recorder.Eventf(&seen.claims[i], nil, corev1.EventTypeWarning, "BridgeLeftBehind", "RemoveBridge",
				"bridge %s stays on node %s (%s): remove it there by hand when the node is back", seen.BridgeName, node.Name, node.State)
		}
	}
}
