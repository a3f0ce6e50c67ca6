// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package neighbours

import (
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestKubeVirtSubresources(t *testing.T) {
	crds, err := CRDs(KubeVirt)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{
		"VirtualMachine":                  true,
		"VirtualMachineInstance":          false,
		"VirtualMachineInstanceMigration": true,
		"KubeVirt":                        true,
	}
	if len(crds) != len(want) {
		t.Errorf("got %d CRDs, want %d", len(crds), len(want))
	}
	for _, crd := range crds {
		version := crd.Spec.Versions[0]
		hasStatus := version.Subresources != nil && version.Subresources.Status != nil
		if hasStatus != want[crd.Spec.Names.Kind] {
			t.Errorf("%s has a status subresource: %t", crd.Spec.Names.Kind, hasStatus)
		}
	}
}

func TestVirtualMachineSchemaIsInForce(t *testing.T) {
	install(t, KubeVirt)
	defer remove(t, KubeVirt)
	machine := parse(t, samples[KubeVirt])
	machine.Object["spec"].(map[string]any)["template"].(map[string]any)["unheardOf"] = "value"
	if _, err := resource(t, machine).Create(t.Context(), machine,
		metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict}); err == nil {
		t.Error("a field that KubeVirt does not know was taken")
	}
}

func TestCRDsAreCopies(t *testing.T) {
	first, err := CRDs(KubeVirt)
	if err != nil {
		t.Fatal(err)
	}
	first[0].Spec.Versions = []apiextensionsv1.CustomResourceDefinitionVersion{}
	second, err := CRDs(KubeVirt)
	if err != nil {
		t.Fatal(err)
	}
	if len(second[0].Spec.Versions) == 0 {
		t.Error("a caller changed what the next one gets")
	}
}
