// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/nmstate/kubernetes-nmstate/api/shared"
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	nmstatev1beta1 "github.com/nmstate/kubernetes-nmstate/api/v1beta1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// enactment is the record of one policy on one node, as its handler holds it during a reconcile.
type enactment struct {
	Name   string
	Status enactmentStatus
}

// enactmentStatus adds what the released API module does not have yet.
type enactmentStatus struct {
	shared.NodeNetworkConfigurationEnactmentStatus `json:",inline"`

	RetryCount map[string]int `json:"retryCount,omitempty"`
}

func (e *enactment) attempts() int {
	return e.Status.RetryCount[strconv.FormatInt(e.Status.PolicyGeneration, 10)]
}

// exhausted says that the attempts for this generation are used up; v0.86 then leaves the node alone, even after a
// restart of its handler.
func (e *enactment) exhausted() bool {
	return e.attempts() >= Attempts
}

func (e *enactment) countAttempt() int {
	if e.Status.RetryCount == nil {
		e.Status.RetryCount = map[string]int{}
	}
	e.Status.RetryCount[strconv.FormatInt(e.Status.PolicyGeneration, 10)]++
	return e.attempts()
}

func enactmentName(node, policy string) string {
	return shared.EnactmentKey(node, policy).Name
}

// initialise returns the enactment of a policy on this node, made if it is missing. It belongs to the Node, so that it
// goes with the node and not with the policy (kubernetes-nmstate, pkg/enactmentstatus).
func (n *Node) initialise(ctx context.Context, node *corev1.Node, policy *nmstatev1.NodeNetworkConfigurationPolicy) (*enactment, error) {
	found, err := n.readEnactment(ctx, policy.Name)
	if !apierrors.IsNotFound(err) {
		return found, err
	}
	created := nmstatev1beta1.NewEnactment(node, policy)
	if err := n.actor.client.Create(ctx, &created); err != nil && !apierrors.IsAlreadyExists(err) {
		return nil, fmt.Errorf("create the enactment: %w", err)
	}
	return &enactment{Name: created.Name}, nil
}

// readEnactment reads without the API module's type, which would lose the count of attempts.
func (n *Node) readEnactment(ctx context.Context, policy string) (*enactment, error) {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(nmstatev1beta1.GroupVersion.WithKind("NodeNetworkConfigurationEnactment"))
	if err := n.actor.client.Get(ctx, client.ObjectKey{Name: enactmentName(n.name, policy)}, object); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(object.Object["status"])
	if err != nil {
		return nil, fmt.Errorf("read the status of enactment %s: %w", object.GetName(), err)
	}
	found := &enactment{Name: object.GetName()}
	if err := json.Unmarshal(raw, &found.Status); err != nil {
		return nil, fmt.Errorf("read the status of enactment %s: %w", object.GetName(), err)
	}
	return found, nil
}

func (n *Node) deleteEnactment(ctx context.Context, policy string) error {
	object := &nmstatev1beta1.NodeNetworkConfigurationEnactment{}
	object.Name = enactmentName(n.name, policy)
	if err := n.actor.client.Delete(ctx, object); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete the enactment: %w", err)
	}
	return nil
}

// conclude writes a verdict on the enactment.
func (n *Node) conclude(ctx context.Context, e *enactment, verdict []condition) error {
	write(&e.Status.Conditions, verdict)
	return n.writeEnactment(ctx, e)
}

func (n *Node) writeEnactment(ctx context.Context, e *enactment) error {
	object := &nmstatev1beta1.NodeNetworkConfigurationEnactment{}
	object.Name = e.Name
	patch, err := json.Marshal(map[string]any{"status": e.Status})
	if err != nil {
		return fmt.Errorf("write enactment %s: %w", e.Name, err)
	}
	if err := n.actor.client.Status().Patch(ctx, object, client.RawPatch(types.MergePatchType, patch)); err != nil {
		return fmt.Errorf("write enactment %s: %w", e.Name, err)
	}
	return nil
}

// dropOrphans withdraws the enactments on this node whose policy went while no handler was there to see it.
func (n *Node) dropOrphans(ctx context.Context) error {
	var list nmstatev1beta1.NodeNetworkConfigurationEnactmentList
	if err := n.actor.client.List(ctx, &list, client.MatchingLabels{shared.EnactmentNodeLabel: n.name}); err != nil {
		return fmt.Errorf("list the enactments: %w", err)
	}
	var failures []error
	for i := range list.Items {
		policy := list.Items[i].Labels[shared.EnactmentPolicyLabel]
		err := n.actor.client.Get(ctx, client.ObjectKey{Name: policy}, &nmstatev1.NodeNetworkConfigurationPolicy{})
		if apierrors.IsNotFound(err) {
			err = n.deleteEnactment(ctx, policy)
		}
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}
