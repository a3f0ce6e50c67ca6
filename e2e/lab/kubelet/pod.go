// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/novasphere/wukong/e2e/lab/acting"
)

// manager is the name under which status is written.
const manager = "wukong-lab-kubelet"

// arguments returns the command line of a pod as a process: with its service account, and with ports of its own where it serves
// any, since all pods share one address.
func (p *pod) arguments(declared *corev1.Pod, kubeconfig string) ([]string, error) {
	arguments := append(slices.Clone(declared.Spec.Containers[0].Args), "--kubeconfig="+kubeconfig)
	if first := declared.Spec.Containers[0].Args; len(first) > 0 && !strings.HasPrefix(first[0], "-") {
		if first[0] == "check" {
			arguments = append(arguments, "--namespace="+declared.Namespace)
		}
		return arguments, nil
	}
	for _, address := range []*string{&p.probes, &p.metrics} {
		// Each is held until both are known: else the second may be the first once more.
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("picking a free port: %w", err)
		}
		defer func() { _ = listener.Close() }()
		*address = listener.Addr().String()
	}
	return append(arguments,
		"--health-probe-bind-address="+p.probes, "--metrics-bind-address="+p.metrics, "--metrics-secure=false",
		"--leader-elect-namespace="+declared.Namespace), nil
}

// report tells that a pod runs, and whether it is ready.
func (k *Kubelet) report(ctx context.Context, declared *corev1.Pod, running *pod) error {
	ready := running.probes == "" || isReady(ctx, running.probes)
	return acting.EditStatus(ctx, k.client, declared, manager, func(pod *corev1.Pod) {
		pod.Status.Phase = corev1.PodRunning
		setReady(pod, ready)
	})
}

func isReady(ctx context.Context, probes string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+probes+"/readyz", nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// setReady sets the conditions that controllers look at. Times are left out: nobody reads them here.
func setReady(pod *corev1.Pod, ready bool) {
	status := corev1.ConditionFalse
	if ready {
		status = corev1.ConditionTrue
	}
	for _, kind := range []corev1.PodConditionType{corev1.PodReady, corev1.ContainersReady} {
		at := slices.IndexFunc(pod.Status.Conditions, func(condition corev1.PodCondition) bool { return condition.Type == kind })
		if at < 0 {
			pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: kind})
			at = len(pod.Status.Conditions) - 1
		}
		pod.Status.Conditions[at].Status = status
	}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: pod.Spec.Containers[0].Name, Image: pod.Spec.Containers[0].Image, Ready: ready, Started: &ready,
	}}
}
