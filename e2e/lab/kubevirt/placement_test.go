// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
)

func node(name string, edit func(*corev1.Node)) corev1.Node {
	n := corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelHostname: name, "rank": "5"}},
		Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{
			{Type: corev1.NodeReady, Status: corev1.ConditionTrue},
		}},
	}
	if edit != nil {
		edit(&n)
	}
	return n
}

func requiring(requirements ...corev1.NodeSelectorRequirement) *corev1.Affinity {
	return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
			NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: requirements}},
		},
	}}
}

// launcherOn is a pod that an instance has on a node.
func launcherOn(node, instance string) corev1.Pod {
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{kubevirtv1.CreatedByLabel: instance}},
		Spec:       corev1.PodSpec{NodeName: node},
	}
}

func TestChoose(t *testing.T) {
	apart := launcherOn("", "1")
	awayFromSource(&apart)
	unready := func(n *corev1.Node) { n.Status.Conditions[0].Status = corev1.ConditionFalse }
	tainted := func(n *corev1.Node) {
		n.Spec.Taints = []corev1.Taint{{Key: "gpu", Value: "yes", Effect: corev1.TaintEffectNoSchedule}}
	}
	cases := map[string]struct {
		reason  string
		spec    corev1.PodSpec
		nodes   []corev1.Node
		pods    []corev1.Pod
		want    string
		message string
	}{
		"FewestPods": {
			reason: "the emptiest node wins", nodes: []corev1.Node{node("a", nil), node("b", nil)},
			pods: []corev1.Pod{launcherOn("a", "1")}, want: "b",
		},
		"NotReady": {
			reason: "a node that is not ready is left out", nodes: []corev1.Node{node("a", unready), node("b", nil)}, want: "b",
		},
		"Selector": {
			reason: "labels must match", spec: corev1.PodSpec{NodeSelector: map[string]string{corev1.LabelHostname: "b"}},
			nodes: []corev1.Node{node("a", nil), node("b", nil)}, want: "b",
		},
		"NotIn": {
			reason: "failed nodes are excluded by affinity",
			spec: corev1.PodSpec{Affinity: requiring(corev1.NodeSelectorRequirement{
				Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpNotIn, Values: []string{"a"},
			})},
			nodes: []corev1.Node{node("a", nil), node("b", nil)}, want: "b",
		},
		"In": {
			reason: "a list of nodes leaves out those that come later",
			spec: corev1.PodSpec{Affinity: requiring(corev1.NodeSelectorRequirement{
				Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{"a"},
			})},
			nodes: []corev1.Node{node("a", nil), node("b", nil)}, pods: []corev1.Pod{launcherOn("a", "1")}, want: "a",
		},
		"Contradiction": {
			reason: "no node has a label and lacks it",
			spec: corev1.PodSpec{Affinity: requiring(
				corev1.NodeSelectorRequirement{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpExists},
				corev1.NodeSelectorRequirement{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpDoesNotExist},
			)},
			nodes: []corev1.Node{node("a", nil)}, message: "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
		},
		"Gt": {
			reason: "numbers are compared as numbers",
			spec: corev1.PodSpec{Affinity: requiring(corev1.NodeSelectorRequirement{
				Key: "rank", Operator: corev1.NodeSelectorOpGt, Values: []string{"10"},
			})},
			nodes: []corev1.Node{node("a", nil)}, message: "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
		},
		"Taint": {
			reason: "a taint keeps pods off", nodes: []corev1.Node{node("a", tainted), node("b", unready)},
			message: "0/2 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were not ready.",
		},
		"Toleration": {
			reason: "unless they tolerate it",
			spec:   corev1.PodSpec{Tolerations: []corev1.Toleration{{Key: "gpu", Operator: corev1.TolerationOpExists}}},
			nodes:  []corev1.Node{node("a", tainted)}, want: "a",
		},
		"AwayFromSource": {
			reason: "the target of a migration is on another node, however many pods are there",
			spec:   apart.Spec, nodes: []corev1.Node{node("a", nil), node("b", nil)},
			pods: []corev1.Pod{launcherOn("a", "1"), launcherOn("b", "2"), launcherOn("b", "3")}, want: "b",
		},
		"NowhereToGo": {
			reason: "and waits where there is none",
			spec:   apart.Spec, nodes: []corev1.Node{node("a", nil)}, pods: []corev1.Pod{launcherOn("a", "1")},
			message: "0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules.",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, message := choose(&corev1.Pod{Spec: tc.spec}, tc.nodes, tc.pods)
			if got != tc.want || message != tc.message {
				t.Errorf("%s: got %q (%s), want %q (%s)", tc.reason, got, message, tc.want, tc.message)
			}
		})
	}
}
