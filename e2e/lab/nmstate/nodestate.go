// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"encoding/json"
	"fmt"

	nmstatev1beta1 "github.com/nmstate/kubernetes-nmstate/api/v1beta1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// report writes the NodeNetworkState of the node, if it differs from what is there: upstream writes nothing for an
// unchanged network either, so its time is no heartbeat (kubernetes-nmstate, pkg/client/client.go).
func (n *Node) report(ctx context.Context) error {
	n.reporting.Lock()
	defer n.reporting.Unlock()
	object := &nmstatev1beta1.NodeNetworkState{}
	err := n.actor.client.Get(ctx, client.ObjectKey{Name: n.name}, object)
	if apierrors.IsNotFound(err) {
		object, err = n.createState(ctx)
	}
	if err != nil {
		return fmt.Errorf("read the NodeNetworkState of %s: %w", n.name, err)
	}
	current, err := asRead(n.State().Show())
	if err != nil {
		return err
	}
	var reported any
	if err := yaml.Unmarshal(object.Status.CurrentState.Raw, &reported); err == nil && equality.Semantic.DeepEqual(reported, current) {
		return nil
	}
	patch, err := json.Marshal(map[string]any{"status": map[string]any{
		"currentState":              current,
		"lastSuccessfulUpdateTime":  metav1.Now(),
		"hostNetworkManagerVersion": "1.42.4",
		"handlerNmstateVersion":     "2.2.60",
	}})
	if err != nil {
		return fmt.Errorf("write the NodeNetworkState of %s: %w", n.name, err)
	}
	if err := n.actor.client.Status().Patch(ctx, object, client.RawPatch(types.MergePatchType, patch)); err != nil {
		return fmt.Errorf("write the NodeNetworkState of %s: %w", n.name, err)
	}
	return nil
}

func (n *Node) createState(ctx context.Context) (*nmstatev1beta1.NodeNetworkState, error) {
	n.mu.Lock()
	uid := n.uid
	n.mu.Unlock()
	object := &nmstatev1beta1.NodeNetworkState{ObjectMeta: metav1.ObjectMeta{
		Name:            n.name,
		OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: n.name, UID: uid}},
	}}
	return object, n.actor.client.Create(ctx, object)
}

// asRead gives a document the number types that reading it back would.
func asRead(document any) (any, error) {
	raw, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("encode a state: %w", err)
	}
	var read any
	if err := json.Unmarshal(raw, &read); err != nil {
		return nil, fmt.Errorf("decode a state: %w", err)
	}
	return read, nil
}
