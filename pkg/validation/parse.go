// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	yamlv3 "go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/validation/field"
	kubejson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

var errNotAnObject = errors.New("must be an object with apiVersion, kind, metadata and spec")

// parse reads one YAML or JSON document as the API server does. A key given twice is a strict error: it does
// not keep the rest from being read.
func parse(document []byte) (content map[string]any, strictErrs field.ErrorList, err error) {
	if content, strictErrs, err = parseJSON(document); err == nil {
		return content, strictErrs, nil
	}
	strictErrs, err = duplicateKeys(document)
	if err != nil {
		return nil, nil, err
	}
	json, err := yaml.YAMLToJSON(document)
	if err != nil {
		return nil, nil, err
	}
	if err := kubejson.UnmarshalCaseSensitivePreserveInts(json, &content); err != nil || content == nil {
		return nil, nil, errNotAnObject
	}
	return content, strictErrs, nil
}

// parseJSON comes before YAML, because JSON may be indented by tabs and YAML may not.
func parseJSON(document []byte) (content map[string]any, strictErrs field.ErrorList, err error) {
	duplicates, err := kubejson.UnmarshalStrict(document, &content)
	if err != nil || content == nil {
		return nil, nil, errNotAnObject
	}
	for _, duplicate := range duplicates {
		if at, ok := errors.AsType[kubejson.FieldError](duplicate); ok {
			strictErrs = append(strictErrs, strictError("duplicate", at.FieldPath()))
		}
	}
	return content, strictErrs, nil
}

// duplicateKeys finds keys given twice in one mapping. The conversion to JSON would keep the last one in
// silence, and its own strict mode names the line, but not the field.
func duplicateKeys(document []byte) (field.ErrorList, error) {
	decoder := yamlv3.NewDecoder(bytes.NewReader(document))
	var root, next yamlv3.Node
	if err := decoder.Decode(&root); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("must not be empty")
		}
		return nil, err
	}
	if err := decoder.Decode(&next); !errors.Is(err, io.EOF) {
		return nil, errors.New("must be a single document; validate each document on its own")
	}
	return duplicateKeysBelow(nil, &root), nil
}

func duplicateKeysBelow(path *field.Path, node *yamlv3.Node) field.ErrorList {
	var errs field.ErrorList
	switch node.Kind {
	case yamlv3.DocumentNode:
		for _, child := range node.Content {
			errs = append(errs, duplicateKeysBelow(path, child)...)
		}
	case yamlv3.SequenceNode:
		for i, child := range node.Content {
			errs = append(errs, duplicateKeysBelow(path.Index(i), child)...)
		}
	case yamlv3.MappingNode:
		seen := map[string]bool{}
		// A mapping's nodes are its keys and values in turns.
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i].Value, node.Content[i+1]
			if seen[key] {
				errs = append(errs, strictError("duplicate", path.Child(key).String()))
			}
			seen[key] = true
			errs = append(errs, duplicateKeysBelow(path.Child(key), value)...)
		}
	case yamlv3.ScalarNode, yamlv3.AliasNode:
		// An alias repeats a node that is looked at where it stands.
	}
	return errs
}

// strictError says what strict field validation says, which is no validation error on the API server and
// therefore has no type of its own.
func strictError(problem, path string) *field.Error {
	return &field.Error{
		Type: field.ErrorTypeInvalid, Field: path, BadValue: field.OmitValueType{}, Detail: fmt.Sprintf("%s field %q", problem, path),
	}
}
