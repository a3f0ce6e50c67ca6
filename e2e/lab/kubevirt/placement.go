// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// choose places a pod on the fitting node that has the fewest of the pods of its kind, or says why none fits, in the words of
// the scheduler.
func choose(pod *corev1.Pod, nodes []corev1.Node, pods []corev1.Pod) (node, message string) {
	load := map[string]int{}
	for i := range pods {
		load[pods[i].Spec.NodeName]++
	}
	refusals := map[string]int{}
	var fitting []string
	for i := range nodes {
		if reason := unfit(pod, &nodes[i], pods); reason != "" {
			refusals[reason]++
			continue
		}
		fitting = append(fitting, nodes[i].Name)
	}
	if len(fitting) == 0 {
		return "", unschedulable(len(nodes), refusals)
	}
	slices.SortFunc(fitting, func(a, b string) int {
		if load[a] != load[b] {
			return load[a] - load[b]
		}
		return strings.Compare(a, b)
	})
	return fitting[0], ""
}

func unschedulable(nodes int, refusals map[string]int) string {
	reasons := make([]string, 0, len(refusals))
	for reason, count := range refusals {
		reasons = append(reasons, fmt.Sprintf("%d %s", count, reason))
	}
	slices.Sort(reasons)
	return fmt.Sprintf("0/%d nodes are available: %s.", nodes, strings.Join(reasons, ", "))
}

// unfit says why a pod cannot run on a node beside the pods that are there; empty if it can.
func unfit(pod *corev1.Pod, node *corev1.Node, pods []corev1.Pod) string {
	switch {
	case !ready(node):
		return "node(s) were not ready"
	case node.Spec.Unschedulable:
		return "node(s) were unschedulable"
	case !tolerated(pod, node):
		return "node(s) had untolerated taint(s)"
	case !selected(pod, node) || !affine(pod, node):
		return "node(s) didn't match Pod's node affinity/selector"
	case repelled(pod, node.Name, pods):
		return "node(s) didn't match pod anti-affinity rules"
	default:
		return ""
	}
}

func ready(node *corev1.Node) bool {
	return slices.ContainsFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}

// tolerated leaves out the taint of nodes that are not ready: readiness is looked at by itself, and where no node
// lifecycle controller runs the taint of a new node stays.
func tolerated(pod *corev1.Pod, node *corev1.Node) bool {
	for _, taint := range node.Spec.Taints {
		if taint.Effect == corev1.TaintEffectPreferNoSchedule || taint.Key == corev1.TaintNodeNotReady {
			continue
		}
		if !slices.ContainsFunc(pod.Spec.Tolerations, func(t corev1.Toleration) bool { return tolerates(t, taint) }) {
			return false
		}
	}
	return true
}

func tolerates(toleration corev1.Toleration, taint corev1.Taint) bool {
	if toleration.Effect != "" && toleration.Effect != taint.Effect {
		return false
	}
	if toleration.Key != "" && toleration.Key != taint.Key {
		return false
	}
	if toleration.Operator == corev1.TolerationOpExists {
		return true
	}
	return toleration.Key != "" && toleration.Value == taint.Value
}

func selected(pod *corev1.Pod, node *corev1.Node) bool {
	for label, value := range pod.Spec.NodeSelector {
		if node.Labels[label] != value {
			return false
		}
	}
	return true
}

// affine looks at required node affinity alone: preferences do not decide whether a node fits.
func affine(pod *corev1.Pod, node *corev1.Node) bool {
	affinity := pod.Spec.Affinity
	if affinity == nil || affinity.NodeAffinity == nil ||
		affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return true
	}
	terms := affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	return slices.ContainsFunc(terms, func(term corev1.NodeSelectorTerm) bool { return satisfies(term, node) })
}

func satisfies(term corev1.NodeSelectorTerm, node *corev1.Node) bool {
	if len(term.MatchExpressions) == 0 && len(term.MatchFields) == 0 {
		return false
	}
	for _, requirement := range term.MatchExpressions {
		if !met(requirement, node.Labels) {
			return false
		}
	}
	fields := map[string]string{"metadata.name": node.Name}
	for _, requirement := range term.MatchFields {
		if !met(requirement, fields) {
			return false
		}
	}
	return true
}

func met(requirement corev1.NodeSelectorRequirement, labels map[string]string) bool {
	value, exists := labels[requirement.Key]
	switch requirement.Operator {
	case corev1.NodeSelectorOpIn:
		return exists && slices.Contains(requirement.Values, value)
	case corev1.NodeSelectorOpNotIn:
		return !exists || !slices.Contains(requirement.Values, value)
	case corev1.NodeSelectorOpExists:
		return exists
	case corev1.NodeSelectorOpDoesNotExist:
		return !exists
	case corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt:
		return compares(requirement, value)
	default:
		return false
	}
}

func compares(requirement corev1.NodeSelectorRequirement, value string) bool {
	if len(requirement.Values) != 1 {
		return false
	}
	have, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return false
	}
	bound, err := strconv.ParseInt(requirement.Values[0], 10, 64)
	if err != nil {
		return false
	}
	if requirement.Operator == corev1.NodeSelectorOpGt {
		return have > bound
	}
	return have < bound
}
