// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/apply"
	"github.com/novasphere/wukong/pkg/conditions"
	"github.com/novasphere/wukong/pkg/render/machine"
	"github.com/novasphere/wukong/pkg/secrets"
)

// values reads what the spec takes from Secrets. The error is a *machine.SecretError where a Secret is missing or is
// not what it has to be.
func (r *reconciler) values(ctx context.Context, wukong *vmv1alpha1.Wukong) (machine.SecretValues, error) {
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

// read opens the namespace's Secrets and reads what the spec takes from them. What is missing or not what it has to be is returned and told
// in the result, as is why they cannot be read; the error is for another try.
func (r *reconciler) read(ctx context.Context, wukong *vmv1alpha1.Wukong, res *result) (machine.SecretValues, *machine.SecretError, error) {
	if err := r.open(ctx, wukong, res); err != nil {
		return machine.SecretValues{}, nil, err
	}
	values, err := r.values(ctx, wukong)
	if lacking, ok := errors.AsType[*machine.SecretError](err); ok {
		res.cloudInit = conditions.False(vmv1alpha1.ConditionCloudInitReady, lacking.Reason, lacking.Message)
		return machine.SecretValues{}, lacking, nil
	}
	if err != nil {
		res.cloudInit = conditions.Unknown(vmv1alpha1.ConditionCloudInitReady, vmv1alpha1.ReasonSecretNotFound, "the Secrets could not be read; this is tried again")
		return machine.SecretValues{}, nil, errors.Join(err, r.reopen(ctx, wukong.Namespace, err))
	}
	return values, nil, nil
}

// open makes the Secrets of the Wukong's namespace readable, and tells in the result when the API server does not let it.
func (r *reconciler) open(ctx context.Context, wukong *vmv1alpha1.Wukong, res *result) error {
	err := r.secrets.Open(ctx, wukong.Namespace)
	switch {
	case err == nil || ctx.Err() != nil:
		return err
	case apply.IsBeingTerminated(err):
		res.cloudInit = conditions.Unknown(vmv1alpha1.ConditionCloudInitReady, vmv1alpha1.ReasonDeleting, "the namespace is being deleted")
	default:
		message := fmt.Sprintf("the namespace's Secrets cannot be read: %s; have RoleBinding %s allowed here, it is tried again", err, secrets.Role)
		res.cloudInit = conditions.False(vmv1alpha1.ConditionCloudInitReady, vmv1alpha1.ReasonApplyFailed, message)
	}
	return err
}

// errNotAllowed is why another try may succeed: it asks for the right again.
var errNotAllowed = errors.New("the right on the namespace's Secrets was taken away")

// reopen looks, after a refusal, whether somebody took the right on the namespace's Secrets away. It returns an error if so, and when
// it cannot be told.
func (r *reconciler) reopen(ctx context.Context, namespace string, refusal error) error {
	if !apierrors.IsForbidden(refusal) {
		return nil
	}
	if allowed, err := r.secrets.Allowed(ctx, namespace); err != nil || allowed {
		return err
	}
	r.secrets.Forget(namespace)
	return errNotAllowed
}

// release gives the Secrets of a namespace back when its last Wukong is gone.
func (r *reconciler) release(ctx context.Context, namespace string) error {
	return r.secrets.Release(ctx, namespace, func() (bool, error) {
		used, err := r.used(ctx, namespace)
		return !used, err
	})
}

// used reports whether a namespace has a Wukong.
func (r *reconciler) used(ctx context.Context, namespace string) (bool, error) {
	var list vmv1alpha1.WukongList
	if err := r.client.List(ctx, &list, client.InNamespace(namespace), client.Limit(1)); err != nil {
		return false, fmt.Errorf("listing Wukongs of namespace %s: %w", namespace, err)
	}
	return len(list.Items) > 0, nil
}

// sweepRetry is how long sweep waits after a failure.
const sweepRetry = 30 * time.Second

// sweep gives back, once, what a manager that was stopped at the wrong moment has kept. That it fails is no reason not to work.
func (r *reconciler) sweep(ctx context.Context) error {
	// It ends early when the manager stops, and whoever leads next begins anew.
	_ = wait.PollUntilContextCancel(ctx, sweepRetry, true, func(ctx context.Context) (bool, error) {
		err := r.secrets.Sweep(ctx, func(namespace string) (bool, error) { return r.used(ctx, namespace) })
		if err != nil && ctx.Err() == nil {
			ctrl.LoggerFrom(ctx).Error(err, "Secrets of namespaces without Wukongs are not given back yet")
		}
		return err == nil, nil
	})
	return nil
}
