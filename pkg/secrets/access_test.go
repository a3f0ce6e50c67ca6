// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package secrets

import (
	"context"
	"errors"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// TestSourceEndsWithItsNamespace closes a namespace whose Secrets never came: what waits for them must not do so as long as the manager
// lives.
func TestSourceEndsWithItsNamespace(t *testing.T) {
	open, closeIt := context.WithCancel(t.Context())
	ended := make(chan struct{})
	waits := source.Func(func(ctx context.Context, _ workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		go func() {
			<-ctx.Done()
			close(ended)
		}()
		return nil
	})
	if err := while(open, waits).Start(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
		t.Fatal("it ended while the namespace was open")
	default:
	}
	closeIt()
	<-ended
}

// TestReleaseOfNothing releases namespaces in which nothing was given, as happens for each machine of somebody else: nothing is asked of
// the API server.
func TestReleaseOfNothing(t *testing.T) {
	deleted := 0
	api := interceptor.NewClient(fake.NewClientBuilder().Build(), interceptor.Funcs{
		Delete: func(context.Context, client.WithWatch, client.Object, ...client.DeleteOption) error {
			deleted++
			return nil
		},
	})
	a := &Access{client: api, namespaces: map[string]*namespace{}}
	unused := func() (bool, error) { return true, nil }
	for range 3 {
		if err := a.Release(t.Context(), "somebody", unused); err != nil {
			t.Fatal(err)
		}
	}
	if deleted != 0 {
		t.Errorf("%d deletions of a binding that was never made", deleted)
	}
	// One that an earlier manager made is removed, once.
	a.found("left")
	for range 2 {
		if err := a.Release(t.Context(), "left", unused); err != nil {
			t.Fatal(err)
		}
	}
	if deleted != 1 {
		t.Errorf("%d deletions of a binding that was found, want 1", deleted)
	}
}

func TestMayPass(t *testing.T) {
	bindings := schema.GroupResource{Group: rbacv1.GroupName, Resource: "rolebindings"}
	for name, tc := range map[string]struct {
		err  error
		want bool
	}{
		"not in force yet":  {errNotInForce, true},
		"forbidden":         {apierrors.NewForbidden(bindings, Role, errors.New("no")), true},
		"lacks a parameter": {apierrors.NewInvalid(schema.GroupKind{Group: rbacv1.GroupName, Kind: "RoleBinding"}, Role, nil), true},
		"somebody else's":   {apierrors.NewConflict(bindings, Role, errors.New("no")), false},
		"no answer":         {context.DeadlineExceeded, false},
	} {
		if got := mayPass(tc.err); got != tc.want {
			t.Errorf("%s: %t, want %t", name, got, tc.want)
		}
	}
}

func TestSubject(t *testing.T) {
	for user, want := range map[string]rbacv1.Subject{
		"system:serviceaccount:wukong-system:wukong-manager": {Kind: "ServiceAccount", Namespace: "wukong-system", Name: "wukong-manager"},
		"kubernetes-admin":      {Kind: "User", APIGroup: rbacv1.GroupName, Name: "kubernetes-admin"},
		"system:serviceaccount": {Kind: "User", APIGroup: rbacv1.GroupName, Name: "system:serviceaccount"},
	} {
		if got := subject(user); got != want {
			t.Errorf("%s: %+v, want %+v", user, got, want)
		}
	}
}
