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

// serveOthers does what kubelets do with the pods that an instance's guest is not in: the one that it migrates to is started, and
// the one that it left ends, as virt-launcher does when its guest has gone elsewhere.
func (a *Actor) serveOthers(ctx context.Context, s *scene) error {
	for i := range s.others {
		at := *s
		at.pod = &s.others[i]
		var err error
		switch {
		case hasEnded(at.pod):
		case at.pod.DeletionTimestamp != nil:
			err = a.killPod(ctx, at.pod)
		case isLeft(s.vmi, at.pod):
			err = a.endPod(ctx, &at)
		case isTarget(s.vmi, at.pod) && at.pod.Status.Phase != corev1.PodRunning:
			a.wait(s.key)
			_, err = a.launch(ctx, &at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func hasEnded(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// isTarget reports whether a pod was made for a migration of an instance that can still do it.
func isTarget(vmi *kubevirtv1.VirtualMachineInstance, pod *corev1.Pod) bool {
	return vmi.IsRunning() && vmi.DeletionTimestamp == nil && pod.Labels[kubevirtv1.MigrationJobLabel] != ""
}

// isLeft reports whether the guest has moved out of a pod.
func isLeft(vmi *kubevirtv1.VirtualMachineInstance, pod *corev1.Pod) bool {
	state := vmi.Status.MigrationState
	return state != nil && state.EndTimestamp != nil && !state.Failed &&
		vmi.Status.NodeName == state.TargetNode && pod.Spec.NodeName == state.SourceNode
}
