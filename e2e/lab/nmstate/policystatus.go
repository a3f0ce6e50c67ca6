// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/nmstate/kubernetes-nmstate/api/shared"
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	nmstatev1beta1 "github.com/nmstate/kubernetes-nmstate/api/v1beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// judge computes and writes the conditions of a policy. Each handler does so at the end of each of its reconciles, and
// nobody else does: a policy that no handler sees keeps whatever it shows (kubernetes-nmstate, deploy/handler/operator.yaml).
func (a *Actor) judge(ctx context.Context, name string) error {
	a.verdicts.Lock()
	defer a.verdicts.Unlock()
	policy := &nmstatev1.NodeNetworkConfigurationPolicy{}
	if err := a.client.Get(ctx, client.ObjectKey{Name: name}, policy); err != nil {
		return client.IgnoreNotFound(err)
	}
	t, err := a.tally(ctx, policy)
	if err != nil {
		return err
	}
	verdict := policyVerdict(t)
	if says(policy.Status.Conditions, verdict) {
		return nil
	}
	write(&policy.Status.Conditions, verdict)
	return a.patchPolicy(ctx, policy)
}

// writePolicyConditions replaces all conditions of a policy.
func (a *Actor) writePolicyConditions(ctx context.Context, policy *nmstatev1.NodeNetworkConfigurationPolicy, verdict []condition) error {
	a.verdicts.Lock()
	defer a.verdicts.Unlock()
	policy.Status.Conditions = shared.ConditionList{}
	write(&policy.Status.Conditions, verdict)
	return a.patchPolicy(ctx, policy)
}

func (a *Actor) patchPolicy(ctx context.Context, policy *nmstatev1.NodeNetworkConfigurationPolicy) error {
	patch, err := json.Marshal(map[string]any{"status": map[string]any{
		"conditions": policy.Status.Conditions,
		"unavailableNodeCountMap": map[string]int{
			strconv.FormatInt(policy.Generation, 10): a.slots.taken(policy.UID, policy.Generation),
		},
	}})
	if err != nil {
		return fmt.Errorf("write the status of policy %s: %w", policy.Name, err)
	}
	target := &nmstatev1.NodeNetworkConfigurationPolicy{}
	target.Name = policy.Name
	err = a.client.Status().Patch(ctx, target, client.RawPatch(types.MergePatchType, patch))
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("write the status of policy %s: %w", policy.Name, err)
	}
	return nil
}

// tally counts the nodes that match and run a handler, and the enactments of the current generation.
func (a *Actor) tally(ctx context.Context, policy *nmstatev1.NodeNetworkConfigurationPolicy) (tally, error) {
	var t tally
	var matching corev1.NodeList
	if err := a.client.List(ctx, &matching, client.MatchingLabels(policy.Spec.NodeSelector)); err != nil {
		return t, fmt.Errorf("list the nodes: %w", err)
	}
	var pods corev1.PodList
	if err := a.client.List(ctx, &pods, client.MatchingLabels{componentLabel: handlerComponent}); err != nil {
		return t, fmt.Errorf("list the handlers: %w", err)
	}
	handled := map[string]bool{}
	for i := range pods.Items {
		handled[pods.Items[i].Spec.NodeName] = true
	}
	for i := range matching.Items {
		if !handled[matching.Items[i].Name] {
			continue
		}
		t.nodes++
		if !isReady(&matching.Items[i]) {
			t.notReady++
		}
	}
	enactments, err := a.enactmentsOf(ctx, policy.Name)
	if err != nil {
		return t, err
	}
	for i := range enactments {
		if enactments[i].Status.PolicyGeneration == policy.Generation {
			t.count(enactments[i].Status.Conditions)
		}
	}
	return t, nil
}

func (a *Actor) enactmentsOf(ctx context.Context, policy string) ([]nmstatev1beta1.NodeNetworkConfigurationEnactment, error) {
	var list nmstatev1beta1.NodeNetworkConfigurationEnactmentList
	if err := a.client.List(ctx, &list, client.MatchingLabels{shared.EnactmentPolicyLabel: policy}); err != nil {
		return nil, fmt.Errorf("list the enactments: %w", err)
	}
	return list.Items, nil
}

// limits are how many nodes may change at one time, and how many have failed for good.
func (a *Actor) limits(ctx context.Context, policy *nmstatev1.NodeNetworkConfigurationPolicy) (limit, failed int, err error) {
	enactments, err := a.enactmentsOf(ctx, policy.Name)
	if err != nil {
		return 0, 0, err
	}
	for i := range enactments {
		status := enactments[i].Status
		final := isTrue(status.Conditions, enactmentFailing) && !isTrue(status.Conditions, enactmentProgressing)
		if status.PolicyGeneration == policy.Generation && final {
			failed++
		}
	}
	return maxUnavailable(policy.Spec.MaxUnavailable, len(enactments)), failed, nil
}

func isReady(node *corev1.Node) bool {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}
