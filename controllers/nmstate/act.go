// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/apply"
	"github.com/novasphere/wukong/pkg/metrics"
	"github.com/novasphere/wukong/pkg/nodenet"
	"github.com/novasphere/wukong/pkg/owner"
	"github.com/novasphere/wukong/pkg/render/nncp"
	"github.com/novasphere/wukong/pkg/story"
)

// act carries a decision out. waiting is what keeps a policy from being written, nil when nothing does; it is no error,
// since the event that ends it is watched. What removes comes before what is deleted, so that the nodes are never
// without a policy that says what is to become of them.
func (r *reconciler) act(ctx context.Context, seen *observed, decision nodenet.Decision) (waiting *nodenet.Condition, err error) {
	var errs []error
	for _, write := range decision.Writes {
		held, err := r.write(ctx, seen, decision, write)
		if held != nil {
			waiting = held
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return waiting, err
	}
	// Without the policy nobody knows any more what it left, so that is told before: twice rather than never.
	if len(decision.LeftBehind) > 0 {
		r.leftBehind(ctx, seen, decision.LeftBehind)
	}
	for _, deletion := range decision.Deletes {
		errs = append(errs, r.delete(ctx, seen, deletion.Name))
	}
	return waiting, errors.Join(errs...)
}

// write makes a policy, or makes it what it has to be.
func (r *reconciler) write(ctx context.Context, seen *observed, decision nodenet.Decision, write nodenet.Write) (*nodenet.Condition, error) {
	live := seen.policies[write.Name]
	if live == nil {
		return r.create(ctx, seen, decision, write)
	}
	policy, err := render(live.Name, write)
	if err != nil {
		return nil, err
	}
	changes, err := r.writer.WouldChange(policy, live)
	if err != nil || !changes {
		return nil, err
	}
	if !acceptsUpdate(live) {
		return stillInProgress(live.Name), nil
	}
	ctrl.LoggerFrom(ctx).Info("Changing policy", story.KeyPolicy, live.Name, story.KeyForm, write.Form, story.KeyAttempt, write.Attempt)
	_, err = r.writer.Replace(ctx, policy, live)
	if err == nil && write.Attempt > nncp.AttemptOf(live) {
		metrics.PolicyRetried()
	}
	if apierrors.IsNotFound(err) {
		// Somebody deleted it in this moment; its event brings us back.
		return nil, nil
	}
	return refused(policy.Name, err)
}

// create makes a policy that does not exist yet.
func (r *reconciler) create(ctx context.Context, seen *observed, decision nodenet.Decision, write nodenet.Write) (*nodenet.Condition, error) {
	name, other, err := r.nameOf(ctx, seen, decision, write)
	if err != nil {
		return nil, err
	}
	policy, err := render(name, write)
	if err != nil {
		return nil, err
	}
	ours := func(existing client.Object) bool { return makes(existing, seen.bridge) }
	ctrl.LoggerFrom(ctx).Info("Making policy", story.KeyPolicy, name, story.KeyForm, write.Form)
	wrote, err := r.writer.Object(ctx, policy, nil, ours, apply.Exclusive)
	switch {
	case apply.IsTaken(err) && !other:
		return &nodenet.Condition{Status: metav1.ConditionFalse, Reason: vmv1alpha1.ReasonNameConflict, Message: err.Error()}, nil
	case err == nil && wrote:
		// A preferred name that was taken a moment ago is an ordinary error: the next try takes the other one.
		policy.Generation = 1
		r.written.add(policy)
	}
	return refused(name, err)
}

// render returns the policy of a write.
func render(name string, write nodenet.Write) (*nmstatev1.NodeNetworkConfigurationPolicy, error) {
	var policy *nmstatev1.NodeNetworkConfigurationPolicy
	var err error
	switch write.Form {
	case nodenet.FormAbsent:
		policy, err = nncp.Absent(name, write.Bridge)
	case nodenet.FormRestore:
		policy, err = nncp.Restore(name, write.Bridge)
	default:
		policy, err = nncp.Present(name, write.Bridge, write.Attempt)
	}
	if err != nil {
		return nil, err
	}
	memory := nncp.Memory{
		LastGood: write.LastGood, Refused: write.Refused, RefusedBecause: write.RefusedBecause,
		TeardownSince: write.TeardownSince, CleanupOf: write.Node, Restores: write.Role == nodenet.RoleRestore,
	}
	if err := nncp.Remember(policy, memory); err != nil {
		return nil, err
	}
	return policy, nil
}

// refused turns what only NMState or a person can change into a condition, and returns any other error.
func refused(policy string, err error) (*nodenet.Condition, error) {
	switch {
	case isStillInProgress(err):
		return stillInProgress(policy), nil
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

func (r *reconciler) delete(ctx context.Context, seen *observed, name string) error {
	policy := seen.policies[name]
	if policy == nil {
		return nil
	}
	if policy.UID == "" {
		return fmt.Errorf("policy %s was made a moment ago and is not seen yet", name)
	}
	ctrl.LoggerFrom(ctx).Info("Deleting policy", story.KeyPolicy, name)
	target := &nmstatev1.NodeNetworkConfigurationPolicy{ObjectMeta: metav1.ObjectMeta{Name: name}}
	precondition := client.Preconditions{UID: &policy.UID}
	if err := client.IgnoreNotFound(r.client.Delete(ctx, target, precondition)); err != nil {
		return fmt.Errorf("deleting policy %s: %w", name, err)
	}
	r.written.forget(name)
	return nil
}

// leftBehind tells that the bridge stays on nodes: on the claims that leave, or on all where none does, and on their
// Wukongs, in the log and in a metric. It is one event for all nodes: those that differ in nothing but their text are taken for one and the same.
func (r *reconciler) leftBehind(ctx context.Context, seen *observed, nodes []nodenet.NodeResult) {
	for _, node := range nodes {
		ctrl.LoggerFrom(ctx).Info("Bridge stays on a node", story.KeyNode, node.Name, story.KeyState, node.State, story.KeyMessage, node.Message)
		metrics.BridgeLeftBehind()
	}
	told := seen.claims
	var leaving []*vmv1alpha1.WukongNodeBridge
	for _, claim := range seen.claims {
		if !claim.DeletionTimestamp.IsZero() {
			leaving = append(leaving, claim)
		}
	}
	if len(leaving) > 0 {
		told = leaving
	}
	for _, claim := range told {
		const text = "bridge %s stays on %s: remove it there by hand when the node is back"
		r.recorder.Eventf(claim, nil, corev1.EventTypeWarning, "BridgeLeftBehind", "RemoveBridge", text, seen.bridge, leftOn(nodes))
		if wukong := owner.Wukong(claim); wukong != nil {
			// The claim goes, and who looks for the end of the story looks at the Wukong.
			r.recorder.Eventf(wukong, claim, corev1.EventTypeWarning, "BridgeLeftBehind", "RemoveBridge", text, seen.bridge, leftOn(nodes))
		}
	}
}

// leftOn names nodes and their states, and only counts those that would make the note longer than an event's may be.
func leftOn(nodes []nodenet.NodeResult) string {
	const most = 10
	var names []string
	for _, node := range nodes[:min(len(nodes), most)] {
		names = append(names, fmt.Sprintf("node %s (%s)", node.Name, node.State))
	}
	text := strings.Join(names, ", ")
	if more := len(nodes) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
