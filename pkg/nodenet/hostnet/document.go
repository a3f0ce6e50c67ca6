// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package hostnet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// A policy is read without a schema: any value in it may be a reference to a capture, "{{ capture.nic.name }}", which
// only the node can resolve (kubernetes-nmstate, docs/user-guide/102-configuration.md). Whatever is not of the kind
// that is looked for is taken as not written.

// errNotAnObject is returned for a desired state that has no keys.
var errNotAnObject = errors.New("not an object")

// document decodes JSON or YAML into an object. Nothing and null are an empty one.
func document(raw []byte) (map[string]any, error) {
	if !json.Valid(raw) {
		converted, err := yaml.YAMLToJSON(raw)
		if err != nil {
			return nil, unreadable(err)
		}
		raw = converted
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, unreadable(err)
	}
	switch value := value.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return value, nil
	default:
		return nil, errNotAnObject
	}
}

// yamlLine is where an error of YAML says that it was met.
var yamlLine = regexp.MustCompile(`line [0-9]+`)

// unreadable says what keeps a document from being read without repeating any of it, as the errors of YAML and JSON do: a policy may
// hold a password for 802.1X.
func unreadable(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("field %s is not of Go type %s", wrong.Field, wrong.Type)
	}
	if errors.Is(err, errBondPort) {
		return errBondPort
	}
	if where := yamlLine.FindString(err.Error()); where != "" {
		return fmt.Errorf("it is neither JSON nor YAML: look at %s", where)
	}
	return errors.New("it is neither JSON nor YAML")
}

// isReference tells whether a text is a capture's, or contains one.
func isReference(text string) bool {
	return strings.Contains(text, "{{")
}

// textOf reads a string. A number is one too: an interface may be called 100.
func textOf(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case json.Number:
		return value.String()
	default:
		return ""
	}
}

// numberOf reads a number, which nmstate takes as a string as well; 0 stands for none.
func numberOf(value any) int32 {
	number, err := strconv.ParseInt(textOf(value), 10, 32)
	if err != nil {
		return 0
	}
	return int32(min(max(number, 0), math.MaxInt32))
}

func objectOf(value any) map[string]any {
	object, _ := value.(map[string]any)
	return object
}

func elementsOf(value any) []any {
	elements, _ := value.([]any)
	return elements
}
