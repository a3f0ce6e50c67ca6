// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package validation says offline what an API server would say to "kubectl create": it decodes, defaults and
// validates a custom resource by its CustomResourceDefinition, with the API server's own libraries and in the
// API server's order, so that both give the same errors in the same words.
package validation

import (
	"fmt"
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// Validator validates objects of the kinds it was made for. It may be used concurrently.
type Validator struct {
	resources map[schema.GroupVersionKind]*resource
}

// New returns a Validator for every served version of the given definitions. It compiles their schemas and
// CEL rules, so make one and keep it.
func New(crds ...*apiextensionsv1.CustomResourceDefinition) (*Validator, error) {
	validator := &Validator{resources: map[schema.GroupVersionKind]*resource{}}
	for _, crd := range crds {
		for i := range crd.Spec.Versions {
			version := &crd.Spec.Versions[i]
			if !version.Served {
				continue
			}
			kind := schema.GroupVersionKind{Group: crd.Spec.Group, Version: version.Name, Kind: crd.Spec.Names.Kind}
			resource, err := newResource(kind, crd.Spec.Scope, version)
			if err != nil {
				return nil, fmt.Errorf("%s, version %s: %w", crd.Name, version.Name, err)
			}
			validator.resources[kind] = resource
		}
	}
	return validator, nil
}

// Validate takes one object as YAML or JSON through what the API server does with it on creation, and returns
// it with its defaults. The object is nil when it could not be decoded. As on the API server, a field that
// is unknown or given twice ends the validation; correct it to see what else there is. Errors that the API
// server would give before it knows the object, such as those about YAML itself, have the field "document".
func (v *Validator) Validate(document []byte) (*unstructured.Unstructured, field.ErrorList) {
	content, strictErrs, err := parse(document)
	if err != nil {
		return nil, field.ErrorList{field.Invalid(field.NewPath("document"), field.OmitValueType{}, err.Error())}
	}
	resource, errs := v.resourceFor(content)
	if len(errs) > 0 {
		return nil, errs
	}
	object, errs := resource.decode(content, strictErrs)
	if len(errs) > 0 {
		return nil, errs
	}
	resource.setDefaults(object)
	return object, resource.validate(object.DeepCopy())
}

// Wukong is Validate for a Wukong. The result is nil if and only if there are errors.
func (v *Validator) Wukong(document []byte) (*vmv1alpha1.Wukong, field.ErrorList) {
	object, errs := v.Validate(document)
	if len(errs) > 0 {
		return nil, errs
	}
	if kind, want := object.GroupVersionKind(), vmv1alpha1.GroupVersion.WithKind("Wukong"); kind != want {
		return nil, field.ErrorList{field.NotSupported(field.NewPath("kind"), kind.Kind, []string{want.Kind})}
	}
	wukong := &vmv1alpha1.Wukong{}
	// It cannot fail on what the schema let through, unless the schema and the Go types are of different builds.
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, wukong); err != nil {
		return nil, field.ErrorList{field.Invalid(field.NewPath("document"), field.OmitValueType{}, err.Error())}
	}
	return wukong, nil
}

// resourceFor finds the definition that an object belongs to.
func (v *Validator) resourceFor(content map[string]any) (*resource, field.ErrorList) {
	object := &unstructured.Unstructured{Object: content}
	for _, required := range []struct{ name, value, detail string }{
		{"apiVersion", object.GetAPIVersion(), "write for example " + vmv1alpha1.GroupVersion.String()},
		{"kind", object.GetKind(), "write for example Wukong"},
	} {
		if required.value == "" {
			return nil, field.ErrorList{field.Required(field.NewPath(required.name), required.detail)}
		}
	}
	kind := object.GroupVersionKind()
	if resource, known := v.resources[kind]; known {
		return resource, nil
	}
	var versions, kinds []string
	for known := range v.resources {
		versions = append(versions, known.GroupVersion().String())
		if known.GroupVersion() == kind.GroupVersion() {
			kinds = append(kinds, known.Kind)
		}
	}
	if len(kinds) > 0 {
		slices.Sort(kinds)
		return nil, field.ErrorList{field.NotSupported(field.NewPath("kind"), kind.Kind, kinds)}
	}
	slices.Sort(versions)
	return nil, field.ErrorList{field.NotSupported(field.NewPath("apiVersion"), object.GetAPIVersion(), slices.Compact(versions))}
}
