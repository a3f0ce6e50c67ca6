// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"fmt"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/capability"
	"github.com/novasphere/wukong/pkg/nodenet"
)

// observed is what one reconcile read, once as values for the plan and once as the objects to write.
type observed struct {
	nodenet.World
	bridge string
	// claims are the claims on the bridge, and policies our policies about it by name.
	claims   []*vmv1alpha1.WukongNodeBridge
	policies map[string]*nmstatev1.NodeNetworkConfigurationPolicy
}

// observe reads the whole world from the cache, since who may have what depends on all claims; what is attached and what
// NMState did is read for one bridge alone, empty for none. The objects are the cache's own and must not be changed.
func (r *reconciler) observe(ctx context.Context, bridge string) (*observed, error) {
	seen := &observed{
		World:  nodenet.World{Now: r.now(), Deadlines: r.deadlines},
		bridge: bridge, policies: map[string]*nmstatev1.NodeNetworkConfigurationPolicy{},
	}
	var err error
	if seen.NMStateServed, err = r.watches.Served(ctx, capability.NMState); err != nil {
		return nil, err
	}
	steps := []func(context.Context, *observed) error{r.observeUplinks, r.observeClaims, r.observeParents}
	if seen.NMStateServed {
		steps = append(steps, r.observePolicies, r.observeNodes)
	}
	for _, step := range steps {
		if err := step(ctx, seen); err != nil {
			return nil, err
		}
	}
	return seen, nil
}

func (r *reconciler) observeUplinks(ctx context.Context, seen *observed) error {
	var uplinks vmv1alpha1.WukongUplinkList
	if err := r.client.List(ctx, &uplinks, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing the WukongUplinks: %w", err)
	}
	for i := range uplinks.Items {
		if uplinks.Items[i].DeletionTimestamp.IsZero() {
			seen.Uplinks = append(seen.Uplinks, &uplinks.Items[i])
		}
	}
	return nil
}

func (r *reconciler) observeClaims(ctx context.Context, seen *observed) error {
	namespaces, err := r.namespaceLabels(ctx, seen)
	if err != nil {
		return err
	}
	var claims vmv1alpha1.WukongNodeBridgeList
	if err := r.client.List(ctx, &claims, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing the WukongNodeBridges: %w", err)
	}
	for i := range claims.Items {
		object := &claims.Items[i]
		claim, err := r.claim(ctx, object, seen.bridge)
		if err != nil {
			return err
		}
		claim.NamespaceLabels = namespaces[object.Namespace]
		seen.Claims = append(seen.Claims, claim)
		if string(object.Spec.BridgeName) == seen.bridge {
			seen.claims = append(seen.claims, object)
		}
	}
	return nil
}

// namespaceLabels returns the labels of each namespace, and nothing while no WukongUplink goes by them.
func (r *reconciler) namespaceLabels(ctx context.Context, seen *observed) (map[string]map[string]string, error) {
	if len(seen.Uplinks) == 0 {
		return nil, nil
	}
	namespaces := namespaceList()
	if err := r.client.List(ctx, namespaces, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing the namespaces: %w", err)
	}
	labels := make(map[string]map[string]string, len(namespaces.Items))
	for i := range namespaces.Items {
		labels[namespaces.Items[i].Name] = namespaces.Items[i].Labels
	}
	return labels, nil
}

// claim returns the values of a claim. What is attached through it matters for the bridge that is looked at, and for
// claims that are deleted.
func (r *reconciler) claim(ctx context.Context, object *vmv1alpha1.WukongNodeBridge, bridge string) (nodenet.Claim, error) {
	claim := nodenet.ClaimOf(object)
	if object.DeletionTimestamp.IsZero() && claim.Wanted.Bridge != bridge {
		return claim, nil
	}
	running, err := r.users.Running(ctx, attachmentOf(object))
	if err != nil {
		return claim, err
	}
	for _, user := range running {
		claim.Users = append(claim.Users, nodenet.User{Name: user.Name, Node: user.Node})
	}
	if object.DeletionTimestamp.IsZero() {
		return claim, nil
	}
	served, err := r.watches.Served(ctx, capability.KubeVirt)
	if err != nil {
		return claim, err
	}
	claim.UsedBy, err = r.users.Of(ctx, attachmentOf(object), served)
	return claim, err
}

// observeParents reads the macvlans and ipvlans, which take a NIC without a claim.
func (r *reconciler) observeParents(ctx context.Context, seen *observed) error {
	var networks vmv1alpha1.WukongNetworkList
	if err := r.client.List(ctx, &networks, client.UnsafeDisableDeepCopy, client.MatchingFields{indexParent: "true"}); err != nil {
		return fmt.Errorf("listing the WukongNetworks: %w", err)
	}
	for i := range networks.Items {
		seen.Parents = append(seen.Parents, nodenet.ParentOf(&networks.Items[i]))
	}
	return nil
}

func (r *reconciler) observeNodes(ctx context.Context, seen *observed) error {
	var pods corev1.PodList
	if err := r.client.List(ctx, &pods, client.UnsafeDisableDeepCopy, client.MatchingLabels{handlerLabel: handlerLabelValue}); err != nil {
		return fmt.Errorf("listing the nmstate handlers: %w", err)
	}
	handlers := make(map[string]bool, len(pods.Items))
	for i := range pods.Items {
		if handles(&pods.Items[i]) {
			handlers[pods.Items[i].Spec.NodeName] = true
		}
	}
	hosts, err := r.hosts.read(ctx, r.client)
	if err != nil {
		return err
	}
	var nodes corev1.NodeList
	if err := r.client.List(ctx, &nodes, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing the nodes: %w", err)
	}
	for i := range nodes.Items {
		node := nodeOf(&nodes.Items[i])
		node.Handler = handlers[node.Name]
		if network, reported := hosts[node.Name]; reported {
			node.Host = hostOf(&nodes.Items[i], network)
		}
		seen.Nodes = append(seen.Nodes, node)
	}
	return nil
}
