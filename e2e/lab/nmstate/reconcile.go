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
func (n *Node) reconcile(ctx context.Context, name string) (again bool, err error) {
	policy := &nmstatev1.NodeNetworkConfigurationPolicy{}
	if err := n.actor.client.Get(ctx, client.ObjectKey{Name: name}, policy); err != nil {
		if !apierrors.IsNotFound(err) {
			return false, fmt.Errorf("read the policy: %w", err)
		}
		n.forget(name)
		return false, n.deleteEnactment(ctx, name)
	}
	version := n.version(policy)
	if n.finished(name, version) {
		return false, nil
	}
	if !isTrue(policy.Status.Conditions, policyProgressing) {
		if err := n.actor.writePolicyConditions(ctx, policy, policyReset()); err != nil {
			return false, err
		}
	}
	outcome, err := n.enact(ctx, policy)
	// Remembered before the policy is judged: whoever sees it Available may change it, and that is a new version.
	if err == nil && (outcome == settled || outcome == unmatched) {
		n.finish(name, version)
	}
	judged := n.actor.judge(ctx, name)
	if outcome == settled {
		n.actor.wake(name)
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
func (n *Node) enact(ctx context.Context, policy *nmstatev1.NodeNetworkConfigurationPolicy) (outcome, error) {
	node := &corev1.Node{}
	if err := n.actor.client.Get(ctx, client.ObjectKey{Name: n.name}, node); err != nil {
		return queued, fmt.Errorf("read the node: %w", err)
	}
	if !labels.SelectorFromSet(policy.Spec.NodeSelector).Matches(labels.Set(node.Labels)) {
		n.actor.slots.free(policy.UID, n.name)
		return unmatched, n.deleteEnactment(ctx, policy.Name)
	}
	enactment, err := n.initialise(ctx, node, policy)
	if err != nil {
		return queued, err
	}
	if err := n.fillIn(ctx, policy, enactment); err != nil {
		// Captures that do not resolve fail at once: trying again would ask the same question.
		return settled, n.conclude(ctx, enactment, enactmentFailed("failure generating desiredState and capturedStates: "+err.Error()))
	}
	if enactment.exhausted() {
		return settled, nil
	}
	limit, failed, err := n.actor.limits(ctx, policy)
	if err != nil {
		return queued, err
	}
	if !n.actor.slots.take(policy.UID, policy.Generation, n.name, limit) {
		return n.queue(ctx, enactment, failed >= limit)
	}
	return n.attempt(ctx, policy, enactment)
}

// queue leaves the node waiting for its turn, or gives up with the nodes that failed.
func (n *Node) queue(ctx context.Context, enactment *enactment, giveUp bool) (outcome, error) {
	if err := n.conclude(ctx, enactment, enactmentQueued()); err != nil || !giveUp {
		return queued, err
	}
	return settled, n.conclude(ctx, enactment,
		enactmentAbortedBy(fmt.Sprintf("reconciliation of enactment %q has aborted", enactment.Name)))
}

// attempt applies the desired state once.
func (n *Node) attempt(ctx context.Context, policy *nmstatev1.NodeNetworkConfigurationPolicy, enactment *enactment) (outcome, error) {
	if err := n.conclude(ctx, enactment, enactmentApplying()); err != nil {
		return queued, err
	}
	if err := n.actor.judge(ctx, policy.Name); err != nil {
		return queued, err
	}
	failure := n.apply(ctx, enactment)
	if ctx.Err() != nil {
		n.actor.slots.free(policy.UID, n.name)
		n.actor.wake(policy.Name)
		return queued, ctx.Err()
	}
	if failure != nil {
		return n.failed(ctx, policy, enactment, failure)
	}
	if err := n.conclude(ctx, enactment, enactmentSuccess()); err != nil {
		return queued, err
	}
	n.actor.slots.free(policy.UID, n.name)
	return settled, n.report(ctx)
}

// apply lets the script or the node's network decide.
func (n *Node) apply(ctx context.Context, enactment *enactment) error {
	if err := n.script.pace(ctx, n.actor.options.StepDelay); err != nil {
		return err
	}
	if message, scripted := n.script.failure(); scripted {
		return errors.New(message)
	}
	if len(enactment.Status.DesiredState.Raw) == 0 {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	next, err := host.Apply(n.state, enactment.Status.DesiredState.Raw)
	if err != nil {
		return err
	}
	n.state = next
	return nil
}

// failed counts an attempt and says whether it was the last. Only the last carries nmstate's own message; upstream's
// Retrying does not.
func (n *Node) failed(
	ctx context.Context, policy *nmstatev1.NodeNetworkConfigurationPolicy, enactment *enactment, failure error,
) (outcome, error) {
	attempts := enactment.countAttempt()
	if attempts < Attempts {
		return tryAgain, n.conclude(ctx, enactment, enactmentRetrying(fmt.Sprintf(
			"failed to reconcile NodeNetworkConfigurationPolicy on node %s. Retrying %d/%d", n.name, attempts+1, Attempts)))
	}
	message := fmt.Sprintf("error reconciling NodeNetworkConfigurationPolicy on node %s at desired state apply: %q,\n %s",
		n.name, "", nmstatectl(failure))
	err := n.conclude(ctx, enactment, enactmentFailed(message))
	n.actor.recordFailure(ctx, policy, enactment.Name)
	return settled, err
}

// nmstatectl wraps a message the way the handler reports what the tool printed; a rollback is its own text.
func nmstatectl(failure error) string {
	var unreachable *host.UnreachableError
	if errors.As(failure, &unreachable) {
		return failure.Error()
	}
	return "failed to execute nmstatectl apply --no-commit --timeout 480: 'exit status 1' '' '" + failure.Error() + "'"
}
