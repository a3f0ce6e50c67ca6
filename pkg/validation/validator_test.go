// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"strings"
	"sync"
	"testing"

	apiresource "k8s.io/apimachinery/pkg/api/resource"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/config/crd"
)

// The agreement with an API server is tested in e2e/validation, which has one. Here is what concerns the
// document and the result.

func newForWukong(t *testing.T) *Validator {
	t.Helper()
	crds, err := crd.All()
	if err != nil {
		t.Fatal(err)
	}
	validator, err := New(crds...)
	if err != nil {
		t.Fatal(err)
	}
	return validator
}

const small = "apiVersion: vm.novasphere.dev/v1alpha1\nkind: Wukong\nmetadata: {name: vm}\n"

func TestWukongHasDefaults(t *testing.T) {
	wukong, errs := newForWukong(t).Wukong([]byte(small + "spec: {networks: [{name: lan, vlanID: 100}]}\n"))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if wukong.Kind != "Wukong" || wukong.Name != "vm" || wukong.Namespace != "" {
		t.Errorf("got %s %q in namespace %q, want what is written", wukong.Kind, wukong.Name, wukong.Namespace)
	}
	if wukong.Spec.CPU != 2 || !wukong.Spec.Memory.Equal(apiresource.MustParse("4Gi")) || wukong.Spec.RunStrategy != vmv1alpha1.RunStrategyAlways {
		t.Errorf("the defaults are missing: %+v", wukong.Spec)
	}
	if vlan := wukong.Spec.Networks[0].EffectiveVLANID(); vlan != 100 {
		t.Errorf("got VLAN %d, want 100", vlan)
	}
}

func TestResultIsAsWritten(t *testing.T) {
	document := "apiVersion: vm.novasphere.dev/v1alpha1\nkind: Wukong\nmetadata: {generateName: vm-}\nstatus: {virtualMachine: {name: other}}\n"
	object, errs := newForWukong(t).Validate([]byte(document))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if object.GetName() != "" || object.GetNamespace() != "" {
		t.Errorf("name and namespace are made up: %q in %q", object.GetName(), object.GetNamespace())
	}
	if _, found := object.Object["status"]; found {
		t.Error("the status is kept, which only controllers write")
	}
}

func TestDocuments(t *testing.T) {
	validator := newForWukong(t)
	for _, row := range []struct{ name, document, want string }{
		{"empty", "", "document: Invalid value: must not be empty"},
		{"comment", "# nothing\n", "document: Invalid value: must not be empty"},
		{"null", "null\n", "document: Invalid value: must be an object with apiVersion"},
		{"list", "- a\n", "document: Invalid value: must be an object with apiVersion"},
		{"no YAML", "a: b: c\n", "document: Invalid value: yaml: mapping values are not allowed"},
		{"two documents", small + "---\n" + small, "document: Invalid value: must be a single document"},
		{"no apiVersion", "kind: Wukong\n", "apiVersion: Required value: write for example vm.novasphere.dev/v1alpha1"},
		{"no kind", "apiVersion: vm.novasphere.dev/v1alpha1\n", "kind: Required value: write for example Wukong"},
		{"other kind", "apiVersion: vm.novasphere.dev/v1alpha1\nkind: Monkey\n",
			`kind: Unsupported value: "Monkey": supported values: "Wukong", "WukongNetwork", "WukongNodeBridge", "WukongUplink"`},
		{"other version", "apiVersion: vm.novasphere.dev/v1\nkind: Wukong\n",
			`apiVersion: Unsupported value: "vm.novasphere.dev/v1": supported values: "vm.novasphere.dev/v1alpha1"`},
		{"metadata of another type", "apiVersion: vm.novasphere.dev/v1alpha1\nkind: Wukong\nmetadata: {labels: 5}\n", "metadata: Invalid value: json: cannot unmarshal"},
		{"key twice in YAML", small + "spec:\n  networks:\n  - name: lan\n    vlanId: 100\n    vlanId: 200\n",
			`spec.networks[0].vlanId: Invalid value: duplicate field "spec.networks[0].vlanId"`},
		{"key twice in JSON", `{"apiVersion":"vm.novasphere.dev/v1alpha1","kind":"Wukong","metadata":{"name":"vm"},"spec":{"networks":[{"name":"a","name":"b"}]}}`,
			`spec.networks[0].name: Invalid value: duplicate field "spec.networks[0].name"`},
		{"key twice below an alias", small + "spec:\n  networks:\n  - &a {name: lan, mtu: 1500, mtu: 9000}\n  - *a\n",
			`spec.networks[0].mtu: Invalid value: duplicate field "spec.networks[0].mtu"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			object, errs := validator.Validate([]byte(row.document))
			if object != nil {
				t.Error("there is an object, which nobody may trust")
			}
			if len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), row.want) {
				t.Errorf("got %v, want %s", errs, row.want)
			}
		})
	}
}

func TestOtherDocuments(t *testing.T) {
	validator := newForWukong(t)
	for name, document := range map[string]string{
		"JSON indented by tabs":        "{\n\t\"apiVersion\": \"vm.novasphere.dev/v1alpha1\",\n\t\"kind\": \"Wukong\",\n\t\"metadata\": {\"name\": \"vm\"}\n}\n",
		"document with its separators": "---\n" + small + "...\n",
		"an alias":                     small + "spec:\n  networks:\n  - &a {name: lan, mtu: 1500}\n  - {<<: *a, name: wan}\n",
	} {
		if _, errs := validator.Wukong([]byte(document)); len(errs) > 0 {
			t.Errorf("%s: %v", name, errs)
		}
	}
}

func TestWukongRefusesOtherKinds(t *testing.T) {
	document := "apiVersion: vm.novasphere.dev/v1alpha1\nkind: WukongNetwork\nmetadata: {name: vm-lan}\nspec: {network: lan, type: bridge}\n"
	wukong, errs := newForWukong(t).Wukong([]byte(document))
	if want := `kind: Unsupported value: "WukongNetwork": supported values: "Wukong"`; wukong != nil || len(errs) != 1 || errs[0].Error() != want {
		t.Errorf("got %v and %v, want %s", wukong, errs, want)
	}
}

// The API server puts the same questions from many requests at once, and so may users of this package.
func TestConcurrentUse(t *testing.T) {
	validator := newForWukong(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, errs := validator.Wukong([]byte(small + "spec: {networks: [{name: lan, vlanId: 0}]}\n")); len(errs) != 1 {
				t.Errorf("got %v, want one error", errs)
			}
		})
	}
	group.Wait()
}
