// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// tellSandboxError is a kubelet's event about one try to make the sandbox of a pod, which has another name each time, in the
// words of containerd and Multus around those of the plugin.
func (a *Actor) tellSandboxError(ctx context.Context, pod *corev1.Pod, words string) error {
	id := make([]byte, 32)
	_, _ = rand.Read(id)
	now := metav1.Now()
	event := &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: pod.Namespace, GenerateName: pod.Name + "."},
		InvolvedObject: corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID},
		Type:           corev1.EventTypeWarning, Reason: "FailedCreatePodSandBox",
		Message: fmt.Sprintf("Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox %q: "+
			"plugin type=\"multus-shim\" name=\"multus-cni-network\" failed (add): [%s/%s/%s:lan]: error adding container to network: %s",
			hex.EncodeToString(id), pod.Namespace, pod.Name, pod.UID, words),
		Source: corev1.EventSource{Component: managerKubelet, Host: pod.Spec.NodeName}, FirstTimestamp: now, LastTimestamp: now, Count: 1,
	}
	if err := a.client.Create(ctx, event, client.FieldOwner(managerKubelet)); err != nil {
		return fmt.Errorf("write the event of pod %s: %w", pod.Name, err)
	}
	return nil
}
