// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	yamlstream "k8s.io/apimachinery/pkg/util/yaml"
)

// document is one YAML or JSON document.
type document struct {
	// place says where it stands, for a person.
	place string
	text  []byte
}

// standardInput is the name of a file that stands for standard input.
const standardInput = "-"

// read returns the documents of files, folders and standard input in their order.
func read(names []string, stdin io.Reader) ([]document, error) {
	var documents []document
	for _, name := range names {
		if name == standardInput {
			text, err := io.ReadAll(stdin)
			if err != nil {
				return nil, fmt.Errorf("reading standard input: %w", err)
			}
			found, err := split("standard input", text)
			if err != nil {
				return nil, err
			}
			documents = append(documents, found...)
			continue
		}
		found, err := readPath(name)
		if err != nil {
			return nil, err
		}
		documents = append(documents, found...)
	}
	return documents, nil
}

// readPath returns the documents of a file, or of the YAML and JSON files directly in a folder.
func readPath(name string) ([]document, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("looking for what to render: %w", err)
	}
	files := []string{name}
	if info.IsDir() {
		entries, err := os.ReadDir(name)
		if err != nil {
			return nil, fmt.Errorf("listing a folder: %w", err)
		}
		files = nil
		for _, entry := range entries {
			if !entry.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(entry.Name())) {
				files = append(files, filepath.Join(name, entry.Name()))
			}
		}
	}
	var documents []document
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading what to render: %w", err)
		}
		found, err := split(file, text)
		if err != nil {
			return nil, err
		}
		documents = append(documents, found...)
	}
	return documents, nil
}

// split returns the documents of one file that hold anything, and counts only those.
func split(name string, text []byte) ([]document, error) {
	texts, isJSON := splitJSON(text)
	if !isJSON {
		reader := yamlstream.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
		for {
			next, err := reader.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			texts = append(texts, next)
		}
	}
	var documents []document
	for _, text := range texts {
		if holdsAnything(text) {
			documents = append(documents, document{place: fmt.Sprintf("%s, document %d", name, len(documents)+1), text: text})
		}
	}
	return documents, nil
}

// splitJSON returns the values of a JSON stream, and whether the text is one.
func splitJSON(text []byte) ([][]byte, bool) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	var texts [][]byte
	for {
		var next json.RawMessage
		err := decoder.Decode(&next)
		if errors.Is(err, io.EOF) {
			return texts, len(texts) > 0
		}
		if err != nil {
			return nil, false
		}
		texts = append(texts, next)
	}
}

func holdsAnything(text []byte) bool {
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' && !bytes.Equal(line, []byte("---")) && !bytes.Equal(line, []byte("...")) {
			return true
		}
	}
	return false
}
