// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"fmt"
	"strings"
	"testing"

	"github.com/novasphere/wukong/pkg/internal/golden"
)

// TestPage compares the table of metrics in the documentation with the code.
func TestPage(t *testing.T) { golden.CompareTable(t, "metrics.md", "metrics", table()) }

func table() string {
	var text strings.Builder
	text.WriteString("| Metric | Type | What it tells | Labels |\n|---|---|---|---|\n")
	for _, metric := range All() {
		var labels []string
		for _, label := range metric.Labels {
			labels = append(labels, fmt.Sprintf("`%s`: %s", label.Name, label.Values))
		}
		fmt.Fprintf(&text, "| `%s` | %s | %s | %s |\n", metric.Name, metric.Type, metric.Help, strings.Join(labels, "; "))
	}
	return text.String()
}
