// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/novasphere/wukong/pkg/render/vm"
)

func TestCommonHosts(t *testing.T) {
	for _, row := range []struct {
		name    string
		bridges [][]string
		want    []string
	}{
		{"no bridge", nil, nil},
		{"one bridge", [][]string{{"n1", "n2"}}, []string{"n1", "n2"}},
		{"whatever the order", [][]string{{"n2", "n1", "n2"}}, []string{"n1", "n2"}},
		{"two bridges", [][]string{{"n1", "n2", "n3"}, {"n3", "n2", "n4"}}, []string{"n2", "n3"}},
		{"nothing in common", [][]string{{"n1"}, {"n2"}}, nil},
		{"pairwise common, but not all three", [][]string{{"n1", "n2"}, {"n2", "n3"}, {"n1", "n3"}}, nil},
		{"a bridge that is nowhere", [][]string{{"n1"}, {}}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := vm.CommonHosts(row.bridges); !slices.Equal(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func requiring(terms ...corev1.NodeSelectorTerm) *corev1.Affinity {
	return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms},
	}}
}

func term(expressions ...corev1.NodeSelectorRequirement) corev1.NodeSelectorTerm {
	return corev1.NodeSelectorTerm{MatchExpressions: expressions}
}

func hosts(names ...string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: "kubernetes.io/hostname", Operator: corev1.NodeSelectorOpIn, Values: names}
}

func TestAffinity(t *testing.T) {
	ssd := corev1.NodeSelectorRequirement{Key: "disk", Operator: corev1.NodeSelectorOpIn, Values: []string{"ssd"}}
	gpu := corev1.NodeSelectorRequirement{Key: "gpu", Operator: corev1.NodeSelectorOpExists}
	never := []corev1.NodeSelectorRequirement{
		{Key: "kubernetes.io/hostname", Operator: corev1.NodeSelectorOpExists},
		{Key: "kubernetes.io/hostname", Operator: corev1.NodeSelectorOpDoesNotExist},
	}
	field := []corev1.NodeSelectorRequirement{{Key: "metadata.name", Operator: corev1.NodeSelectorOpIn, Values: []string{"n1"}}}
	beside := &corev1.Affinity{
		NodeAffinity: &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{Weight: 7, Preference: term(ssd)}}},
		PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{
			{TopologyKey: "zone"},
		}},
		PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{
			{TopologyKey: "kubernetes.io/hostname"},
		}},
	}
	kept := beside.DeepCopy()
	kept.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{term(hosts("n1"))}}
	for _, row := range []struct {
		name    string
		own     *corev1.Affinity
		bridges [][]string
		want    *corev1.Affinity
	}{
		{"neither wishes nor bridges", nil, nil, nil},
		{"no bridge leaves the wishes alone", requiring(term(ssd)), nil, requiring(term(ssd))},
		{"one bridge", nil, [][]string{{"n2", "n1"}}, requiring(term(hosts("n1", "n2")))},
		{"two bridges", nil, [][]string{{"n1", "n2"}, {"n2", "n3"}}, requiring(term(hosts("n2")))},
		{"no node", nil, [][]string{{"n1"}, {"n2"}}, requiring(term(never...))},
		{"a bridge that is nowhere", nil, [][]string{nil}, requiring(term(never...))},
		{
			"into every alternative", requiring(term(ssd), term(gpu)), [][]string{{"n1"}},
			requiring(term(ssd, hosts("n1")), term(gpu, hosts("n1"))),
		},
		{"no node, whatever the alternative", requiring(term(ssd), term(gpu)), [][]string{{}}, requiring(term(ssd, never[0], never[1]), term(gpu, never[0], never[1]))},
		{"beside the own choice of nodes", requiring(term(hosts("n1", "n9"))), [][]string{{"n1", "n2"}}, requiring(term(hosts("n1", "n9"), hosts("n1", "n2")))},
		{
			"a term of fields alone", requiring(corev1.NodeSelectorTerm{MatchFields: field}), [][]string{{"n1"}},
			requiring(corev1.NodeSelectorTerm{MatchFields: field, MatchExpressions: []corev1.NodeSelectorRequirement{hosts("n1")}}),
		},
		{"an empty term goes on matching nothing", requiring(term(), term(ssd)), [][]string{{"n1"}}, requiring(term(), term(ssd, hosts("n1")))},
		{"what has no term is left to be refused", requiring(), [][]string{{"n1"}}, requiring()},
		{"preferences and other pods are kept", beside, [][]string{{"n1"}}, kept},
	} {
		t.Run(row.name, func(t *testing.T) {
			before := row.own.DeepCopy()
			if difference := cmp.Diff(row.want, vm.Affinity(row.own, row.bridges)); difference != "" {
				t.Errorf("-want +got:\n%s", difference)
			}
			if difference := cmp.Diff(before, row.own); difference != "" {
				t.Errorf("the machine's own affinity was changed:\n%s", difference)
			}
		})
	}
}
