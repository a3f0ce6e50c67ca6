// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/e2e/lab/acting"
)

// place has the pod launched and lets the instance follow it.
func (a *Actor) place(ctx context.Context, s *scene) (time.Duration, error) {
	if s.pod == nil {
		return 0, a.enter(ctx, s.vmi, kubevirtv1.Failed, nil)
	}
	a.wait(s.key)
	launched, err := a.launch(ctx, s)
	if err != nil {
		return 0, err
	}
	if err := a.enter(ctx, s.vmi, kubevirtv1.Scheduling, func(vmi *kubevirtv1.VirtualMachineInstance) {
		followPlacement(vmi, s.pod)
	}); err != nil || !launched {
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

// followPlacement says of an instance what its pod says of finding a node, while it finds none.
func followPlacement(vmi *kubevirtv1.VirtualMachineInstance, pod *corev1.Pod) {
	dropped := true
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			setCondition(vmi, podScheduled, c.Status, c.Reason, c.Message)
			dropped = false
		}
	}
	if dropped {
		dropCondition(vmi, podScheduled)
	}
}

// launch finds the pod a node and starts its containers: the scheduler's and the kubelet's part. It is false while
// something keeps it from that, which the pod then says.
func (a *Actor) launch(ctx context.Context, s *scene) (bool, error) {
	if s.pod.Spec.NodeName == "" {
		placed, err := a.bind(ctx, s)
		if err != nil || !placed {
			return false, err
		}
	}
	obstacle, err := a.obstacle(ctx, s.vmi)
	if err != nil {
		return false, err
	}
	if s.script.sandboxError != "" {
		obstacle = s.script.sandboxError
		if err := a.tellSandboxError(ctx, s.pod, obstacle); err != nil {
			return false, err
		}
	}
	if obstacle != "" {
		return false, a.reportPod(ctx, s.pod, waitingStatus(s.pod, obstacle))
	}
	return true, a.runPod(ctx, s)
}

// bind gives the pod a node; it is false if none fits, which the pod then says, or if a claim waits for its storage.
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
		return false, a.reportPod(ctx, s.pod, *status)
	}
	if bound, err := a.bindClaims(ctx, s.pod, node); err != nil || !bound {
		return false, err
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
	there := slices.DeleteFunc(pods.Items, func(pod corev1.Pod) bool { return hasEnded(&pod) })
	node, message = choose(s.pod, list.Items, there)
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

func waitingStatus(pod *corev1.Pod, message string) corev1.PodStatus {
	return corev1.PodStatus{
		Phase:      corev1.PodPending,
		Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}},
		ContainerStatuses: containerStatuses(pod, corev1.ContainerState{
			Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating", Message: message},
		}),
	}
}

// runPod reports the pod as running, with the links that Multus made.
func (a *Actor) runPod(ctx context.Context, s *scene) error {
	if err := a.relink(ctx, s.pod); err != nil {
		return err
	}
	now := metav1.Now()
	address := podAddress(s.pod)
	return a.reportPod(ctx, s.pod, corev1.PodStatus{
		Phase: corev1.PodRunning, PodIP: address, PodIPs: []corev1.PodIP{{IP: address}}, StartTime: &now,
		Conditions: []corev1.PodCondition{
			{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}, {Type: corev1.PodReady, Status: corev1.ConditionTrue},
		},
		ContainerStatuses: containerStatuses(s.pod, corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}}),
	})
}

func (a *Actor) reportPod(ctx context.Context, pod *corev1.Pod, status corev1.PodStatus) error {
	err := acting.EditStatus(ctx, a.client, pod, managerKubelet, func(pod *corev1.Pod) { pod.Status = status })
	if err != nil {
		return fmt.Errorf("report pod %s: %w", pod.Name, err)
	}
	return nil
}
