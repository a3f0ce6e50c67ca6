// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"context"
	"slices"

	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	openapi "k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	metavalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/storage/names"
)

// validate takes the steps of the API server's strategy for custom resources. It may change the object.
func (r *resource) validate(object *unstructured.Unstructured) field.ErrorList {
	r.completeMetadata(object)
	// Nothing here waits; the API server's functions ask for a context all the same.
	ctx := context.Background()
	errs := metavalidation.ValidateObjectMetaAccessor(object, r.namespaced, metavalidation.NameIsDNSSubdomain, field.NewPath("metadata"))
	errs = append(errs, openapi.ValidateCustomResource(nil, object.Object, r.openAPI)...)
	errs = append(errs, objectmeta.Validate(ctx, nil, object.Object, r.structural, false)...)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, r.structural, object.Object)...)
	if slices.ContainsFunc(errs, blocksRules) {
		return append(errs, field.Invalid(nil, nil, rulesNotChecked))
	}
	ruleErrs, _ := r.rules.Validate(ctx, nil, r.structural, object.Object, nil, celconfig.RuntimeCELCostBudget)
	return append(errs, ruleErrs...)
}

// completeMetadata fills in what the client or the API server fills in before it validates.
func (r *resource) completeMetadata(object *unstructured.Unstructured) {
	switch {
	case !r.namespaced:
		// The API server takes the namespace away where a kind has none.
		object.SetNamespace(metav1.NamespaceNone)
	case object.GetNamespace() == "":
		object.SetNamespace(metav1.NamespaceDefault)
	}
	if object.GetName() == "" && object.GetGenerateName() != "" {
		prefix := object.GetGenerateName()
		object.SetName(prefix[:min(len(prefix), names.MaxGeneratedNameLength)] + "xxxxx")
	}
}

// rulesNotChecked is the API server's sentence, so that nobody takes the errors for all there are.
const rulesNotChecked = "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"

// blocksRules tells whether an object with this error cannot be given to CEL rules, which trust the schema's
// types and bounds.
func blocksRules(err *field.Error) bool {
	switch err.Type {
	case field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid:
		return true
	default:
		return false
	}
}
