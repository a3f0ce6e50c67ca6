// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package secrets

import (
	"context"
	"errors"
	"fmt"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/apply"
)

// Role is the name of the ClusterRole that is bound in a namespace, and of the RoleBinding there. It is the same in every
// installation, so that the right to bind can be given by name.
const Role = "wukong-secrets"

// serviceAccountPrefix begins the user names of service accounts (Kubernetes, "Authenticating").
const serviceAccountPrefix = "system:serviceaccount:"

// subject returns a user as RoleBindings name it.
func subject(user string) rbacv1.Subject {
	if account, isAccount := strings.CutPrefix(user, serviceAccountPrefix); isAccount {
		if namespace, name, ok := strings.Cut(account, ":"); ok {
			return rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: name}
		}
	}
	return rbacv1.Subject{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}
}

// binding returns the RoleBinding of one namespace.
func binding(namespace string, self rbacv1.Subject) *rbacv1.RoleBinding {
	return &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: Role,
			Labels: map[string]string{vmv1alpha1.LabelManagedBy: vmv1alpha1.ManagedByWukong},
		},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: Role},
		Subjects: []rbacv1.Subject{self},
	}
}

// grant makes the binding, anew when it is for somebody else, as after a reinstallation under another name.
func (a *Access) grant(ctx context.Context, namespace string) error {
	wanted, found := binding(namespace, a.self), &rbacv1.RoleBinding{}
	err := a.live.Get(ctx, client.ObjectKeyFromObject(wanted), found)
	switch {
	case apierrors.IsNotFound(err):
		if err := a.client.Create(ctx, wanted, client.FieldOwner(Role)); err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("creating RoleBinding %s in namespace %s: %w", Role, namespace, err)
		}
		return nil
	case err != nil:
		return fmt.Errorf("reading RoleBinding %s in namespace %s: %w", Role, namespace, err)
	case equality.Semantic.DeepEqual(wanted.RoleRef, found.RoleRef) && equality.Semantic.DeepEqual(wanted.Subjects, found.Subjects):
		return nil
	case found.Labels[vmv1alpha1.LabelManagedBy] != vmv1alpha1.ManagedByWukong:
		found.SetGroupVersionKind(rbacv1.SchemeGroupVersion.WithKind("RoleBinding"))
		return &apply.TakenError{Existing: found}
	}
	// A binding's role cannot be changed, and its subjects need not be: it is made again.
	if err := a.revoke(ctx, namespace); err != nil {
		return err
	}
	return a.grant(ctx, namespace)
}

// revoke removes the binding, if there is one.
func (a *Access) revoke(ctx context.Context, namespace string) error {
	if err := a.client.Delete(ctx, binding(namespace, a.self)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("deleting RoleBinding %s in namespace %s: %w", Role, namespace, err)
	}
	return nil
}

// found takes note of a binding.
func (a *Access) found(namespace string) {
	ns := a.of(namespace)
	ns.mu.Lock()
	defer ns.mu.Unlock()
	ns.bound = true
}

// mayPass reports whether a refusal of the binding may be over in a moment: admission sees the namespace's first Wukong a little
// after the manager. A policy that lacks its parameter answers that the request is invalid.
func mayPass(err error) bool {
	if apply.IsBeingTerminated(err) {
		return false
	}
	return errors.Is(err, errNotInForce) || apierrors.IsForbidden(err) || apierrors.IsInvalid(err)
}

// Sweep takes note of the bindings that an earlier manager made, and removes those of namespaces that no longer have a Wukong, which
// one that was stopped in between leaves behind. used tells whether a namespace has one.
func (a *Access) Sweep(ctx context.Context, used func(namespace string) (bool, error)) error {
	var list rbacv1.RoleBindingList
	if err := a.live.List(ctx, &list, client.MatchingLabels{vmv1alpha1.LabelManagedBy: vmv1alpha1.ManagedByWukong}); err != nil {
		return fmt.Errorf("listing RoleBindings: %w", err)
	}
	for i := range list.Items {
		if list.Items[i].Name != Role {
			continue
		}
		namespace := list.Items[i].Namespace
		a.found(namespace)
		err := a.Release(ctx, namespace, func() (bool, error) {
			inUse, err := used(namespace)
			return !inUse, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
