// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/equality"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/config/crd"
	"github.com/novasphere/wukong/pkg/validation"
)

func newValidator(t *testing.T) *validation.Validator {
	t.Helper()
	crds, err := crd.All()
	if err != nil {
		t.Fatal(err)
	}
	validator, err := validation.New(crds...)
	if err != nil {
		t.Fatal(err)
	}
	return validator
}

// TestExamples takes each YAML example as a user would: Wukong's kinds are accepted by the CRDs, and anything else is an
// object.
func TestExamples(t *testing.T) {
	validator := newValidator(t)
	wukongs := map[string]int{}
	for _, page := range pages(t) {
		for _, block := range page.blocks {
			if block.language != "yaml" {
				continue
			}
			t.Run(fmt.Sprintf("%s:%d", page.path, block.line), func(t *testing.T) {
				for _, document := range documents(t, block.text) {
					if checkExample(t, validator, document) {
						wukongs[page.path]++
					}
				}
			})
		}
	}
	for _, path := range []string{"README.md", "README.zh-CN.md", "docs/networks.md"} {
		if wukongs[path] == 0 {
			t.Errorf("%s has no Wukong that could be tried", path)
		}
	}
}

// checkExample checks one document and reports whether it is a Wukong.
func checkExample(t *testing.T, validator *validation.Validator, document []byte) bool {
	t.Helper()
	var object map[string]any
	if err := yaml.UnmarshalStrict(document, &object); err != nil {
		t.Errorf("it is no YAML object: %v", err)
		return false
	}
	if object["apiVersion"] == nil || object["kind"] == nil {
		t.Errorf("it has no apiVersion and kind, so nobody can apply it:\n%s", document)
	}
	if object["apiVersion"] != vmv1alpha1.GroupVersion.String() {
		return false
	}
	if _, errs := validator.Validate(document); len(errs) > 0 {
		t.Errorf("it is not accepted: %v", errs.ToAggregate())
	}
	return object["kind"] == "Wukong"
}

func documents(t *testing.T, text string) [][]byte {
	t.Helper()
	reader := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	var found [][]byte
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, document)
	}
}

// TestSamples compares the samples with the product's first documents, where they are taken from them.
func TestSamples(t *testing.T) {
	validator := newValidator(t)
	seeds := map[string]string{
		"ubuntu-vm-nmstate.yaml":      "nmstate-integration-4.1.yaml",
		"ubuntu-vm-dual-network.yaml": "vm-network-plan-5.1.yaml",
	}
	paths, err := filepath.Glob(filepath.Join(root, "config", "samples", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		if name == "kustomization.yaml" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			seed, known := seeds[name]
			if !known {
				if _, errs := validator.Validate([]byte(readFile(t, "config/samples/"+name))); len(errs) > 0 {
					t.Errorf("it is not accepted: %v", errs.ToAggregate())
				}
				return
			}
			sample := readWukong(t, validator, "config/samples/"+name)
			want := readWukong(t, validator, "e2e/validation/testdata/seeds/"+seed)
			if sample.Name != want.Name {
				t.Errorf("it is named %s, the seed %s", sample.Name, want.Name)
			}
			if !equality.Semantic.DeepEqual(sample.Spec, want.Spec) {
				t.Errorf("it differs from the seed (-seed +sample):\n%s", cmp.Diff(want.Spec, sample.Spec))
			}
		})
		delete(seeds, name)
	}
	for name := range seeds {
		t.Errorf("there is no sample %s", name)
	}
}

func readWukong(t *testing.T, validator *validation.Validator, path string) *vmv1alpha1.Wukong {
	t.Helper()
	wukong, errs := validator.Wukong([]byte(readFile(t, path)))
	if len(errs) > 0 {
		t.Fatalf("%s is not accepted: %v", path, errs.ToAggregate())
	}
	return wukong
}

var comment = regexp.MustCompile(`(?m)\s+#.*$`)

// TestTranslation keeps the README's commands, examples and links the same in both languages.
func TestTranslation(t *testing.T) {
	english, chinese := readPage(t, "README.md"), readPage(t, "README.zh-CN.md")
	same := func(what string, of func(page) []string) {
		t.Helper()
		if difference := cmp.Diff(of(english), of(chinese)); difference != "" {
			t.Errorf("the %s differ (-English +Chinese):\n%s", what, difference)
		}
	}
	same("blocks of code", func(p page) []string {
		var texts []string
		for _, block := range p.blocks {
			texts = append(texts, block.language+"\n"+comment.ReplaceAllString(block.text, ""))
		}
		return texts
	})
	same("tables", page.firstCells)
	same("links", func(p page) []string {
		var targets []string
		for _, target := range p.links() {
			if !strings.HasPrefix(target, "README") {
				targets = append(targets, target)
			}
		}
		return targets
	})
}
