// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"fmt"
	"time"

	"github.com/nmstate/kubernetes-nmstate/api/shared"
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	nmstatev1beta1 "github.com/nmstate/kubernetes-nmstate/api/v1beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/capability"
	"github.com/novasphere/wukong/pkg/nodenet"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// observed is what one reconcile read, once as values for the decision and once as the objects to write.
type observed struct {
	nodenet.Observed
	claims []vmv1alpha1.WukongNodeBridge
	policy *nmstatev1.NodeNetworkConfigurationPolicy
}

func (r *reconciler) observe(ctx context.Context, bridge string) (*observed, error) {
	seen := &observed{Observed: nodenet.Observed{BridgeName: bridge, Now: r.now(), Deadlines: r.deadlines}}
	var err error
	if seen.NMStateServed, err = r.watches.Served(ctx, capability.NMState); err != nil {
		return nil, err
	}
	if err := r.observeClaims(ctx, seen); err != nil {
		return nil, err
	}
	if !seen.NMStateServed {
		return seen, nil
	}
	if err := r.observePolicy(ctx, seen); err != nil {
		return nil, err
	}
	return seen, r.observeNodes(ctx, seen)
}

func (r *reconciler) observeClaims(ctx context.Context, seen *observed) error {
	var claims vmv1alpha1.WukongNodeBridgeList
	if err := r.client.List(ctx, &claims, client.MatchingFields{indexBridge: seen.BridgeName}); err != nil {
		return fmt.Errorf("listing the claims on bridge %s: %w", seen.BridgeName, err)
	}
	seen.claims = claims.Items
	segments := map[string]bool{}
	for i := range seen.claims {
		claim, err := r.claim(ctx, &seen.claims[i])
		if err != nil {
			return err
		}
		seen.Claims = append(seen.Claims, claim)
		if segment := segmentOf(&seen.claims[i]); !segments[segment] {
			segments[segment] = true
			if err := r.observeRivals(ctx, seen, segment); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *reconciler) observeRivals(ctx context.Context, seen *observed, segment string) error {
	var rivals vmv1alpha1.WukongNodeBridgeList
	if err := r.client.List(ctx, &rivals, client.MatchingFields{indexSegment: segment}); err != nil {
		return fmt.Errorf("listing the claims on %s: %w", segment, err)
	}
	for i := range rivals.Items {
		if string(rivals.Items[i].Spec.BridgeName) == seen.BridgeName {
			continue
		}
		rival, err := r.claim(ctx, &rivals.Items[i])
		if err != nil {
			return err
		}
		seen.Rivals = append(seen.Rivals, rival)
	}
	return nil
}

func (r *reconciler) claim(ctx context.Context, object *vmv1alpha1.WukongNodeBridge) (nodenet.Claim, error) {
	claim := nodenet.Claim{
		Key:     client.ObjectKeyFromObject(object),
		Owner:   ownerOf(object),
		Created: object.CreationTimestamp.Time,
		Bridge:  nncp.OfClaim(object.Spec),
	}
	if object.DeletionTimestamp.IsZero() {
		return claim, nil
	}
	claim.DeletedAt = object.DeletionTimestamp.Time
	served, err := r.watches.Served(ctx, capability.KubeVirt)
	if err != nil {
		return claim, err
	}
	claim.UsedBy, err = r.users.Of(ctx, attachmentOf(object), served)
	return claim, err
}

// ownerOf identifies the Wukong that a claim was made for.
func ownerOf(claim *vmv1alpha1.WukongNodeBridge) string {
	if owner := metav1.GetControllerOf(claim); owner != nil {
		return string(owner.UID)
	}
	return ""
}

func (r *reconciler) observePolicy(ctx context.Context, seen *observed) error {
	var policies nmstatev1.NodeNetworkConfigurationPolicyList
	if err := r.client.List(ctx, &policies, client.MatchingFields{capability.IndexBridge: seen.BridgeName}); err != nil {
		return fmt.Errorf("listing the policies of bridge %s: %w", seen.BridgeName, err)
	}
	for i := range policies.Items {
		if seen.policy == nil || policies.Items[i].Name < seen.policy.Name {
			seen.policy = &policies.Items[i]
		}
	}
	if seen.policy == nil {
		return nil
	}
	policy, err := policyOf(seen.policy)
	if err != nil {
		return err
	}
	seen.Policy = policy
	var enactments nmstatev1beta1.NodeNetworkConfigurationEnactmentList
	if err := r.client.List(ctx, &enactments, client.MatchingFields{capability.IndexPolicy: policy.Name}); err != nil {
		return fmt.Errorf("listing the enactments of policy %s: %w", policy.Name, err)
	}
	for i := range enactments.Items {
		seen.Enactments = append(seen.Enactments, enactmentOf(&enactments.Items[i]))
	}
	return nil
}

// policyOf returns the values of our policy. The error says that somebody broke our record in it.
func policyOf(object *nmstatev1.NodeNetworkConfigurationPolicy) (*nodenet.Policy, error) {
	bridge, err := nncp.OfPolicy(object)
	if err != nil {
		return nil, err
	}
	policy := &nodenet.Policy{
		Name:          object.Name,
		Generation:    object.Generation,
		Bridge:        bridge,
		Deleting:      !object.DeletionTimestamp.IsZero(),
		AcceptsUpdate: acceptsUpdate(object),
	}
	if since, ok := object.Annotations[vmv1alpha1.AnnotationTeardownSince]; ok {
		if policy.TeardownSince, err = time.Parse(time.RFC3339, since); err != nil {
			return nil, fmt.Errorf("reading annotation %s of policy %s: %w", vmv1alpha1.AnnotationTeardownSince, object.Name, err)
		}
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

func (r *reconciler) observeNodes(ctx context.Context, seen *observed) error {
	var pods corev1.PodList
	if err := r.client.List(ctx, &pods, client.MatchingLabels{handlerLabel: handlerLabelValue}); err != nil {
		return fmt.Errorf("listing the nmstate handlers: %w", err)
	}
	handlers := make(map[string]bool, len(pods.Items))
	for i := range pods.Items {
		if handles(&pods.Items[i]) {
			handlers[pods.Items[i].Spec.NodeName] = true
		}
	}
	var nodes corev1.NodeList
	if err := r.client.List(ctx, &nodes); err != nil {
		return fmt.Errorf("listing the nodes: %w", err)
	}
	for i := range nodes.Items {
		node := nodeOf(&nodes.Items[i])
		node.Handler = handlers[node.Name]
		seen.Nodes = append(seen.Nodes, node)
	}
	return nil
}
