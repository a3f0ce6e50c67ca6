// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package acting

import (
	"context"
	"errors"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Edit writes what an edit changed in an object's metadata, spec and, where it is no resource of its own, status. Nothing is
// written where nothing changed. The error is that of the API server.
func Edit[T client.Object](ctx context.Context, c client.Client, object T, manager string, edit func(T)) error {
	change, err := changed(object, edit)
	if err != nil || change == nil {
		return err
	}
	return c.Patch(ctx, object, change, client.FieldOwner(manager))
}

// EditStatus is Edit for a status that is a resource of its own.
func EditStatus[T client.Object](ctx context.Context, c client.Client, object T, manager string, edit func(T)) error {
	change, err := changed(object, edit)
	if err != nil || change == nil {
		return err
	}
	return c.Status().Patch(ctx, object, change, client.FieldOwner(manager))
}

// changed edits an object and returns the patch that leads there, nil where nothing changed.
func changed[T client.Object](object T, edit func(T)) (client.Patch, error) {
	before, ok := object.DeepCopyObject().(T)
	if !ok {
		return nil, errors.New("copying an object changed its type")
	}
	edit(object)
	patch := client.MergeFrom(before)
	data, err := patch.Data(object)
	if err != nil || string(data) == "{}" {
		return nil, err
	}
	return patch, nil
}
