// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"errors"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	openapi "k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// resource is one version of one definition, compiled.
type resource struct {
	kind       schema.GroupVersionKind
	namespaced bool
	hasStatus  bool
	// structural is what pruning, defaulting, list types and CEL go by, openAPI what types and bounds go by.
	structural *structuralschema.Structural
	openAPI    openapi.SchemaValidator
	rules      *cel.Validator
}

func newResource(
	kind schema.GroupVersionKind, scope apiextensionsv1.ResourceScope, version *apiextensionsv1.CustomResourceDefinitionVersion,
) (*resource, error) {
	if version.Schema == nil || version.Schema.OpenAPIV3Schema == nil {
		return nil, errors.New("has no schema")
	}
	internal := &apiextensions.JSONSchemaProps{}
	err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(version.Schema.OpenAPIV3Schema, internal, nil)
	if err != nil {
		return nil, err
	}
	structural, err := structuralschema.NewStructural(internal)
	if err != nil {
		return nil, err
	}
	// The defaults still belong to the definition, and pruning changes them.
	structural = structural.DeepCopy()
	if err := defaulting.PruneDefaults(structural); err != nil {
		return nil, err
	}
	openAPI, _, err := openapi.NewSchemaValidator(internal)
	if err != nil {
		return nil, err
	}
	return &resource{
		kind:       kind,
		namespaced: scope == apiextensionsv1.NamespaceScoped,
		hasStatus:  version.Subresources != nil && version.Subresources.Status != nil,
		structural: structural,
		openAPI:    openAPI,
		rules:      cel.NewValidator(structural, true, celconfig.PerCallLimit),
	}, nil
}

// decode does what decoding into a Go type would do: unknown fields are found, null is left out where it has
// no meaning, and the metadata is brought into its form.
func (r *resource) decode(content map[string]any, strictErrs field.ErrorList) (*unstructured.Unstructured, field.ErrorList) {
	object := &unstructured.Unstructured{Object: content}
	meta, found, unknown, err := objectmeta.GetObjectMetaWithOptions(content, objectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true})
	if err != nil {
		return nil, field.ErrorList{field.Invalid(field.NewPath("metadata"), field.OmitValueType{}, err.Error())}
	}
	unknown = append(unknown, pruning.PruneWithOptions(content, r.structural, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})...)
	defaulting.PruneNonNullableNullsWithoutDefaults(content, r.structural)
	coerceErr, moreUnknown := objectmeta.CoerceWithOptions(nil, content, r.structural, false, objectmeta.CoerceOptions{ReturnUnknownFieldPaths: true})
	if coerceErr != nil {
		return nil, field.ErrorList{coerceErr}
	}
	for _, path := range append(unknown, moreUnknown...) {
		strictErrs = append(strictErrs, strictError("unknown", path))
	}
	if len(strictErrs) > 0 {
		return nil, strictErrs
	}
	if found {
		if err := objectmeta.SetObjectMeta(content, meta); err != nil {
			return nil, field.ErrorList{field.Invalid(field.NewPath("metadata"), field.OmitValueType{}, err.Error())}
		}
	}
	return object, nil
}

// setDefaults fills in defaults. A status is the controllers' and is dropped on creation.
func (r *resource) setDefaults(object *unstructured.Unstructured) {
	defaulting.Default(object.Object, r.structural)
	if r.hasStatus {
		delete(object.Object, "status")
	}
}
