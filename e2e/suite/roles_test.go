// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"errors"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
)

// TestUserRoles asks what people may who have the built-in roles in a namespace, and the chart's for uplinks.
func TestUserRoles(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.namespace("team")
	for _, role := range []string{"view", "edit", "admin"} {
		w.create(roleBinding("team", role, role, person(role)))
	}
	w.create(&rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "uplinks"}, Subjects: []rbacv1.Subject{person("uplinks")},
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "wukong-uplink-admin"},
	})
	for _, row := range []struct {
		user, verb, resource, namespace string
		want                            bool
	}{
		{"view", "get", "wukongs", "team", true},
		{"view", "list", "wukongnetworks", "team", true},
		{"view", "watch", "wukongnodebridges", "team", true},
		{"view", "create", "wukongs", "team", false},
		{"view", "get", "wukongs", "default", false},
		{"edit", "create", "wukongs", "team", true},
		{"edit", "patch", "wukongs", "team", true},
		{"edit", "deletecollection", "wukongs", "team", true},
		{"edit", "get", "wukongnodebridges", "team", true},
		{"edit", "create", "wukongnodebridges", "team", false},
		{"edit", "update", "wukongnetworks", "team", false},
		{"edit", "delete", "wukongnetworks", "team", false},
		{"edit", "create", "wukongs", "default", false},
		{"edit", "create", "wukonguplinks", "", false},
		{"admin", "delete", "wukongs", "team", true},
		{"admin", "update", "wukongnodebridges", "team", false},
		{"admin", "patch", "wukonguplinks", "", false},
		{"uplinks", "create", "wukonguplinks", "", true},
		{"uplinks", "delete", "wukonguplinks", "", true},
		{"uplinks", "create", "wukongs", "team", false},
	} {
		t.Run(row.user+" "+row.verb+" "+row.resource+" "+row.namespace, func(t *testing.T) {
			w := w.in(t)
			w.eventuallyMay(row.user, row.verb, row.resource, row.namespace, row.want)
		})
	}
}

func person(name string) rbacv1.Subject {
	return rbacv1.Subject{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: name}
}

// eventuallyMay waits until the API server says that a person may do something, or may not: roles are aggregated a moment after they
// were made.
func (w *world) eventuallyMay(user, verb, resource, namespace string, want bool) {
	w.t.Helper()
	w.eventually("what "+user+" may", func(ctx context.Context) error {
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User: user,
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Group: vmv1alpha1.GroupVersion.Group, Resource: resource, Verb: verb, Namespace: namespace,
			},
		}}
		if err := w.Client.Create(ctx, review); err != nil {
			return err
		}
		if review.Status.Allowed != want {
			return errors.New("it is the other way round: " + review.Status.Reason)
		}
		return nil
	})
}
