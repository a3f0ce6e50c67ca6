// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package document_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/novasphere/wukong/pkg/internal/golden"
	"github.com/novasphere/wukong/pkg/internal/readback"
	"github.com/novasphere/wukong/pkg/render/document"
)

func TestTextsStayTexts(t *testing.T) {
	for _, text := range readback.Hostile {
		check(t, map[string]any{"key": text, text + "k": "value", "list": []any{text, map[string]any{"key": text}}})
	}
	all := map[string]any{}
	for _, text := range readback.Hostile {
		all[text] = text
	}
	check(t, all)
}

func FuzzMarshal(f *testing.F) {
	for i, text := range readback.Hostile {
		f.Add(text, readback.Hostile[len(readback.Hostile)-1-i])
	}
	f.Fuzz(func(t *testing.T, one, other string) {
		// JSON, which the value goes through, replaces what is not UTF-8.
		one, other = strings.ToValidUTF8(one, "\ufffd"), strings.ToValidUTF8(other, "\ufffd")
		check(t, map[string]any{
			"a": one, "b": []any{other, one, []any{}, nil, true, map[string]any{one: other}}, "c": map[string]any{other: map[string]any{}, other + "1": json.Number("1")},
		})
	})
}

// check reads the document of a value back.
func check(t *testing.T, value map[string]any) {
	t.Helper()
	text, err := document.Marshal(value)
	if err != nil {
		t.Fatalf("%q: %v", value, err)
	}
	readback.Check(t, text, value)
}

func TestLayout(t *testing.T) {
	text, err := document.Marshal(map[string]any{
		"word": "linux-bridge", "image": "quay.io/containerdisks/debian:12", "address": "192.168.100.10/24", "json": `{"a":"b's"}`,
		"number": 5, "large": int64(1) << 53, "yes": true, "nothing": nil, "none": []string{}, "empty": struct{}{},
		"list": []any{"a", map[string]any{"b": 1, "a": []int{1, 2}}}, "text": "#cloud-config\nusers:\n- name: \"x\"\n",
		"script": "a\nb",
	})
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "layout.yaml", text)
}

func TestNotJSON(t *testing.T) {
	if _, err := document.Marshal(map[string]any{"a": func() {}}); err == nil {
		t.Error("a function is marshalled")
	}
}

func TestTheSameEachTime(t *testing.T) {
	value := map[string]string{}
	for _, text := range readback.Hostile {
		value[text] = text
	}
	first, err := document.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if again, _ := document.Marshal(maps.Clone(value)); again != first {
			t.Fatal("the text depends on the order of a map")
		}
	}
}
