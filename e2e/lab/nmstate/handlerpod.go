// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Namespace is where the handlers' pods are.
const Namespace = "nmstate"

const (
	componentLabel   = "component"
	handlerComponent = "kubernetes-nmstate-handler"
)

// createPod makes the pod by which others tell that a handler runs on this node (kubernetes-nmstate, deploy/handler).
func (n *Node) createPod(ctx context.Context) error {
	existing, err := n.pods(ctx)
	if err != nil || len(existing) > 0 {
		return err
	}
	if err := n.actor.ensureNamespace(ctx); err != nil {
		return err
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: Namespace, GenerateName: "nmstate-handler-",
			Labels: map[string]string{componentLabel: handlerComponent, "app": "kubernetes-nmstate"},
		},
		Spec: corev1.PodSpec{
			NodeName:                     n.name,
			AutomountServiceAccountToken: new(false),
			Tolerations:                  []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
			Containers: []corev1.Container{{
				Name: "nmstate-handler", Image: "quay.io/nmstate/kubernetes-nmstate-handler:v0.86.0",
			}},
		},
	}
	if err := n.actor.client.Create(ctx, pod); err != nil {
		return fmt.Errorf("create the handler's pod on %s: %w", n.name, err)
	}
	pod.Status.Phase = corev1.PodRunning
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	if err := n.actor.client.Status().Update(ctx, pod); err != nil {
		return fmt.Errorf("start the handler's pod on %s: %w", n.name, err)
	}
	return nil
}

// deletePod removes the pod at once: no kubelet is there to confirm that its containers ended.
func (n *Node) deletePod(ctx context.Context) error {
	existing, err := n.pods(ctx)
	if err != nil {
		return err
	}
	for i := range existing {
		err := n.actor.client.Delete(ctx, &existing[i], client.GracePeriodSeconds(0))
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("delete the handler's pod on %s: %w", n.name, err)
		}
	}
	return nil
}

func (n *Node) pods(ctx context.Context) ([]corev1.Pod, error) {
	var list corev1.PodList
	err := n.actor.client.List(ctx, &list, client.InNamespace(Namespace), client.MatchingLabels{componentLabel: handlerComponent})
	if err != nil {
		return nil, fmt.Errorf("list the handlers: %w", err)
	}
	var mine []corev1.Pod
	for i := range list.Items {
		if list.Items[i].Spec.NodeName == n.name {
			mine = append(mine, list.Items[i])
		}
	}
	return mine, nil
}

// ensureNamespace makes the namespace and the service account that every pod needs, without waiting for the controller
// that usually makes the latter.
func (a *Actor) ensureNamespace(ctx context.Context) error {
	for _, object := range []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: Namespace}},
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: Namespace, Name: "default"}},
	} {
		if err := a.client.Create(ctx, object); err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("prepare the namespace %s: %w", Namespace, err)
		}
	}
	return nil
}
