// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/render/machine"
)

// secrets reads what the spec takes from Secrets. The error is a *machine.SecretError where a Secret is missing or is
// not what it has to be.
func (r *reconciler) secrets(ctx context.Context, wukong *vmv1alpha1.Wukong) (machine.SecretValues, error) {
	found := map[string]*corev1.Secret{}
	for _, reference := range machine.SecretReferences(&wukong.Spec) {
		secret := &corev1.Secret{}
		err := r.live.Get(ctx, types.NamespacedName{Namespace: wukong.Namespace, Name: reference.Name}, secret)
		switch {
		case apierrors.IsNotFound(err):
			return machine.SecretValues{}, &machine.SecretError{
				Field: reference.Field, Reason: vmv1alpha1.ReasonSecretNotFound,
				Message: fmt.Sprintf("Secret %s, which %s names, does not exist in namespace %s; create it", reference.Name, reference.Field, wukong.Namespace),
			}
		case err != nil:
			return machine.SecretValues{}, fmt.Errorf("reading Secret %s: %w", reference.Name, err)
		}
		found[reference.Name] = secret
	}
	return machine.ReadSecrets(&wukong.Spec, found)
}
