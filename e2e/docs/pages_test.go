// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package docs checks what the documentation says against the code: examples, links, commands, flags and reasons.
package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the repository's folder, seen from this package's.
var root = filepath.Join("..", "..")

// generated is the page that is made from the code, and so needs no check of what it says.
const generated = "docs/api.md"

// page is one page of the documentation.
type page struct {
	// path is the page's, relative to the repository.
	path   string
	blocks []block
	// prose is the text without the code blocks.
	prose string
}

// block is one fenced block of code.
type block struct {
	language, text string
	// line is where the block begins.
	line int
}

// pages returns every page that is written by hand.
func pages(t *testing.T) []page {
	t.Helper()
	var found []page
	for _, pattern := range []string{"README*.md", "docs/*.md", "docs/runbooks/*.md"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			relative, err := filepath.Rel(root, path)
			if err != nil {
				t.Fatal(err)
			}
			if relative = filepath.ToSlash(relative); relative != generated {
				found = append(found, readPage(t, relative))
			}
		}
	}
	if len(found) < 6 {
		t.Fatalf("found only %d pages", len(found))
	}
	return found
}

func readPage(t *testing.T, path string) page {
	t.Helper()
	read := page{path: path}
	var prose strings.Builder
	var open *block
	number := 0
	for line := range strings.Lines(readFile(t, path)) {
		number++
		language, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case isFence && open == nil:
			open = &block{language: language, line: number}
		case isFence:
			read.blocks = append(read.blocks, *open)
			open = nil
		case open != nil:
			open.text += line
		default:
			prose.WriteString(line)
		}
	}
	if open != nil {
		t.Fatalf("%s:%d: the block of code is not closed", path, open.line)
	}
	read.prose = prose.String()
	return read
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

var inlineCode = regexp.MustCompile("`[^`\n]+`")

// inlineCode returns what stands between backticks in the prose.
func (p page) inlineCode() []string {
	var spans []string
	for _, span := range inlineCode.FindAllString(p.prose, -1) {
		spans = append(spans, strings.Trim(span, "`"))
	}
	return spans
}

// code returns everything on the page that is code, in the prose or in blocks.
func (p page) code() []string {
	spans := p.inlineCode()
	for _, block := range p.blocks {
		spans = append(spans, block.text)
	}
	return spans
}

// firstCells returns the first cell of each row of the page's tables.
func (p page) firstCells() []string {
	var cells []string
	for line := range strings.Lines(p.prose) {
		if cell, isRow := strings.CutPrefix(line, "|"); isRow {
			first, _, _ := strings.Cut(cell, "|")
			cells = append(cells, first)
		}
	}
	return cells
}
