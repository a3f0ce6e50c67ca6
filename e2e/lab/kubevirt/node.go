// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"

	"github.com/novasphere/wukong/e2e/lab/acting"
)

// serve does to an instance what the scheduler, the kubelet, virt-handler and virt-launcher do, beside a virt-controller
// that does the rest.
func (a *Actor) serve(ctx context.Context, s *scene) (time.Duration, error) {
	if err := a.serveOthers(ctx, s); err != nil {
		return 0, err
	}
	switch {
	case s.pod == nil:
		return 0, nil
	case s.vmi.DeletionTimestamp != nil || s.pod.DeletionTimestamp != nil || s.vmi.IsFinal():
		return a.shutDown(ctx, s)
	case s.vmi.IsRunning() && isHandedOver(s.vmi):
		return 0, a.handOver(ctx, s)
	case s.vmi.IsRunning():
		return a.attend(ctx, s)
	case s.script.held && s.script.heldAt == s.vmi.Status.Phase:
		return 0, nil
	}
	if left := a.phaseLeft(s.vmi); left > 0 {
		return left, nil
	}
	switch s.vmi.Status.Phase {
	case kubevirtv1.Scheduling:
		a.wait(s.key)
		if s.pod.Status.Phase == corev1.PodRunning {
			return 0, nil
		}
		_, err := a.launch(ctx, s)
		return 0, err
	case kubevirtv1.Scheduled:
		return a.boot(ctx, s)
	default:
		return 0, nil
	}
}

// shutDown ends the guest and its pod: virt-handler reports the instance as ended before the kubelet lets the pod go.
func (a *Actor) shutDown(ctx context.Context, s *scene) (time.Duration, error) {
	if s.vmi.IsRunning() || s.vmi.IsScheduled() {
		if s.script.stopHeld {
			return 0, nil
		}
		if left := a.stopLeft(s.vmi); left > 0 {
			return left, nil
		}
		if err := a.enter(ctx, s.vmi, kubevirtv1.Succeeded, func(vmi *kubevirtv1.VirtualMachineInstance) {
			dropCondition(vmi, kubevirtv1.VirtualMachineInstanceAgentConnected)
		}); err != nil {
			return 0, err
		}
	}
	if s.vmi.DeletionTimestamp != nil || s.pod.DeletionTimestamp != nil {
		return 0, a.killPod(ctx, s.pod)
	}
	return 0, a.endPod(ctx, s)
}

// endPod reports a pod whose guest has ended by itself.
func (a *Actor) endPod(ctx context.Context, s *scene) error {
	if hasEnded(s.pod) {
		return nil
	}
	status := s.pod.Status.DeepCopy()
	status.Phase = corev1.PodSucceeded
	if s.vmi.Status.Phase == kubevirtv1.Failed {
		status.Phase = corev1.PodFailed
	}
	status.Conditions = []corev1.PodCondition{
		{Type: corev1.PodScheduled, Status: corev1.ConditionTrue},
		{Type: corev1.PodReady, Status: corev1.ConditionFalse, Reason: "PodCompleted"},
	}
	status.ContainerStatuses = containerStatuses(s.pod, corev1.ContainerState{
		Terminated: &corev1.ContainerStateTerminated{Reason: "Completed", FinishedAt: metav1.Now()},
	})
	return a.reportPod(ctx, s.pod, *status)
}

// containerStatuses reports one state for every container of a pod.
func containerStatuses(pod *corev1.Pod, state corev1.ContainerState) []corev1.ContainerStatus {
	var statuses []corev1.ContainerStatus
	for _, container := range pod.Spec.Containers {
		statuses = append(statuses, corev1.ContainerStatus{
			Name: container.Name, Image: container.Image, ImageID: imageID(container.Image), Ready: state.Running != nil, State: state,
		})
	}
	return statuses
}

// imageID names an image by its content: virt-controller has the target of a migration run the very image that the source runs.
func imageID(image string) string {
	return fmt.Sprintf("%s@sha256:%x", image, sha256.Sum256([]byte(image)))
}

// relink makes Multus's report of a pod say what the pod's annotation asks for. NICs are plugged into a running pod and
// out of it by way of the annotation.
func (a *Actor) relink(ctx context.Context, pod *corev1.Pod) error {
	report, err := networkStatus(pod)
	if err != nil {
		return err
	}
	err = acting.Edit(ctx, a.client, pod, managerKubelet, func(pod *corev1.Pod) { pod.Annotations[statusAnnotation] = report })
	if err != nil {
		return fmt.Errorf("report the links of pod %s: %w", pod.Name, err)
	}
	return nil
}
