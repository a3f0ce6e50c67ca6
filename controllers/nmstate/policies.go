// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"fmt"

	"github.com/nmstate/kubernetes-nmstate/api/shared"
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	nmstatev1beta1 "github.com/nmstate/kubernetes-nmstate/api/v1beta1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/capability"
	"github.com/novasphere/wukong/pkg/nodenet"
	"github.com/novasphere/wukong/pkg/nodenet/hostnet"
	"github.com/novasphere/wukong/pkg/render/nncp"
	"github.com/novasphere/wukong/pkg/story"
)

// observePolicies reads our policies, those that we wrote and the cache does not show yet included, and everybody else's.
func (r *reconciler) observePolicies(ctx context.Context, seen *observed) error {
	var policies nmstatev1.NodeNetworkConfigurationPolicyList
	if err := r.client.List(ctx, &policies, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing the policies: %w", err)
	}
	for _, object := range r.written.overlay(policies.Items) {
		if object.Labels[vmv1alpha1.LabelManagedBy] != vmv1alpha1.ManagedByWukong {
			seen.Foreign = append(seen.Foreign, foreignOf(ctx, object))
			continue
		}
		policy, err := policyOf(object)
		if err != nil {
			// One broken record must not stop every other bridge; its own bridge is told.
			if object.Labels[vmv1alpha1.LabelBridge] == seen.bridge {
				return err
			}
			continue
		}
		if policy.Bridge.Name == seen.bridge {
			seen.policies[policy.Name] = object
			if policy.Enactments, err = r.enactments(ctx, policy.Name); err != nil {
				return err
			}
		}
		seen.Policies = append(seen.Policies, *policy)
	}
	return nil
}

func (r *reconciler) enactments(ctx context.Context, policy string) ([]nodenet.Enactment, error) {
	var list nmstatev1beta1.NodeNetworkConfigurationEnactmentList
	if err := r.client.List(ctx, &list, client.UnsafeDisableDeepCopy, client.MatchingFields{capability.IndexPolicy: policy}); err != nil {
		return nil, fmt.Errorf("listing the enactments of policy %s: %w", policy, err)
	}
	enactments := make([]nodenet.Enactment, 0, len(list.Items))
	for i := range list.Items {
		enactments = append(enactments, enactmentOf(&list.Items[i]))
	}
	return enactments, nil
}

// policyOf returns the values of our policy. The error says that somebody broke our record in it.
func policyOf(object *nmstatev1.NodeNetworkConfigurationPolicy) (*nodenet.Policy, error) {
	bridge, err := nncp.OfPolicy(object)
	if err != nil {
		return nil, err
	}
	memory, err := nncp.Recall(object)
	if err != nil {
		return nil, err
	}
	policy := &nodenet.Policy{
		Name:           object.Name,
		Role:           nodenet.RoleBridge,
		Node:           memory.CleanupOf,
		Generation:     object.Generation,
		Created:        object.CreationTimestamp.Time,
		Bridge:         bridge,
		Attempt:        nncp.AttemptOf(object),
		LastGood:       memory.LastGood,
		Refused:        memory.Refused,
		RefusedBecause: memory.RefusedBecause,
		TeardownSince:  memory.TeardownSince,
		Deleting:       !object.DeletionTimestamp.IsZero(),
		AcceptsUpdate:  acceptsUpdate(object),
	}
	switch {
	case memory.CleanupOf != "":
		policy.Role = nodenet.RoleCleanup
	case memory.Restores:
		policy.Role = nodenet.RoleRestore
	}
	return policy, nil
}

// acceptsUpdate reports whether NMState's admission lets the policy's spec change: a handler has finished with
// the present one (kubernetes-nmstate, deploy/handler/operator.yaml, ValidatingAdmissionPolicy).
func acceptsUpdate(policy *nmstatev1.NodeNetworkConfigurationPolicy) bool {
	available := policy.Status.Conditions.Find(shared.NodeNetworkConfigurationPolicyConditionAvailable)
	return available != nil && available.Reason != "" &&
		available.Reason != shared.NodeNetworkConfigurationPolicyConditionConfigurationProgressing
}

// foreignOf returns what somebody else's policy configures. One that cannot be read configures nothing: NMState cannot
// read it either.
func foreignOf(ctx context.Context, object *nmstatev1.NodeNetworkConfigurationPolicy) nodenet.Foreign {
	intent, err := hostnet.Foreign(object.Spec.DesiredState.Raw)
	if err != nil {
		ctrl.LoggerFrom(ctx).V(1).Info("Policy cannot be read", story.KeyPolicy, object.Name, story.KeyProblem, err.Error())
	}
	return nodenet.Foreign{Name: object.Name, NodeSelector: object.Spec.NodeSelector, Intent: intent}
}
