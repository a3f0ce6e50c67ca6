// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"regexp"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/novasphere/wukong/config/crd"
)

// ruleAt is a CEL rule where it shows: one message at one field, whose indices and keys are left out.
type ruleAt struct{ kind, field, message string }

// TestEveryRuleIsTested fails for a rule that no row is refused by: nobody has seen it work.
func TestEveryRuleIsTested(t *testing.T) {
	crds, err := crd.All()
	if err != nil {
		t.Fatal(err)
	}
	rules := map[ruleAt]string{}
	for _, crd := range crds {
		for _, version := range crd.Spec.Versions {
			collectRules(t, rules, crd.Spec.Names.Kind, "", version.Schema.OpenAPIV3Schema)
		}
	}
	if len(rules) < 40 {
		t.Fatalf("found %d rules, which is less than there once were", len(rules))
	}
	for _, row := range invalids() {
		object, errs := offline.Validate([]byte(row.document))
		if object == nil {
			continue
		}
		for _, err := range errs {
			delete(rules, ruleAt{object.GetKind(), index.ReplaceAllString(err.Field, "[]"), err.Detail})
		}
	}
	// A rule on a change is none that a creation could break.
	for _, row := range forbiddenUpdates {
		delete(rules, ruleAt{row.kind, index.ReplaceAllString(row.want.field, "[]"), row.want.message})
	}
	for at, rule := range rules {
		t.Errorf("no row is refused by this rule of %s at %s: %s\n%s", at.kind, at.field, at.message, rule)
	}
}

// index is that of a list, or the key of a map.
var index = regexp.MustCompile(`\[[^\]]*\]`)

func collectRules(t *testing.T, rules map[ruleAt]string, kind, path string, schema *apiextensionsv1.JSONSchemaProps) {
	t.Helper()
	for _, rule := range schema.XValidations {
		at := ruleAt{kind, strings.TrimPrefix(path+rule.FieldPath, "."), rule.Message}
		if _, taken := rules[at]; taken {
			t.Errorf("two rules of %s at %s cannot be told apart by their message: %s", at.kind, at.field, at.message)
		}
		rules[at] = rule.Rule
	}
	for name, property := range schema.Properties {
		collectRules(t, rules, kind, joinPath(path, name), &property)
	}
	if schema.Items != nil {
		collectRules(t, rules, kind, path+"[]", schema.Items.Schema)
	}
	if schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil {
		collectRules(t, rules, kind, path+"[]", schema.AdditionalProperties.Schema)
	}
}

func joinPath(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
