// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// install creates the Node object as a kubelet would register it; one that is there already, from an earlier life of
// the actor, is taken over.
func (n *Node) install(ctx context.Context) error {
	object := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: n.name, Labels: n.nodeLabels()}}
	if err := n.actor.client.Create(ctx, object); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	if err := n.actor.client.Get(ctx, client.ObjectKey{Name: n.name}, object); err != nil {
		return err
	}
	n.mu.Lock()
	n.uid = object.UID
	ready := n.ready
	n.mu.Unlock()
	if err := n.untaint(ctx, object); err != nil {
		return err
	}
	return n.writeReadiness(ctx, ready)
}

func (n *Node) nodeLabels() map[string]string {
	labels := map[string]string{
		corev1.LabelHostname:      n.name,
		corev1.LabelOSStable:      "linux",
		corev1.LabelArchStable:    "amd64",
		"kubevirt.io/schedulable": "true",
		// virt-handler lists what QEMU on its node can be.
		"machine-type.node.kubevirt.io/q35": "true",
		// It also names the processor, and the processors of other nodes whose guests may migrate to it.
		"host-model-cpu.node.kubevirt.io/Skylake-Client-IBRS":      "true",
		"cpu-model-migration.node.kubevirt.io/Skylake-Client-IBRS": "true",
	}
	maps.Copy(labels, n.spec.Labels)
	return labels
}

// untaint removes the taint that admission puts on each new node and that no node lifecycle controller is here to lift.
func (n *Node) untaint(ctx context.Context, object *corev1.Node) error {
	before := object.DeepCopy()
	object.Spec.Taints = slices.DeleteFunc(object.Spec.Taints, func(taint corev1.Taint) bool {
		return taint.Key == corev1.TaintNodeNotReady
	})
	if len(before.Spec.Taints) == len(object.Spec.Taints) {
		return nil
	}
	return n.actor.client.Patch(ctx, object, client.MergeFrom(before))
}

// writeReadiness reports the status that a kubelet would.
func (n *Node) writeReadiness(ctx context.Context, ready bool) error {
	object := &corev1.Node{}
	if err := n.actor.client.Get(ctx, client.ObjectKey{Name: n.name}, object); err != nil {
		return fmt.Errorf("read node %s: %w", n.name, err)
	}
	before := object.DeepCopy()
	capacity := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("16"),
		corev1.ResourceMemory: resource.MustParse("64Gi"),
		corev1.ResourcePods:   resource.MustParse("110"),
	}
	object.Status.Capacity, object.Status.Allocatable = capacity, capacity
	object.Status.Addresses = []corev1.NodeAddress{
		{Type: corev1.NodeInternalIP, Address: n.State().Address},
		{Type: corev1.NodeHostName, Address: n.name},
	}
	object.Status.NodeInfo.KubeletVersion = "v1.36.3"
	setReadiness(&object.Status, ready)
	if err := n.actor.client.Status().Patch(ctx, object, client.MergeFrom(before)); err != nil {
		return fmt.Errorf("write the status of node %s: %w", n.name, err)
	}
	return nil
}

func setReadiness(status *corev1.NodeStatus, ready bool) {
	now := metav1.Now()
	condition := corev1.NodeCondition{
		Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady",
		Message: "kubelet is posting ready status", LastHeartbeatTime: now, LastTransitionTime: now,
	}
	if !ready {
		condition.Status, condition.Reason = corev1.ConditionFalse, "KubeletNotReady"
		condition.Message = "container runtime network not ready"
	}
	status.Conditions = slices.DeleteFunc(status.Conditions, func(old corev1.NodeCondition) bool {
		if old.Type == corev1.NodeReady && old.Status == condition.Status {
			condition.LastTransitionTime = old.LastTransitionTime
		}
		return old.Type == corev1.NodeReady
	})
	status.Conditions = append(status.Conditions, condition)
}

// uninstall deletes the Node object; the garbage collector takes what it owned.
func (n *Node) uninstall(ctx context.Context) error {
	object := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: n.name}}
	return client.IgnoreNotFound(n.actor.client.Delete(ctx, object))
}
