// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"errors"
	"fmt"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/e2e/lab/nmstate/host"
)

// reconcile is what a handler does with one policy. It is true when the policy is to be tried again after a pause.
func (h *handler) reconcile(ctx context.Context, name string) (again bool, err error) {
	policy := &nmstatev1.NodeNetworkConfigurationPolicy{}
	if err := h.actor.client.Get(ctx, client.ObjectKey{Name: name}, policy); err != nil {
		if !apierrors.IsNotFound(err) {
			return false, fmt.Errorf("read the policy: %w", err)
		}
		h.forget(name)
		return false, h.deleteEnactment(ctx, name)
	}
	version := h.version(policy)
	if h.finished(name, version) {
		return false, nil
	}
	if !isTrue(policy.Status.Conditions, policyProgressing) {
		if err := h.actor.writePolicyConditions(ctx, policy, policyReset()); err != nil {
			return false, err
		}
	}
	outcome, err := h.enact(ctx, policy)
	// Remembered before the policy is judged: whoever sees it Available may change it, and that is a new version.
	if err == nil && (outcome == settled || outcome == unmatched) {
		h.finish(name, version)
	}
	judged := h.actor.judge(ctx, name)
	if outcome == settled {
		h.actor.wake(name)
	}
	return outcome == tryAgain, errors.Join(err, judged)
}

// outcome says what is left to do about a policy on a node.
type outcome int

const (
	// settled is a final verdict for this generation.
	settled outcome = iota
	// unmatched is a policy that is not for this node.
	unmatched
	// tryAgain is a failure with attempts left.
	tryAgain
	// queued waits for other nodes to finish.
	queued
)

// enact brings one policy to this node, as far as it goes in one attempt.
func (h *handler) enact(ctx context.Context, policy *nmstatev1.NodeNetworkConfigurationPolicy) (outcome, error) {
	node := &corev1.Node{}
	if err := h.actor.client.Get(ctx, client.ObjectKey{Name: h.name}, node); err != nil {
		return queued, fmt.Errorf("read the node: %w", err)
	}
	if !labels.SelectorFromSet(policy.Spec.NodeSelector).Matches(labels.Set(node.Labels)) {
		h.actor.slots.free(policy.UID, h.name)
		return unmatched, h.deleteEnactment(ctx, policy.Name)
	}
	enactment, err := h.initialise(ctx, node, policy)
	if err != nil {
		return queued, err
	}
	if err := h.fillIn(ctx, policy, enactment); err != nil {
		// Captures that do not resolve fail at once: trying again would ask the same question.
		return settled, h.conclude(ctx, enactment, enactmentFailed("failure generating desiredState and capturedStates: "+err.Error()))
	}
	if enactment.exhausted() {
		return settled, nil
	}
	limit, failed, err := h.actor.limits(ctx, policy)
	if err != nil {
		return queued, err
	}
	if !h.actor.slots.take(policy.UID, policy.Generation, h.name, limit) {
		return h.await(ctx, enactment, failed >= limit)
	}
	return h.attempt(ctx, policy, enactment)
}

// await leaves the node waiting for its turn, or gives up with the nodes that failed.
func (h *handler) await(ctx context.Context, enactment *enactment, giveUp bool) (outcome, error) {
	if err := h.conclude(ctx, enactment, enactmentQueued()); err != nil || !giveUp {
		return queued, err
	}
	return settled, h.conclude(ctx, enactment,
		enactmentAbortedBy(fmt.Sprintf("reconciliation of enactment %q has aborted", enactment.Name)))
}

// attempt applies the desired state once.
func (h *handler) attempt(ctx context.Context, policy *nmstatev1.NodeNetworkConfigurationPolicy, enactment *enactment) (outcome, error) {
	if err := h.conclude(ctx, enactment, enactmentApplying()); err != nil {
		return queued, err
	}
	if err := h.actor.judge(ctx, policy.Name); err != nil {
		return queued, err
	}
	failure := h.apply(enactment)
	if errors.Is(failure, errStopped) {
		h.actor.slots.free(policy.UID, h.name)
		h.actor.wake(policy.Name)
		return queued, nil
	}
	if failure != nil {
		return h.failed(ctx, policy, enactment, failure)
	}
	if err := h.conclude(ctx, enactment, enactmentSuccess()); err != nil {
		return queued, err
	}
	h.actor.slots.free(policy.UID, h.name)
	return settled, h.report(ctx)
}

// apply lets the script or the node's network decide.
func (h *handler) apply(enactment *enactment) error {
	if err := h.script.pace(h.stopped, h.actor.options.StepDelay); err != nil {
		return err
	}
	if message, scripted := h.script.failure(); scripted {
		return errors.New(message)
	}
	if len(enactment.Status.DesiredState.Raw) == 0 {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	next, err := host.Apply(h.state, enactment.Status.DesiredState.Raw)
	if err != nil {
		return err
	}
	h.state = next
	return nil
}

// failed counts an attempt and says whether it was the last. Only the last carries nmstate's own message; upstream's
// Retrying does not.
func (h *handler) failed(
	ctx context.Context, policy *nmstatev1.NodeNetworkConfigurationPolicy, enactment *enactment, failure error,
) (outcome, error) {
	attempts := enactment.countAttempt()
	if attempts < Attempts {
		return tryAgain, h.conclude(ctx, enactment, enactmentRetrying(fmt.Sprintf(
			"failed to reconcile NodeNetworkConfigurationPolicy on node %s. Retrying %d/%d", h.name, attempts+1, Attempts)))
	}
	message := fmt.Sprintf("error reconciling NodeNetworkConfigurationPolicy on node %s at desired state apply: %q,\n %s",
		h.name, "", nmstatectl(failure))
	err := h.conclude(ctx, enactment, enactmentFailed(message))
	h.actor.recordFailure(ctx, policy, enactment.Name)
	return settled, err
}

// nmstatectl wraps a message the way the handler reports what the tool printed; a rollback is its own text.
func nmstatectl(failure error) string {
	if _, is := errors.AsType[*host.UnreachableError](failure); is {
		return failure.Error()
	}
	return "failed to execute nmstatectl apply --no-commit --timeout 480: 'exit status 1' '' '" + failure.Error() + "'"
}
