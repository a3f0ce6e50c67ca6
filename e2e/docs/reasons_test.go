// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/sets"
)

const (
	apiFolder      = "apis/vm/v1alpha1"
	conditionsPage = "docs/conditions.md"
)

// TestReasons compares the page of conditions with the constants: each one is explained, and nothing else is.
func TestReasons(t *testing.T) {
	page := readPage(t, conditionsPage)
	explained := sets.New[string]()
	for _, cell := range page.firstCells() {
		explained.Insert(words(cell)...)
	}
	headings := sets.New[string]()
	for _, match := range heading.FindAllStringSubmatch(page.prose, -1) {
		headings.Insert(match[1])
	}
	named := sets.New(page.inlineCode()...)
	known := sets.New[string]()
	for constant, value := range constants(t, apiFolder) {
		switch {
		case strings.HasPrefix(constant, "Reason"), nodeState.MatchString(constant):
			known.Insert(value)
			if !explained.Has(value) {
				t.Errorf("%s has no row for %s, which is %s", conditionsPage, value, constant)
			}
		case strings.HasPrefix(constant, "Condition"):
			if !headings.Has(value) && !named.Has(value) {
				t.Errorf("%s does not name the condition %s", conditionsPage, value)
			}
		}
	}
	if known.Len() < 30 {
		t.Fatalf("found only %d reasons in %s", known.Len(), apiFolder)
	}
	for value := range explained.Difference(known) {
		t.Errorf("%s explains %s, which is no reason", conditionsPage, value)
	}
}

// TestReasonsElsewhere checks the reasons in the tables of the README.
func TestReasonsElsewhere(t *testing.T) {
	known := sets.New[string]()
	for constant, value := range constants(t, apiFolder) {
		if strings.HasPrefix(constant, "Reason") || strings.HasPrefix(constant, "Condition") {
			known.Insert(value)
		}
	}
	for _, path := range []string{"README.md", "README.zh-CN.md"} {
		checked := 0
		for _, cell := range readPage(t, path).firstCells() {
			for _, word := range words(cell) {
				checked++
				if !known.Has(word) {
					t.Errorf("%s explains %s, which is neither a reason nor a condition", path, word)
				}
			}
		}
		if checked == 0 {
			t.Errorf("%s has no table of reasons", path)
		}
	}
}

var (
	word      = regexp.MustCompile("`([A-Z][A-Za-z]+)`")
	nodeState = regexp.MustCompile(`^Node[A-Z]`)
)

// words returns the names between backticks in a cell that are spelled as reasons are.
func words(cell string) []string {
	var found []string
	for _, match := range word.FindAllStringSubmatch(cell, -1) {
		found = append(found, match[1])
	}
	return found
}

// constants returns the constants of a package whose value is a text, by name.
func constants(t *testing.T, folder string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, file := range parseFolder(t, folder) {
		for _, declaration := range file.Decls {
			general, isGeneral := declaration.(*ast.GenDecl)
			if !isGeneral || general.Tok != token.CONST {
				continue
			}
			for _, spec := range general.Specs {
				addConstants(t, spec, found)
			}
		}
	}
	return found
}

func addConstants(t *testing.T, spec ast.Spec, found map[string]string) {
	t.Helper()
	values, isValues := spec.(*ast.ValueSpec)
	if !isValues {
		return
	}
	for i, name := range values.Names {
		if i >= len(values.Values) {
			continue
		}
		literal, isLiteral := values.Values[i].(*ast.BasicLit)
		if !isLiteral || literal.Kind != token.STRING {
			continue
		}
		text, err := strconv.Unquote(literal.Value)
		if err != nil {
			t.Fatal(err)
		}
		found[name.Name] = text
	}
}

// textConstants returns the values of a package's text constants.
func textConstants(t *testing.T, folder string) []string {
	t.Helper()
	var values []string
	for _, value := range constants(t, folder) {
		values = append(values, value)
	}
	return values
}

// parseFolder parses the Go files of a folder, without its tests.
func parseFolder(t *testing.T, folder string) []*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(folder), "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	if len(files) == 0 {
		t.Fatalf("there is no Go file in %s", folder)
	}
	return files
}
