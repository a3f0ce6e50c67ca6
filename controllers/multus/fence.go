// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package multus

import (
	"context"
	"fmt"
	"strings"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
	"github.com/novasphere/wukong/pkg/nodenet"
)

// fence is what the platform team's rules say of a network that makes no claim on a bridge; a claim is judged by the
// nmstate controller.
type fence struct {
	// applies tells whether there is anything to judge.
	applies bool
	// uplinks are all WukongUplinks.
	uplinks []*vmv1alpha1.WukongUplink
	// outside is the rule that the network breaks, nil for none.
	outside *nodenet.Refusal
	// taken is who has its NIC, nil for nobody.
	taken *nodenet.Refusal
}

func (r *reconciler) observeFence(ctx context.Context, seen *observed) error {
	network := seen.network
	elsewhere := network.Spec.NADName != "" && attachmentOf(network).Namespace != network.Namespace
	seen.fence.applies = elsewhere || nodenet.IsParent(network)
	if !seen.fence.applies {
		return nil
	}
	var uplinks vmv1alpha1.WukongUplinkList
	if err := r.client.List(ctx, &uplinks); err != nil {
		return fmt.Errorf("listing the WukongUplinks: %w", err)
	}
	for i := range uplinks.Items {
		if uplinks.Items[i].DeletionTimestamp.IsZero() {
			seen.fence.uplinks = append(seen.fence.uplinks, &uplinks.Items[i])
		}
	}
	if elsewhere {
		seen.fence.outside = sharing(seen)
		return nil
	}
	return r.observeParent(ctx, seen)
}

// sharing returns why a network may not use an attachment of another namespace, nil when it may.
func sharing(seen *observed) *nodenet.Refusal {
	if len(seen.fence.uplinks) == 0 || seen.attachment == nil || isShared(seen.attachment, seen.network.Namespace) {
		return nil
	}
	return &nodenet.Refusal{Reason: vmv1alpha1.ReasonAttachmentNotAllowed, Message: fmt.Sprintf(
		"NetworkAttachmentDefinition %s is not shared with namespace %s; use one of your own namespace, or ask for it to be shared by its annotation %s",
		client.ObjectKeyFromObject(seen.attachment), seen.network.Namespace, vmv1alpha1.AnnotationSharedWith)}
}

func isShared(attachment *nadv1.NetworkAttachmentDefinition, namespace string) bool {
	for entry := range strings.SplitSeq(attachment.Annotations[vmv1alpha1.AnnotationSharedWith], ",") {
		if entry = strings.TrimSpace(entry); entry == "*" || entry == namespace {
			return true
		}
	}
	return false
}

// observeParent judges a macvlan or ipvlan.
func (r *reconciler) observeParent(ctx context.Context, seen *observed) error {
	network := seen.network
	use := nodenet.Use{Namespace: network.Namespace, Type: network.Spec.Type, MTU: network.Spec.MTU}
	if len(seen.fence.uplinks) > 0 {
		object := namespace()
		if err := r.client.Get(ctx, client.ObjectKey{Name: network.Namespace}, object); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("reading namespace %s: %w", network.Namespace, err)
		}
		use.NamespaceLabels = object.Labels
	}
	seen.fence.outside = nodenet.ParentOutside(seen.fence.uplinks, network.Spec.BridgeName, use)
	world, err := r.world(ctx, seen)
	if err != nil {
		return err
	}
	seen.fence.taken = nodenet.ParentRefused(world, client.ObjectKeyFromObject(network))
	return nil
}

// world returns what decides who has a NIC: the claims, the networks like this one, and the nodes.
func (r *reconciler) world(ctx context.Context, seen *observed) (nodenet.World, error) {
	world := nodenet.World{NMStateServed: true, Uplinks: seen.fence.uplinks}
	var claims vmv1alpha1.WukongNodeBridgeList
	if err := r.client.List(ctx, &claims, client.UnsafeDisableDeepCopy); err != nil {
		return world, fmt.Errorf("listing the WukongNodeBridges: %w", err)
	}
	for i := range claims.Items {
		claim := nodenet.ClaimOf(&claims.Items[i])
		if claim.Granted || claim.DeletedAt.IsZero() {
			// A claim that leaves has its NIC until it is gone.
			claim.UsedBy = claim.Key.String()
			world.Claims = append(world.Claims, claim)
		}
	}
	world.Parents = []nodenet.Parent{nodenet.ParentOf(seen.network)}
	var nodes corev1.NodeList
	if err := r.client.List(ctx, &nodes, client.UnsafeDisableDeepCopy); err != nil {
		return world, fmt.Errorf("listing the nodes: %w", err)
	}
	for i := range nodes.Items {
		world.Nodes = append(world.Nodes, nodenet.Node{Name: nodes.Items[i].Name, Labels: nodes.Items[i].Labels})
	}
	return world, nil
}

// refusal returns why a network gets no attachment, nil when it may have one. One that it has it keeps.
func (f *fence) refusal() *nodenet.Refusal {
	if f.outside != nil {
		return f.outside
	}
	return f.taken
}

// allowed is the network's condition Allowed, nil for a network that is judged by its claim.
func (f *fence) allowed() *metav1.Condition {
	var c metav1.Condition
	switch {
	case !f.applies:
		return nil
	case f.outside != nil:
		c = conditions.False(vmv1alpha1.ConditionAllowed, f.outside.Reason, f.outside.Message)
	case len(f.uplinks) == 0:
		c = conditions.True(vmv1alpha1.ConditionAllowed, vmv1alpha1.ReasonNoFence, "there is no WukongUplink, so any NIC and attachment may be used")
	default:
		c = conditions.True(vmv1alpha1.ConditionAllowed, vmv1alpha1.ReasonAllowed, "the platform team's rules allow it")
	}
	return &c
}

// fencedNetworks maps an event to the networks that have no attachment yet and make no claim: what changed may be what they
// wait for.
func (r *reconciler) fencedNetworks(ctx context.Context, _ client.Object) []reconcile.Request {
	return r.networks(ctx, client.MatchingFields{indexFenced: "true"})
}

// networksOfNamespace maps a namespace to its networks.
func (r *reconciler) networksOfNamespace(ctx context.Context, obj client.Object) []reconcile.Request {
	return r.networks(ctx, client.InNamespace(obj.GetName()))
}

// isFenced marks the networks that fencedNetworks finds.
func isFenced(obj client.Object) []string {
	network := obj.(*vmv1alpha1.WukongNetwork)
	if network.Status.NetworkAttachmentDefinition == "" && (nodenet.IsParent(network) || network.Spec.NADName != "") {
		return []string{"true"}
	}
	return nil
}

// namespace returns an empty Namespace of which only the metadata is read and watched.
func namespace() *metav1.PartialObjectMetadata {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	return object
}
