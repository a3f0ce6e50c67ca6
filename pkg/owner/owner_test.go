// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package owner

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

func TestRequests(t *testing.T) {
	yes := true
	reference := metav1.OwnerReference{APIVersion: "vm.novasphere.dev/v1alpha1", Kind: "Wukong", Name: "vm", UID: "1", Controller: &yes}
	foreignGroup, notController := reference, reference
	foreignGroup.APIVersion = "example.org/v1"
	notController.Controller = nil
	for name, tc := range map[string]struct {
		references []metav1.OwnerReference
		want       string
	}{
		"a Wukong's":                     {references: []metav1.OwnerReference{reference}, want: "ns/vm"},
		"nobody's":                       {},
		"of another group's Wukong":      {references: []metav1.OwnerReference{foreignGroup}},
		"owned but not controlled by it": {references: []metav1.OwnerReference{notController}},
	} {
		t.Run(name, func(t *testing.T) {
			child := &vmv1alpha1.WukongNetwork{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "child", OwnerReferences: tc.references}}
			got := ""
			for _, request := range Requests(t.Context(), child) {
				got = request.String()
			}
			if got != tc.want || len(uid(child)) != len(Requests(t.Context(), child)) {
				t.Errorf("got %q, indexed by %v, want %q", got, uid(child), tc.want)
			}
		})
	}
}
