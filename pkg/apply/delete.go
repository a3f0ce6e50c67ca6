// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Delete deletes an object. One that is gone is no error.
func (w Writer) Delete(ctx context.Context, obj client.Object) error {
	if err := w.Client.Delete(ctx, obj); err != nil {
		if client.IgnoreNotFound(err) == nil {
			return nil
		}
		return fmt.Errorf("deleting %T %s: %w", obj, obj.GetName(), err)
	}
	w.log(ctx, obj).Info("Deleted")
	return nil
}
