// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var written = writes.counterVec()

// words are those in which the API server refuses a write. A webhook may use any, which would make any number of series.
var words = sets.New(
	metav1.StatusReasonUnauthorized, metav1.StatusReasonForbidden, metav1.StatusReasonNotFound, metav1.StatusReasonAlreadyExists,
	metav1.StatusReasonConflict, metav1.StatusReasonGone, metav1.StatusReasonInvalid, metav1.StatusReasonBadRequest,
	metav1.StatusReasonMethodNotAllowed, metav1.StatusReasonRequestEntityTooLarge, metav1.StatusReasonTooManyRequests,
	metav1.StatusReasonTimeout, metav1.StatusReasonServerTimeout, metav1.StatusReasonInternalError, metav1.StatusReasonServiceUnavailable,
)

// ofReviews are the groups of reviews.
var ofReviews = sets.New("authentication.k8s.io", "authorization.k8s.io")

// CountWrites returns the client with its writes counted.
func CountWrites(c client.Client) client.Client {
	return writer{Client: c}
}

type writer struct{ client.Client }

// Create counts a creation, unless it is that of a review: it is a question, which the API server answers and forgets.
func (w writer) Create(ctx context.Context, obj client.Object, opts ...client.CreateOption) error {
	err := w.Client.Create(ctx, obj, opts...)
	if gvk, unknown := w.GroupVersionKindFor(obj); unknown == nil && ofReviews.Has(gvk.Group) {
		return err
	}
	return count(w.kindOf(obj), "", "create", err)
}

// Apply counts a server-side apply.
func (w writer) Apply(ctx context.Context, obj runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
	return count(kindOfApplied(obj), "", "apply", w.Client.Apply(ctx, obj, opts...))
}

// Update counts an update.
func (w writer) Update(ctx context.Context, obj client.Object, opts ...client.UpdateOption) error {
	return count(w.kindOf(obj), "", "update", w.Client.Update(ctx, obj, opts...))
}

// Patch counts a patch.
func (w writer) Patch(ctx context.Context, obj client.Object, patch client.Patch, opts ...client.PatchOption) error {
	return count(w.kindOf(obj), "", "patch", w.Client.Patch(ctx, obj, patch, opts...))
}

// Delete counts a deletion.
func (w writer) Delete(ctx context.Context, obj client.Object, opts ...client.DeleteOption) error {
	return count(w.kindOf(obj), "", "delete", w.Client.Delete(ctx, obj, opts...))
}

// DeleteAllOf counts a deletion of many objects as one.
func (w writer) DeleteAllOf(ctx context.Context, obj client.Object, opts ...client.DeleteAllOfOption) error {
	return count(w.kindOf(obj), "", "delete", w.Client.DeleteAllOf(ctx, obj, opts...))
}

// Status returns a writer of statuses whose writes are counted.
func (w writer) Status() client.SubResourceWriter { return w.SubResource("status") }

// SubResource returns a client of a subresource whose writes are counted.
func (w writer) SubResource(name string) client.SubResourceClient {
	return subresourceWriter{SubResourceClient: w.Client.SubResource(name), of: w, name: name}
}

// kindOf returns an object's kind, which every object that can be written has.
func (w writer) kindOf(obj runtime.Object) string {
	gvk, err := w.GroupVersionKindFor(obj)
	if err != nil {
		return ""
	}
	return gvk.Kind
}

type subresourceWriter struct {
	client.SubResourceClient
	of   writer
	name string
}

// Create counts a creation.
func (w subresourceWriter) Create(ctx context.Context, obj, sub client.Object, opts ...client.SubResourceCreateOption) error {
	return count(w.of.kindOf(obj), w.name, "create", w.SubResourceClient.Create(ctx, obj, sub, opts...))
}

// Apply counts a server-side apply.
func (w subresourceWriter) Apply(ctx context.Context, obj runtime.ApplyConfiguration, opts ...client.SubResourceApplyOption) error {
	return count(kindOfApplied(obj), w.name, "apply", w.SubResourceClient.Apply(ctx, obj, opts...))
}

// Update counts an update.
func (w subresourceWriter) Update(ctx context.Context, obj client.Object, opts ...client.SubResourceUpdateOption) error {
	return count(w.of.kindOf(obj), w.name, "update", w.SubResourceClient.Update(ctx, obj, opts...))
}

// Patch counts a patch.
func (w subresourceWriter) Patch(ctx context.Context, obj client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
	return count(w.of.kindOf(obj), w.name, "patch", w.SubResourceClient.Patch(ctx, obj, patch, opts...))
}

// count counts a write by what came of it, and returns its error as it is.
func count(kind, subresource, verb string, err error) error {
	result := "OK"
	if err != nil {
		result = "Error"
		if reason := apierrors.ReasonForError(err); words.Has(reason) {
			result = string(reason)
		}
	}
	written.WithLabelValues(kind, subresource, verb, result).Inc()
	return err
}

// kindOfApplied returns the kind that is to be applied, of an unstructured object or of one made for applying.
func kindOfApplied(obj runtime.ApplyConfiguration) string {
	switch named := obj.(type) {
	case interface{ GetKind() string }:
		return named.GetKind()
	case interface{ GetKind() *string }:
		if kind := named.GetKind(); kind != nil {
			return *kind
		}
	}
	return ""
}
