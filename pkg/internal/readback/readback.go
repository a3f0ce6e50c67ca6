// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package readback reads rendered YAML as those will who get it, so that tests see whether each of them takes it
// for what was meant. The readers are kubectl's and the API server's (YAML 1.1), one of YAML 1.2, and, by its
// rules for bare words, PyYAML, which is cloud-init's.
package readback

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"

	"github.com/google/go-cmp/cmp"
	yamlv3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"
)

// T is the part of testing.TB that is used here.
type T interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Check fails the test when a reader takes a document for something else than the wanted value, by its JSON form.
func Check(t T, document string, want any) {
	t.Helper()
	wanted := generic(t, want)
	byKubernetes, err := yaml.YAMLToJSONStrict([]byte(document))
	if err != nil {
		t.Fatalf("sigs.k8s.io/yaml does not read it: %v\n%s", err, document)
	}
	compare(t, "sigs.k8s.io/yaml", document, wanted, parse(t, byKubernetes))
	var node yamlv3.Node
	if err := yamlv3.Unmarshal([]byte(document), &node); err != nil {
		t.Fatalf("yaml/v3 does not read it: %v\n%s", err, document)
	}
	var value any
	if err := node.Decode(&value); err != nil {
		t.Fatalf("yaml/v3 does not read it: %v\n%s", err, document)
	}
	// A key that is no text cannot be marshalled.
	compare(t, "yaml/v3", document, wanted, generic(t, value))
	checkBareWords(t, &node)
}

// CheckJSON is Check for JSON, which has one kind of reader.
func CheckJSON(t T, document string, want any) {
	t.Helper()
	compare(t, "encoding/json", document, generic(t, want), parse(t, []byte(document)))
}

// generic returns a value as JSON readers see it.
func generic(t T, value any) any {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatalf("marshalling %T: %v", value, err)
	}
	return parse(t, text)
}

func parse(t T, text []byte) any {
	t.Helper()
	var parsed any
	if err := json.Unmarshal(text, &parsed); err != nil {
		t.Fatalf("encoding/json does not read it: %v\n%s", err, text)
	}
	return parsed
}

func compare(t T, reader, document string, want, got any) {
	t.Helper()
	// cmp.Diff is slow, and fuzz targets compare often.
	if !reflect.DeepEqual(want, got) {
		t.Fatalf("%s reads something else (-want +read):\n%s\n%s", reader, cmp.Diff(want, got), document)
	}
}

// implicit are the rules by which PyYAML takes bare words for something else than texts (yaml/resolver.py of
// versions 5 and 6).
var implicit = []*regexp.Regexp{
	regexp.MustCompile(`^(yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$`),
	regexp.MustCompile(`^([-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?|\.[0-9_]+([eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*)$`),
	regexp.MustCompile(`^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`),
	regexp.MustCompile(`^([-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+)$`),
	regexp.MustCompile(`^(<<|=|~|null|Null|NULL|)$`),
	regexp.MustCompile(`^([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]|[ \t]+)[0-9]{1,2}:.*)$`),
	regexp.MustCompile(`^[!&*]`),
}

func checkBareWords(t T, node *yamlv3.Node) {
	t.Helper()
	if node.Kind == yamlv3.ScalarNode && node.Style == 0 && node.ShortTag() == "!!str" {
		if slices.ContainsFunc(implicit, func(rule *regexp.Regexp) bool { return rule.MatchString(node.Value) }) {
			t.Fatalf("%q stands bare, and PyYAML takes it for something else", node.Value)
		}
	}
	for _, child := range node.Content {
		checkBareWords(t, child)
	}
}
