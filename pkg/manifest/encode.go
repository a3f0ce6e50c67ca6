// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/novasphere/wukong/pkg/render/document"
)

// YAML returns the objects as one text with a document for each. The error is that of marshalling.
func YAML(objects []Object) (string, error) {
	var text strings.Builder
	for _, object := range objects {
		content, err := contentOf(object)
		if err != nil {
			return "", err
		}
		written, err := document.Marshal(content)
		if err != nil {
			return "", err
		}
		text.WriteString("---\n" + written)
	}
	return text.String(), nil
}

// JSON returns the objects as one list. The error is that of marshalling.
func JSON(objects []Object) (string, error) {
	items := make([]any, 0, len(objects))
	for _, object := range objects {
		content, err := contentOf(object)
		if err != nil {
			return "", err
		}
		items = append(items, content)
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "    ")
	// The text is for people and for kubectl, not for a web page.
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(map[string]any{"apiVersion": "v1", "kind": "List", "items": items}); err != nil {
		return "", fmt.Errorf("marshalling as JSON: %w", err)
	}
	return text.String(), nil
}

// contentOf returns the declared part of an object: without status, and without the nulls that Go's types print.
func contentOf(object Object) (map[string]any, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil, fmt.Errorf("converting %s %s: %w", object.GetObjectKind().GroupVersionKind().Kind, object.GetName(), err)
	}
	delete(content, "status")
	dropNulls(content)
	return content, nil
}

func dropNulls(value any) {
	switch typed := value.(type) {
	case map[string]any:
		for key, element := range typed {
			if element == nil {
				delete(typed, key)
				continue
			}
			dropNulls(element)
		}
	case []any:
		for _, element := range typed {
			dropNulls(element)
		}
	}
}
