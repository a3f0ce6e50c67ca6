// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package neighbours

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
)

// stringMap reads a map[string]string out of a Go source file, where generators put schemas. Importing the package instead would
// make all that KubeVirt and CDI depend on a dependency of ours.
func stringMap(path, variable string) (map[string]string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	literal := findLiteral(file, variable)
	if literal == nil {
		return nil, fmt.Errorf("%s has no map %s any more", path, variable)
	}
	found := map[string]string{}
	for _, element := range literal.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			return nil, fmt.Errorf("%s: %s is not a map", path, variable)
		}
		key, err := stringValue(pair.Key)
		if err != nil {
			return nil, fmt.Errorf("%s: a key of %s: %w", path, variable, err)
		}
		if found[key], err = stringValue(pair.Value); err != nil {
			return nil, fmt.Errorf("%s: %s[%q]: %w", path, variable, key, err)
		}
	}
	return found, nil
}

func findLiteral(file *ast.File, variable string) *ast.CompositeLit {
	var found *ast.CompositeLit
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || len(spec.Names) != 1 || len(spec.Values) != 1 || spec.Names[0].Name != variable {
			return found == nil
		}
		found, _ = spec.Values[0].(*ast.CompositeLit)
		return false
	})
	return found
}

// stringValue also adds up strings: a generator cannot write a backquote within backquotes.
func stringValue(expression ast.Expr) (string, error) {
	switch value := expression.(type) {
	case *ast.BasicLit:
		return strconv.Unquote(value.Value)
	case *ast.BinaryExpr:
		left, err := stringValue(value.X)
		if err != nil || value.Op != token.ADD {
			return "", fmt.Errorf("%s is not a sum of strings (%w)", value.Op, err)
		}
		right, err := stringValue(value.Y)
		return left + right, err
	default:
		return "", fmt.Errorf("a %T is not a string", expression)
	}
}
