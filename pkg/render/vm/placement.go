// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// CommonHosts returns the hostnames that every bridge has, sorted and each once. Without bridges there are none.
func CommonHosts(bridges [][]string) []string {
	if len(bridges) == 0 {
		return nil
	}
	var common []string
	for _, host := range bridges[0] {
		if !slices.ContainsFunc(bridges[1:], func(hosts []string) bool { return !slices.Contains(hosts, host) }) {
			common = append(common, host)
		}
	}
	slices.Sort(common)
	return slices.Compact(common)
}

// Affinity returns a machine's own affinity narrowed to the nodes that have all its bridges. bridges are the hostnames of
// the nodes for each bridge; without any, the affinity stays as it is. What is only preferred, and affinity to other pods,
// is kept.
//
// The nodes are listed, and not those that lack a bridge: a node that joins is outside until its bridges are there.
// They are listed by label, because a selector of the field metadata.name takes one node only.
func Affinity(own *corev1.Affinity, bridges [][]string) *corev1.Affinity {
	if len(bridges) == 0 {
		return own
	}
	affinity := own.DeepCopy()
	if affinity == nil {
		affinity = &corev1.Affinity{}
	}
	if affinity.NodeAffinity == nil {
		affinity.NodeAffinity = &corev1.NodeAffinity{}
	}
	within := onHosts(CommonHosts(bridges))
	required := affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if required == nil {
		affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = &corev1.NodeSelector{
			NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: within}},
		}
		return affinity
	}
	for i := range required.NodeSelectorTerms {
		term := &required.NodeSelectorTerms[i]
		if len(term.MatchExpressions) == 0 && len(term.MatchFields) == 0 {
			// An empty term matches no node, and with an expression it would match some.
			continue
		}
		term.MatchExpressions = append(term.MatchExpressions, within...)
	}
	return affinity
}

// onHosts returns what only the given nodes meet. A list of values may not be empty, so where there is no node the label is
// asked to be there and not to be there: every validation takes that, and no node can meet it, whatever its labels are.
func onHosts(hosts []string) []corev1.NodeSelectorRequirement {
	if len(hosts) == 0 {
		return []corev1.NodeSelectorRequirement{
			{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpExists},
			{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpDoesNotExist},
		}
	}
	return []corev1.NodeSelectorRequirement{{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: hosts}}
}
