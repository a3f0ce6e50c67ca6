// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package story_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/novasphere/wukong/pkg/internal/golden"
	"github.com/novasphere/wukong/pkg/story"
)

const (
	tableBegins = "<!-- The table is made from pkg/story; go test ./pkg/story -update writes it. -->\n"
	tableEnds   = "<!-- The end of the table. -->\n"
)

// TestPage compares the table of keys in the documentation with the code.
func TestPage(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "logs.md")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(content), tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		t.Fatalf("%s lacks the lines between which the table is", path)
	}
	var table strings.Builder
	table.WriteString("| Key | Its value |\n|---|---|\n")
	for _, key := range story.Keys() {
		fmt.Fprintf(&table, "| `%s` | %s |\n", key.Name, key.Help)
	}
	golden.CompareFile(t, path, before+tableBegins+"\n"+table.String()+"\n"+tableEnds+after)
}
