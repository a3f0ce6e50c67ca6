// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package apply writes objects by server-side apply, and only when that would change something.
package apply

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// Writer applies objects in the name of one controller.
type Writer struct {
	// Client writes, and knows the scheme.
	Client client.Client
	// Live reads past the cache. It is asked once before an object is made, so that an object of somebody
	// else that the cache does not hold is never taken over.
	Live client.Reader
	// Manager is the field manager.
	Manager string
	// Pace spaces out reports of progress.
	Pace *Pace
}

// TakenError is returned when an object that is not ours has the name that is needed.
type TakenError struct {
	// Existing is the object that has the name.
	Existing client.Object
}

// Error says what is in the way and what to do about it.
func (e *TakenError) Error() string {
	owner := "was not created by Wukong"
	if controller := metav1.GetControllerOf(e.Existing); controller != nil {
		owner = fmt.Sprintf("belongs to %s %s", controller.Kind, controller.Name)
	}
	return fmt.Sprintf("%s %s exists already and %s; it is left as it is: rename or remove it, or choose another name",
		e.Existing.GetObjectKind().GroupVersionKind().Kind, client.ObjectKeyFromObject(e.Existing).String(), owner)
}

// Option changes how one object is written.
type Option func(*options)

type options struct {
	locked, exclusive bool
}

// Locked makes the write fail with a conflict when the object changed since it was read. It is for objects of
// which a field is handed back as it was read.
func Locked(o *options) { o.locked = true }

// Exclusive makes the first write fail when somebody else makes an object of that name at the same moment. It is for
// objects that no owner reference keeps apart; a field that is in the first write can only be changed later, not removed.
func Exclusive(o *options) { o.exclusive = true }

// Object applies an object if that would change it, and reports whether it wrote. live is the object as it was
// read, nil when there is none; ours tells whether an existing object may be written. The error is a
// *TakenError when it may not, else the API server's.
func (w Writer) Object(ctx context.Context, desired, live client.Object, ours func(client.Object) bool, opts ...Option) (bool, error) {
	var o options
	for _, option := range opts {
		option(&o)
	}
	if live == nil {
		existing, err := w.read(ctx, desired)
		if err != nil {
			return false, err
		}
		live = existing
	}
	if live != nil && !ours(live) {
		live.GetObjectKind().SetGroupVersionKind(desired.GetObjectKind().GroupVersionKind())
		return false, &TakenError{Existing: live}
	}
	intent, err := intentOf(desired, w.Client.Scheme())
	if err != nil {
		return false, err
	}
	if live != nil {
		same, err := satisfied(intent, live, w.Client.Scheme())
		if err != nil || same {
			return false, err
		}
		if o.locked {
			intent.SetResourceVersion(live.GetResourceVersion())
		}
	}
	if live == nil && o.exclusive {
		if err := w.Client.Create(ctx, intent, client.FieldOwner(w.Manager)); err != nil {
			return false, fmt.Errorf("creating %s %s: %w", intent.GetKind(), client.ObjectKeyFromObject(intent), err)
		}
		w.log(ctx, intent).Info("Applied")
		return true, nil
	}
	if err := w.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(intent), client.FieldOwner(w.Manager), client.ForceOwnership); err != nil {
		return false, fmt.Errorf("applying %s %s: %w", intent.GetKind(), client.ObjectKeyFromObject(intent), err)
	}
	w.log(ctx, intent).Info("Applied")
	return true, nil
}

// WouldChange reports whether Object would write.
func (w Writer) WouldChange(desired, live client.Object) (bool, error) {
	intent, err := intentOf(desired, w.Client.Scheme())
	if err != nil {
		return false, err
	}
	same, err := satisfied(intent, live, w.Client.Scheme())
	return !same, err
}

// read returns the object that has the desired one's name, nil when there is none.
func (w Writer) read(ctx context.Context, desired client.Object) (client.Object, error) {
	existing, ok := desired.DeepCopyObject().(client.Object)
	if !ok {
		return nil, fmt.Errorf("%T is no API object", desired)
	}
	err := w.Live.Get(ctx, client.ObjectKeyFromObject(desired), existing)
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading %T %s: %w", desired, client.ObjectKeyFromObject(desired), err)
	}
	return existing, nil
}

// IsBeingTerminated reports whether an object could not be made because its namespace is being deleted, which
// is no failure: the namespace takes everything along.
func IsBeingTerminated(err error) bool {
	return apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause)
}

// IsTaken reports whether an object could not be written because it is somebody else's.
func IsTaken(err error) bool {
	var taken *TakenError
	return errors.As(err, &taken)
}

// ControlledBy returns a predicate for Object: an existing object is ours when the owner controls it.
func ControlledBy(owner metav1.Object) func(client.Object) bool {
	return func(existing client.Object) bool { return metav1.IsControlledBy(existing, owner) }
}

func toUnstructured(obj client.Object, scheme *runtime.Scheme) (*unstructured.Unstructured, error) {
	gvk, err := apiutil.GVKForObject(obj, scheme)
	if err != nil {
		return nil, fmt.Errorf("looking up the kind of %T: %w", obj, err)
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return nil, fmt.Errorf("converting %s %s: %w", gvk.Kind, client.ObjectKeyFromObject(obj), err)
	}
	converted := &unstructured.Unstructured{Object: content}
	converted.SetGroupVersionKind(gvk)
	return converted, nil
}

// hashOf returns the hash that the object carries of what was last applied to it.
func hashOf(obj client.Object) string {
	return obj.GetAnnotations()[vmv1alpha1.AnnotationAppliedHash]
}
