// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package wukong

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/owner"
)

// observed is what one reconcile read.
type observed struct {
	wukong *vmv1alpha1.Wukong
	// networks and bridges are the Wukong's own children by name.
	networks map[string]*vmv1alpha1.WukongNetwork
	bridges  map[string]*vmv1alpha1.WukongNodeBridge
	// uplinks are all WukongUplinks.
	uplinks []*vmv1alpha1.WukongUplink
}

func (r *reconciler) observe(ctx context.Context, wukong *vmv1alpha1.Wukong) (*observed, error) {
	seen := &observed{
		wukong:   wukong,
		networks: map[string]*vmv1alpha1.WukongNetwork{},
		bridges:  map[string]*vmv1alpha1.WukongNodeBridge{},
	}
	mine := owner.ChildrenOf(wukong)
	var networks vmv1alpha1.WukongNetworkList
	if err := r.client.List(ctx, &networks, mine...); err != nil {
		return nil, fmt.Errorf("listing the WukongNetworks: %w", err)
	}
	for i := range networks.Items {
		seen.networks[networks.Items[i].Name] = &networks.Items[i]
	}
	var bridges vmv1alpha1.WukongNodeBridgeList
	if err := r.client.List(ctx, &bridges, mine...); err != nil {
		return nil, fmt.Errorf("listing the WukongNodeBridges: %w", err)
	}
	for i := range bridges.Items {
		seen.bridges[bridges.Items[i].Name] = &bridges.Items[i]
	}
	var uplinks vmv1alpha1.WukongUplinkList
	if err := r.client.List(ctx, &uplinks); err != nil {
		return nil, fmt.Errorf("listing the WukongUplinks: %w", err)
	}
	for i := range uplinks.Items {
		seen.uplinks = append(seen.uplinks, &uplinks.Items[i])
	}
	return seen, nil
}

// taken reports whether an object of either child kind has a name.
func (r *reconciler) taken(ctx context.Context, namespace, name string) (bool, error) {
	key := client.ObjectKey{Namespace: namespace, Name: name}
	for _, child := range []client.Object{&vmv1alpha1.WukongNetwork{}, &vmv1alpha1.WukongNodeBridge{}} {
		err := r.client.Get(ctx, key, child)
		if err == nil {
			return true, nil
		}
		if !apierrors.IsNotFound(err) {
			return false, fmt.Errorf("reading %T %s: %w", child, key, err)
		}
	}
	return false, nil
}
