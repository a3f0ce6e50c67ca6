// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package story_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/novasphere/wukong/pkg/internal/golden"
	"github.com/novasphere/wukong/pkg/story"
)

// TestPage compares the table of keys in the documentation with the code.
func TestPage(t *testing.T) {
	var table strings.Builder
	table.WriteString("| Key | Its value |\n|---|---|\n")
	for _, key := range story.Keys() {
		fmt.Fprintf(&table, "| `%s` | %s |\n", key.Name, key.Help)
	}
	golden.CompareTable(t, "logs.md", "story", table.String())
}
