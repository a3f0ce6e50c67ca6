// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"context"
	"errors"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

func TestWritesAreCounted(t *testing.T) {
	broken := errors.New("no route to host")
	odd := &apierrors.StatusError{ErrStatus: metav1.Status{Reason: "TheMoonIsFull"}}
	conflict := apierrors.NewConflict(schema.GroupResource{Resource: "wukongs"}, "vm", nil)
	scheme := newScheme(t)
	if err := authorizationv1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	c := CountWrites(interceptor.NewClient(fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&vmv1alpha1.Wukong{}, &vmv1alpha1.WukongNetwork{}).Build(), interceptor.Funcs{
		Update: func(context.Context, client.WithWatch, client.Object, ...client.UpdateOption) error { return conflict },
		DeleteAllOf: func(context.Context, client.WithWatch, client.Object, ...client.DeleteAllOfOption) error {
			return broken
		},
		Create: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
			if obj.GetName() == "odd" {
				return odd
			}
			if _, isReview := obj.(*authorizationv1.SelfSubjectAccessReview); isReview {
				return nil
			}
			return c.Create(ctx, obj, opts...)
		},
	}))
	ctx := t.Context()
	wukong := &vmv1alpha1.Wukong{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "vm"}}
	applied := &unstructured.Unstructured{}
	applied.SetGroupVersionKind(vmv1alpha1.GroupVersion.WithKind("WukongNetwork"))
	applied.SetNamespace("ns")
	applied.SetName("vm-lan")
	configuration := client.ApplyConfigurationFromUnstructured(applied)
	for _, row := range []struct {
		labels []string
		write  func() error
		want   error
	}{
		{[]string{"Wukong", "", "create", "OK"}, func() error { return c.Create(ctx, wukong) }, nil},
		{[]string{"Wukong", "", "create", "Error"}, func() error {
			return c.Create(ctx, &vmv1alpha1.Wukong{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "odd"}})
		}, odd},
		{[]string{"Wukong", "", "patch", "OK"}, func() error {
			return c.Patch(ctx, wukong, client.RawPatch("application/merge-patch+json", []byte("{}")))
		}, nil},
		{[]string{"Wukong", "status", "patch", "OK"}, func() error {
			return c.Status().Patch(ctx, wukong, client.RawPatch("application/merge-patch+json", []byte("{}")))
		}, nil},
		{[]string{"Wukong", "status", "update", "OK"}, func() error { return c.SubResource("status").Update(ctx, wukong) }, nil},
		{[]string{"WukongNetwork", "", "apply", "OK"}, func() error { return c.Apply(ctx, configuration, client.FieldOwner("test"), client.ForceOwnership) }, nil},
		{[]string{"WukongNetwork", "status", "apply", "OK"}, func() error {
			return c.Status().Apply(ctx, configuration, client.FieldOwner("test"), client.ForceOwnership)
		}, nil},
		{[]string{"Wukong", "", "update", "Conflict"}, func() error { return c.Update(ctx, wukong) }, conflict},
		{[]string{"Wukong", "", "delete", "Error"}, func() error { return c.DeleteAllOf(ctx, wukong) }, broken},
		{[]string{"Wukong", "", "delete", "OK"}, func() error { return c.Delete(ctx, wukong) }, nil},
	} {
		before := testutil.ToFloat64(written.WithLabelValues(row.labels...))
		if err := row.write(); !errors.Is(err, row.want) {
			t.Errorf("%v: got error %v, want %v", row.labels, err, row.want)
		}
		if more := testutil.ToFloat64(written.WithLabelValues(row.labels...)) - before; more != 1 {
			t.Errorf("%v: counted %v times", row.labels, more)
		}
	}
	all := testutil.CollectAndCount(written)
	if err := c.Create(ctx, &authorizationv1.SelfSubjectAccessReview{}); err != nil || testutil.CollectAndCount(written) != all {
		t.Errorf("a question counts as a write: %v", err)
	}
	if err := c.Get(ctx, client.ObjectKeyFromObject(wukong), wukong); !apierrors.IsNotFound(err) {
		t.Errorf("reading what was deleted: %v", err)
	}
}
