// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	kubevirtv1 "kubevirt.io/api/core/v1"
)

// awayFromSource keeps the target of a migration off the node of its source (KubeVirt, pkg/virt-controller/watch/migration).
func awayFromSource(pod *corev1.Pod) {
	if pod.Spec.Affinity == nil {
		pod.Spec.Affinity = &corev1.Affinity{}
	}
	if pod.Spec.Affinity.PodAntiAffinity == nil {
		pod.Spec.Affinity.PodAntiAffinity = &corev1.PodAntiAffinity{}
	}
	apart := pod.Spec.Affinity.PodAntiAffinity
	apart.RequiredDuringSchedulingIgnoredDuringExecution = append(apart.RequiredDuringSchedulingIgnoredDuringExecution, corev1.PodAffinityTerm{
		LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{
			kubevirtv1.CreatedByLabel: pod.Labels[kubevirtv1.CreatedByLabel],
		}},
		TopologyKey: corev1.LabelHostname,
	})
}

// repelled reports whether one of the pods on a node keeps another off it. Each node is taken to be a domain of its own, whatever
// the topology.
func repelled(pod *corev1.Pod, node string, pods []corev1.Pod) bool {
	if pod.Spec.Affinity == nil || pod.Spec.Affinity.PodAntiAffinity == nil {
		return false
	}
	return slices.ContainsFunc(pod.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution,
		func(term corev1.PodAffinityTerm) bool {
			selector, err := metav1.LabelSelectorAsSelector(term.LabelSelector)
			return err == nil && slices.ContainsFunc(pods, func(other corev1.Pod) bool {
				return other.Spec.NodeName == node && other.Namespace == pod.Namespace && selector.Matches(labels.Set(other.Labels))
			})
		})
}
