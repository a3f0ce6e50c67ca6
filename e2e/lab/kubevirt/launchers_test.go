// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
)

func TestCurrentPod(t *testing.T) {
	podOn := func(node string, age time.Duration) corev1.Pod {
		pod := launcherOn(node, "1")
		pod.CreationTimestamp = metav1.NewTime(time.Unix(0, 0).Add(-age))
		return pod
	}
	cases := map[string]struct {
		reason string
		node   string
		pods   []corev1.Pod
		want   int
	}{
		"None":       {"an instance may have no pod", "", nil, -1},
		"NotPlaced":  {"the youngest is the one until the instance has a node", "", []corev1.Pod{podOn("a", 2*time.Minute), podOn("", time.Minute)}, 1},
		"Target":     {"the target of a migration is not yet the one", "a", []corev1.Pod{podOn("b", time.Minute), podOn("a", 2*time.Minute)}, 1},
		"Source":     {"and its source is the one no longer", "b", []corev1.Pod{podOn("b", time.Minute), podOn("a", 2*time.Minute)}, 0},
		"ThereAgain": {"nor is what was left before the guest came back", "a", []corev1.Pod{podOn("a", 3*time.Minute), podOn("b", 2*time.Minute), podOn("a", 0)}, 2},
		"Gone":       {"a pod elsewhere is not the guest's", "a", []corev1.Pod{podOn("b", 0)}, -1},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			vmi := &kubevirtv1.VirtualMachineInstance{}
			vmi.Status.NodeName = tc.node
			if got := currentPod(vmi, tc.pods); got != tc.want {
				t.Errorf("%s: got %d, want %d", tc.reason, got, tc.want)
			}
		})
	}
}
