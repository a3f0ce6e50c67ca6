// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// launchers returns the pod that an instance's guest is in, nil if there is none, and the instance's other pods.
func (a *Actor) launchers(ctx context.Context, vmi *kubevirtv1.VirtualMachineInstance) (*corev1.Pod, []corev1.Pod, error) {
	var list corev1.PodList
	err := a.client.List(ctx, &list, client.InNamespace(vmi.Namespace),
		client.MatchingLabels{kubevirtv1.CreatedByLabel: string(vmi.UID)})
	if err != nil {
		return nil, nil, fmt.Errorf("list the virt-launcher pods: %w", err)
	}
	current := currentPod(vmi, list.Items)
	if current < 0 {
		return nil, list.Items, nil
	}
	pod := list.Items[current]
	return &pod, append(list.Items[:current:current], list.Items[current+1:]...), nil
}

// currentPod is the index of the youngest pod on the instance's node, or of all while it has no node; negative for none
// (KubeVirt, pkg/controller/controller.go).
func currentPod(vmi *kubevirtv1.VirtualMachineInstance, pods []corev1.Pod) int {
	current := -1
	for i := range pods {
		if vmi.Status.NodeName != "" && pods[i].Spec.NodeName != vmi.Status.NodeName {
			continue
		}
		if current < 0 || pods[current].CreationTimestamp.Before(&pods[i].CreationTimestamp) {
			current = i
		}
	}
	return current
}

func hasEnded(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}
