// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

// AddFinalizer adds a finalizer to an object that lacks it. It is applied, so that a change that somebody else makes at the
// same time is no conflict, and with the object's UID, so that an object that is gone is not made again.
func (w Writer) AddFinalizer(ctx context.Context, obj client.Object, finalizer string) error {
	if slices.Contains(obj.GetFinalizers(), finalizer) {
		return nil
	}
	gvk, err := apiutil.GVKForObject(obj, w.Client.Scheme())
	if err != nil {
		return fmt.Errorf("looking up the kind of %T: %w", obj, err)
	}
	intent := &unstructured.Unstructured{Object: map[string]any{}}
	intent.SetGroupVersionKind(gvk)
	intent.SetNamespace(obj.GetNamespace())
	intent.SetName(obj.GetName())
	intent.SetUID(obj.GetUID())
	intent.SetFinalizers([]string{finalizer})
	err = w.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(intent), client.FieldOwner(w.Manager), client.ForceOwnership)
	if err != nil {
		return fmt.Errorf("adding finalizer %s: %w", finalizer, err)
	}
	return nil
}

// RemoveFinalizer removes a finalizer from an object that has it. Only a change of the finalizers themselves is a conflict;
// an object that is gone is no error.
func (w Writer) RemoveFinalizer(ctx context.Context, obj client.Object, finalizer string) error {
	index := slices.Index(obj.GetFinalizers(), finalizer)
	if index < 0 {
		return nil
	}
	path := fmt.Sprintf("/metadata/finalizers/%d", index)
	patch, err := json.Marshal([]map[string]string{
		{"op": "test", "path": path, "value": finalizer},
		{"op": "remove", "path": path},
	})
	if err != nil {
		return fmt.Errorf("marshalling a patch: %w", err)
	}
	target, ok := obj.DeepCopyObject().(client.Object)
	if !ok {
		return fmt.Errorf("%T is no API object", obj)
	}
	if err := client.IgnoreNotFound(w.Client.Patch(ctx, target, client.RawPatch(types.JSONPatchType, patch), client.FieldOwner(w.Manager))); err != nil {
		return fmt.Errorf("removing finalizer %s from %s: %w", finalizer, client.ObjectKeyFromObject(obj), err)
	}
	w.log(ctx, obj).Info("Let go")
	return nil
}
