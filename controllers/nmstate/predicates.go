// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/nodenet"
)

// hostsMachinesLabel is set by KubeVirt on the nodes that machines may run on.
const hostsMachinesLabel = "kubevirt.io/schedulable"

// nodeOf returns what a plan needs to know of a node but for its handler and network.
func nodeOf(node *corev1.Node) nodenet.Node {
	observed := nodenet.Node{Name: node.Name, Labels: node.Labels, HostsMachines: node.Labels[hostsMachinesLabel] == "true"}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			observed.Ready = condition.Status == corev1.ConditionTrue
		}
	}
	return observed
}

// nodeChanged lets an event of a node pass only when it changes a plan: a kubelet reports every few seconds that
// nothing is new.
func nodeChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok := e.ObjectOld.(*corev1.Node)
		after, ok2 := e.ObjectNew.(*corev1.Node)
		return !ok || !ok2 || nodeOf(before).Ready != nodeOf(after).Ready ||
			!maps.Equal(before.Labels, after.Labels) || !slices.Equal(before.Status.Addresses, after.Status.Addresses)
	}}
}

// handles reports whether a handler's pod is at work on its node.
func handles(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodRunning && pod.DeletionTimestamp.IsZero()
}

// podChanged lets an event of a handler's pod pass only when the node's handler comes or goes.
func podChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok := e.ObjectOld.(*corev1.Pod)
		after, ok2 := e.ObjectNew.(*corev1.Pod)
		return !ok || !ok2 || handles(before) != handles(after) || before.Spec.NodeName != after.Spec.NodeName
	}}
}

// bridgeGrantChanged lets an event of a claim pass when it comes, goes, or is given its bridge.
func bridgeGrantChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok := e.ObjectOld.(*vmv1alpha1.WukongNodeBridge)
		after, ok2 := e.ObjectNew.(*vmv1alpha1.WukongNodeBridge)
		return !ok || !ok2 || nodenet.Granted(before) != nodenet.Granted(after) || before.Generation != after.Generation
	}}
}

// bridgeMemoryChanged lets an event of a claim pass only when its status remembers another policy or other nodes than before:
// some steps of a removal wait until what was made where is remembered.
func bridgeMemoryChanged() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(event.CreateEvent) bool { return false },
		DeleteFunc:  func(event.DeleteEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, ok := e.ObjectOld.(*vmv1alpha1.WukongNodeBridge)
			after, ok2 := e.ObjectNew.(*vmv1alpha1.WukongNodeBridge)
			if !ok || !ok2 {
				return true
			}
			was, is := nodenet.ClaimOf(before), nodenet.ClaimOf(after)
			return was.PolicyName != is.PolicyName || !slices.Equal(was.MadeOn, is.MadeOn)
		},
	}
}
