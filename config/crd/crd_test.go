// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package crd

import (
	"slices"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
)

// What the API server refuses at install, such as a CEL rule that may cost too much, is found here in a
// second and without one.
func TestAllAreAcceptable(t *testing.T) {
	crds, err := All()
	if err != nil {
		t.Fatal(err)
	}
	if len(crds) == 0 {
		t.Fatal("no CustomResourceDefinition is embedded")
	}
	var names []string
	for _, crd := range crds {
		names = append(names, crd.Name)
		t.Run(crd.Name, func(t *testing.T) {
			apiextensionsv1.SetDefaults_CustomResourceDefinition(crd)
			apiextensionsv1.SetDefaults_CustomResourceDefinitionSpec(&crd.Spec)
			internal := &apiextensions.CustomResourceDefinition{}
			if err := apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(crd, internal, nil); err != nil {
				t.Fatal(err)
			}
			// The API server sets it when it stores the definition.
			internal.Status.StoredVersions = []string{internal.Spec.Versions[0].Name}
			for _, err := range validation.ValidateCustomResourceDefinition(t.Context(), internal) {
				t.Error(err)
			}
		})
	}
	if !slices.IsSorted(names) {
		t.Errorf("the order is %v, want it sorted", names)
	}
}
