// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package story_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/novasphere/wukong/pkg/story"
)

// source is a Go file of ours that runs in a cluster.
type source struct {
	path string
	file *ast.File
}

func sources(t *testing.T, positions *token.FileSet) []source {
	t.Helper()
	var found []source
	for _, folder := range []string{"controllers", "pkg", "cmd"} {
		err := filepath.WalkDir(filepath.Join("..", "..", folder), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(positions, path, nil, parser.SkipObjectResolution)
			found = append(found, source{path, file})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// constants returns the names of the constants that hold keys, with the keys.
func constants(t *testing.T, all []source) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, s := range all {
		if s.file.Name.Name != "story" {
			continue
		}
		ast.Inspect(s.file, func(node ast.Node) bool {
			value, ok := node.(*ast.ValueSpec)
			if ok && len(value.Values) == 1 && strings.HasPrefix(value.Names[0].Name, "Key") {
				text, err := strconv.Unquote(value.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				found[value.Names[0].Name] = text
			}
			return true
		})
	}
	return found
}

// TestLines reads each line that we log out of the sources: it begins with a capital, ends without punctuation, and has only keys
// that are documented, by their constants.
func TestLines(t *testing.T) {
	positions := token.NewFileSet()
	all := sources(t, positions)
	keys := constants(t, all)
	documented, used, lines := sets.New[string](), sets.New[string](), 0
	for _, key := range story.Keys() {
		documented.Insert(key.Name)
	}
	for name, key := range keys {
		if !documented.Has(key) {
			t.Errorf("%s is not documented", name)
		}
	}
	for _, s := range all {
		ast.Inspect(s.file, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok {
				return true
			}
			where := positions.Position(call.Pos())
			message, values, logs := logged(call)
			if !logs {
				return true
			}
			lines++
			if problem := wrong(message); problem != "" {
				t.Errorf("%s: %q %s", where, message, problem)
			}
			if len(values)%2 != 0 {
				t.Errorf("%s: a key has no value", where)
			}
			for i := 0; i < len(values); i += 2 {
				key, isKey := keys[nameOf(values[i])]
				if !isKey {
					t.Errorf("%s: key %d is no constant of package story", where, i/2+1)
				}
				used.Insert(key)
			}
			return true
		})
		if s.file.Name.Name == "story" {
			continue
		}
		// What says what a request is about has keys too.
		ast.Inspect(s.file, func(node ast.Node) bool {
			if name, ok := node.(ast.Expr); ok {
				if key, isKey := keys[nameOf(name)]; isKey {
					used.Insert(key)
				}
			}
			return true
		})
	}
	if lines < 10 {
		t.Errorf("found only %d lines", lines)
	}
	if unused := documented.Difference(used); unused.Len() > 0 {
		t.Errorf("no line has the keys %v", sets.List(unused))
	}
}

// logged returns the message of a call that logs or adds values to a logger, and its keys and values.
func logged(call *ast.CallExpr) (message string, values []ast.Expr, logs bool) {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || call.Ellipsis.IsValid() {
		return "", nil, false
	}
	arguments := call.Args
	switch {
	case method.Sel.Name == "WithValues":
		return "Values", arguments, true
	case method.Sel.Name == "Info" && len(arguments) > 0:
	case method.Sel.Name == "Error" && len(arguments) > 1:
		arguments = arguments[1:]
	default:
		return "", nil, false
	}
	text, isText := arguments[0].(*ast.BasicLit)
	if !isText || text.Kind != token.STRING {
		return "", nil, false
	}
	message, err := strconv.Unquote(text.Value)
	return message, arguments[1:], err == nil
}

// nameOf returns the name of a constant, with or without its package.
func nameOf(expression ast.Expr) string {
	switch expression := expression.(type) {
	case *ast.SelectorExpr:
		return expression.Sel.Name
	case *ast.Ident:
		return expression.Name
	}
	return ""
}

// wrong says what a message is not, empty where it is as it should be.
func wrong(message string) string {
	runes := []rune(message)
	switch {
	case len(runes) == 0:
		return "is empty"
	case !unicode.IsUpper(runes[0]):
		return "does not begin with a capital"
	case unicode.IsPunct(runes[len(runes)-1]) || unicode.IsSpace(runes[len(runes)-1]):
		return "does not end in a word"
	case strings.ContainsAny(message, "\n%"):
		return "is no plain line"
	}
	return ""
}
