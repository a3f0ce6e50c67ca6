// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// place finds the pod a node and starts its containers: the scheduler's and the kubelet's part.
func (a *Actor) place(ctx context.Context, s *scene) (time.Duration, error) {
	if s.pod == nil {
		return 0, a.enter(ctx, s.vmi, kubevirtv1.Failed, nil)
	}
	a.wait(s.key)
	if s.pod.Spec.NodeName == "" {
		placed, err := a.bind(ctx, s)
		if err != nil || !placed {
			return 0, err
		}
	}
	if condition(s.vmi, podScheduled) != nil {
		if err := a.enter(ctx, s.vmi, kubevirtv1.Scheduling, func(vmi *kubevirtv1.VirtualMachineInstance) {
			dropCondition(vmi, podScheduled)
		}); err != nil {
			return 0, err
		}
	}
	obstacle, err := a.obstacle(ctx, s.vmi)
	if err != nil {
		return 0, err
	}
	if obstacle != "" {
		return 0, a.reportPod(ctx, s.pod, waitingStatus(obstacle))
	}
	if err := a.runPod(ctx, s); err != nil {
		return 0, err
	}
	return a.options.StepDelay, a.enter(ctx, s.vmi, kubevirtv1.Scheduled, func(vmi *kubevirtv1.VirtualMachineInstance) {
		vmi.Status.NodeName = s.pod.Spec.NodeName
		if vmi.Labels == nil {
			vmi.Labels = map[string]string{}
		}
		vmi.Labels["kubevirt.io/nodeName"] = s.pod.Spec.NodeName
		vmi.Status.ActivePods = map[types.UID]string{s.pod.UID: s.pod.Spec.NodeName}
		vmi.Status.LauncherContainerImageVersion = launcherImage
	})
}

// bind gives the pod a node; it is false if none fits, which the pod and the instance then say.
func (a *Actor) bind(ctx context.Context, s *scene) (bool, error) {
	node, message, err := a.chooseNode(ctx, s)
	if err != nil {
		return false, err
	}
	if node == "" {
		status := s.pod.Status.DeepCopy()
		status.Phase = corev1.PodPending
		status.Conditions = []corev1.PodCondition{{
			Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable, Message: message,
		}}
		if err := a.reportPod(ctx, s.pod, *status); err != nil {
			return false, err
		}
		return false, a.enter(ctx, s.vmi, kubevirtv1.Scheduling, func(vmi *kubevirtv1.VirtualMachineInstance) {
			setCondition(vmi, podScheduled, corev1.ConditionFalse, corev1.PodReasonUnschedulable, message)
		})
	}
	binding := &corev1.Binding{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.pod.Namespace, Name: s.pod.Name, UID: s.pod.UID},
		Target:     corev1.ObjectReference{APIVersion: "v1", Kind: "Node", Name: node},
	}
	if err := a.client.SubResource("binding").Create(ctx, s.pod, binding); err != nil {
		return false, fmt.Errorf("bind pod %s: %w", s.pod.Name, err)
	}
	if err := a.client.Get(ctx, client.ObjectKeyFromObject(s.pod), s.pod); err != nil {
		return false, fmt.Errorf("read pod %s: %w", s.pod.Name, err)
	}
	return true, nil
}

func (a *Actor) chooseNode(ctx context.Context, s *scene) (node, message string, err error) {
	if s.script.unschedulable != "" {
		return "", s.script.unschedulable, nil
	}
	var list corev1.NodeList
	if err := a.client.List(ctx, &list); err != nil {
		return "", "", fmt.Errorf("list the nodes: %w", err)
	}
	var pods corev1.PodList
	if err := a.client.List(ctx, &pods, client.MatchingLabels{kubevirtv1.AppLabel: launcherValue}); err != nil {
		return "", "", fmt.Errorf("list the virt-launcher pods: %w", err)
	}
	load := map[string]int{}
	for i := range pods.Items {
		load[pods.Items[i].Spec.NodeName]++
	}
	node, message = choose(s.pod, list.Items, load)
	return node, message, nil
}

// obstacle says what keeps the kubelet from starting the containers; empty if nothing does.
func (a *Actor) obstacle(ctx context.Context, vmi *kubevirtv1.VirtualMachineInstance) (string, error) {
	missing, err := a.missingSecret(ctx, vmi)
	if err != nil || missing != "" {
		return missing, err
	}
	if a.options.MissingNetwork != WaitInPod {
		return "", nil
	}
	absent, err := a.missingAttachment(ctx, vmi)
	if err != nil || absent == "" {
		return "", err
	}
	return fmt.Sprintf("cannot find a network-attachment-definition (%s)", absent), nil
}

func waitingStatus(message string) corev1.PodStatus {
	return corev1.PodStatus{
		Phase:      corev1.PodPending,
		Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}},
		ContainerStatuses: []corev1.ContainerStatus{{
			Name: computeSection, Image: launcherImage,
			State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating", Message: message}},
		}},
	}
}

// runPod reports the pod as running, with the links that Multus made.
func (a *Actor) runPod(ctx context.Context, s *scene) error {
	report, err := networkStatus(s.vmi, s.pod)
	if err != nil {
		return err
	}
	err = patch(ctx, a.client, s.pod, managerKubelet, func(pod *corev1.Pod) {
		pod.Annotations[statusAnnotation] = report
	})
	if err != nil {
		return fmt.Errorf("report the links of pod %s: %w", s.pod.Name, err)
	}
	now := metav1.Now()
	address := podAddress(s.pod)
	return a.reportPod(ctx, s.pod, corev1.PodStatus{
		Phase: corev1.PodRunning, PodIP: address, PodIPs: []corev1.PodIP{{IP: address}}, StartTime: &now,
		Conditions: []corev1.PodCondition{
			{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}, {Type: corev1.PodReady, Status: corev1.ConditionTrue},
		},
		ContainerStatuses: []corev1.ContainerStatus{{
			Name: computeSection, Image: launcherImage, Ready: true,
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
		}},
	})
}

func (a *Actor) reportPod(ctx context.Context, pod *corev1.Pod, status corev1.PodStatus) error {
	err := patchStatus(ctx, a.client, pod, managerKubelet, func(pod *corev1.Pod) { pod.Status = status })
	if err != nil {
		return fmt.Errorf("report pod %s: %w", pod.Name, err)
	}
	return nil
}
