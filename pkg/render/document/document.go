// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package document writes values as YAML that every reader takes for the same values. Readers differ in what
// they make of a bare word: cloud-init's takes = and << for something of their own, 2001-99-99 for a date that
// it then cannot build, and 52:54:00:12:34:56 for a number. So a text is written bare only where no reader
// can take it for anything else.
package document

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
)

// Marshal returns a value as one YAML document, by its JSON form, with the keys in alphabetical order. Invalid
// UTF-8 is replaced as JSON does it. The error is that of marshalling.
func Marshal(value any) (string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("marshalling as JSON: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	// Numbers stay as they are written.
	decoder.UseNumber()
	var generic any
	if err := decoder.Decode(&generic); err != nil {
		return "", fmt.Errorf("reading back JSON: %w", err)
	}
	var out bytes.Buffer
	encoder := yamlv3.NewEncoder(&out)
	encoder.SetIndent(2)
	encoder.CompactSeqIndent()
	if err := encoder.Encode(nodeOf(generic)); err != nil {
		return "", fmt.Errorf("marshalling as YAML: %w", err)
	}
	if err := encoder.Close(); err != nil {
		return "", fmt.Errorf("marshalling as YAML: %w", err)
	}
	return out.String(), nil
}

func nodeOf(value any) *yamlv3.Node {
	switch typed := value.(type) {
	case map[string]any:
		node := &yamlv3.Node{Kind: yamlv3.MappingNode, Tag: "!!map"}
		for _, key := range slices.Sorted(maps.Keys(typed)) {
			node.Content = append(node.Content, &yamlv3.Node{Kind: yamlv3.ScalarNode, Tag: "!!str", Value: key, Style: wordStyle(key)}, nodeOf(typed[key]))
		}
		return node
	case []any:
		node := &yamlv3.Node{Kind: yamlv3.SequenceNode, Tag: "!!seq"}
		for _, element := range typed {
			node.Content = append(node.Content, nodeOf(element))
		}
		return node
	case string:
		return &yamlv3.Node{Kind: yamlv3.ScalarNode, Tag: "!!str", Value: typed, Style: textStyle(typed)}
	case bool:
		return &yamlv3.Node{Kind: yamlv3.ScalarNode, Tag: "!!bool", Value: fmt.Sprint(typed)}
	case json.Number:
		return &yamlv3.Node{Kind: yamlv3.ScalarNode, Value: typed.String()}
	default:
		return &yamlv3.Node{Kind: yamlv3.ScalarNode, Tag: "!!null", Value: "null"}
	}
}

var (
	// bareWord matches texts that may stand without quotes unless they are reserved: they begin with a letter
	// or a slash, so they are no number, no date and no mark of YAML's own.
	bareWord = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9_./@+-]*$`)
	// reserved matches YAML 1.1's words for booleans and null (yaml.org/type/bool.html).
	reserved = regexp.MustCompile(`(?i)^(y|yes|n|no|true|false|on|off|null)$`)
	// printable matches what stands in single quotes as it is, but for these.
	printable = regexp.MustCompile(`^[ -~]*$`)
	// block matches texts of several lines that a literal block shows as they are: printable, with nothing
	// before the first character and nothing at the end of a line that an editor would take away.
	block = regexp.MustCompile(`^[!-~\x{a1}-\x{d7ff}]([ -~\x{a1}-\x{d7ff}]*[!-~\x{a1}-\x{d7ff}])?(\n([ -~\x{a1}-\x{d7ff}]*[!-~\x{a1}-\x{d7ff}])?)*\n$`)
	// breaks are what YAML 1.1 takes for the end of a line beside the newline.
	breaks = "\u0085\u2028\u2029"
)

// wordStyle returns how a text of one line is written, such as a key.
func wordStyle(text string) yamlv3.Style {
	switch {
	case bareWord.MatchString(text) && !reserved.MatchString(text):
		return 0
	case strings.Contains(text, `"`) && printable.MatchString(text):
		// JSON inside YAML stays legible.
		return yamlv3.SingleQuotedStyle
	default:
		return yamlv3.DoubleQuotedStyle
	}
}

func textStyle(text string) yamlv3.Style {
	if strings.Contains(text, "\n") && block.MatchString(text) && !strings.ContainsAny(text, breaks) {
		return yamlv3.LiteralStyle
	}
	return wordStyle(text)
}
