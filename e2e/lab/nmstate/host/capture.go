// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Capture evaluates the named expressions of a policy against what Show reports. Expressions may use each other in any
// order. What is already known, because the enactment cached it, is taken as it is: after the bridge took the address
// over, asking again would find the bridge (kubernetes-nmstate, pkg/client).
func Capture(current map[string]any, expressions map[string]string, known map[string]any) (map[string]any, error) {
	c := &capturing{current: current, expressions: expressions, done: map[string]any{}, busy: map[string]bool{}}
	for name := range expressions {
		if value, cached := known[name]; cached {
			c.done[name] = value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(expressions)) {
		if _, err := c.resolve(name); err != nil {
			return nil, err
		}
	}
	return c.done, nil
}

// Render replaces each string of a desired state that is wholly a reference, `{{ capture.a.b.0.c }}`, by its value.
func Render(document any, captures map[string]any) (any, error) {
	switch value := document.(type) {
	case map[string]any:
		rendered := make(map[string]any, len(value))
		for key, element := range value {
			inner, err := Render(element, captures)
			if err != nil {
				return nil, err
			}
			rendered[key] = inner
		}
		return rendered, nil
	case []any:
		rendered := make([]any, 0, len(value))
		for _, element := range value {
			inner, err := Render(element, captures)
			if err != nil {
				return nil, err
			}
			rendered = append(rendered, inner)
		}
		return rendered, nil
	case string:
		reference, is := asReference(value)
		if !is {
			return value, nil
		}
		return lookUp(map[string]any{"capture": captures}, splitPath(reference))
	default:
		return value, nil
	}
}

func asReference(text string) (string, bool) {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "{{") || !strings.HasSuffix(text, "}}") {
		return "", false
	}
	return strings.TrimSpace(text[2 : len(text)-2]), true
}

type capturing struct {
	current     map[string]any
	expressions map[string]string
	done        map[string]any
	busy        map[string]bool
}

func (c *capturing) resolve(name string) (any, error) {
	if value, ok := c.done[name]; ok {
		return value, nil
	}
	expression, ok := c.expressions[name]
	if !ok {
		return nil, fmt.Errorf("failed to resolve capture expression: capture entry '%s' not found", name)
	}
	if c.busy[name] {
		return nil, fmt.Errorf("failed to resolve capture expression: capture entry '%s' uses itself", name)
	}
	c.busy[name] = true
	value, err := c.evaluate(expression)
	if err != nil {
		return nil, fmt.Errorf("failed to resolve capture expression %s: %w", name, err)
	}
	c.done[name] = value
	return value, nil
}

// evaluate runs one expression: stages joined by a pipe, each a filter (path==value), a replacement (path:=value) or a
// path to start from.
func (c *capturing) evaluate(expression string) (any, error) {
	var input any = c.current
	for stage := range strings.SplitSeq(expression, "|") {
		output, err := c.stage(strings.TrimSpace(stage), input)
		if err != nil {
			return nil, err
		}
		input = output
	}
	return input, nil
}

func (c *capturing) stage(stage string, input any) (any, error) {
	for _, operator := range []string{":=", "==", "!="} {
		path, operand, found := strings.Cut(stage, operator)
		if !found {
			continue
		}
		value, err := c.operand(strings.TrimSpace(operand))
		if err != nil {
			return nil, err
		}
		keys := splitPath(strings.TrimSpace(path))
		switch operator {
		case ":=":
			return replace(input, keys, value), nil
		case "==":
			return filter(input, keys, func(found any) bool { return same(found, value) })
		default:
			return filter(input, keys, func(found any) bool { return !same(found, value) })
		}
	}
	return c.operand(stage)
}

// operand is a quoted text, a boolean, or a path into another capture.
func (c *capturing) operand(text string) (any, error) {
	switch {
	case len(text) >= 2 && (text[0] == '"' || text[0] == '\'') && text[len(text)-1] == text[0]:
		return text[1 : len(text)-1], nil
	case text == "true" || text == "false":
		return text == "true", nil
	}
	keys := splitPath(text)
	if keys[0] != "capture" || len(keys) < 2 {
		return lookUp(c.current, keys)
	}
	value, err := c.resolve(keys[1])
	if err != nil {
		return nil, err
	}
	return lookUp(value, keys[2:])
}
