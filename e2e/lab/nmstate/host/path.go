// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
)

func splitPath(path string) []string {
	return strings.Split(path, ".")
}

// lookUp walks into a document; a number selects an element of a list.
func lookUp(document any, keys []string) (any, error) {
	for _, key := range keys {
		switch value := document.(type) {
		case map[string]any:
			next, ok := value[key]
			if !ok {
				return nil, fmt.Errorf("failed to resolve path: '%s' not found", key)
			}
			document = next
		case []any:
			index, err := strconv.Atoi(key)
			if err != nil || index < 0 || index >= len(value) {
				return nil, fmt.Errorf("failed to resolve path: step '%s' is outside of a list of %d", key, len(value))
			}
			document = value[index]
		default:
			return nil, fmt.Errorf("failed to resolve path: '%s' is below a plain value", key)
		}
	}
	return document, nil
}

// filter keeps, of the first list on the path, the elements whose rest of the path satisfies the predicate, and nothing
// beside that list: this is how nmpolicy narrows a state.
func filter(document any, keys []string, keep func(any) bool) (any, error) {
	switch value := document.(type) {
	case map[string]any:
		if len(keys) == 0 {
			return nil, fmt.Errorf("failed to filter: path ends before a list")
		}
		inner, ok := value[keys[0]]
		if !ok {
			return map[string]any{}, nil
		}
		narrowed, err := filter(inner, keys[1:], keep)
		if err != nil {
			return nil, err
		}
		return map[string]any{keys[0]: narrowed}, nil
	case []any:
		kept := []any{}
		for _, element := range value {
			if found, err := lookUp(element, keys); err == nil && keep(found) {
				kept = append(kept, element)
			}
		}
		return kept, nil
	default:
		return nil, fmt.Errorf("failed to filter: path does not lead to a list")
	}
}

// replace sets the value at the path in every element of the lists it passes, leaving the input untouched.
func replace(document any, keys []string, value any) any {
	if len(keys) == 0 {
		return value
	}
	switch container := document.(type) {
	case map[string]any:
		copied := maps.Clone(container)
		copied[keys[0]] = replace(container[keys[0]], keys[1:], value)
		return copied
	case []any:
		copied := make([]any, 0, len(container))
		for _, element := range container {
			copied = append(copied, replace(element, keys, value))
		}
		return copied
	default:
		return map[string]any{keys[0]: replace(nil, keys[1:], value)}
	}
}

// same compares plain values by their text, because a number may come from JSON, YAML or Go.
func same(a, b any) bool {
	return fmt.Sprint(a) == fmt.Sprint(b)
}
