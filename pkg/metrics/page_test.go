// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/novasphere/wukong/pkg/internal/golden"
)

const (
	tableBegins = "<!-- The table is made from pkg/metrics; go test ./pkg/metrics -update writes it. -->\n"
	tableEnds   = "<!-- The end of the table. -->\n"
)

// TestPage compares the table of metrics in the documentation with the code.
func TestPage(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "metrics.md")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(content), tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		t.Fatalf("%s lacks the lines between which the table is", path)
	}
	golden.CompareFile(t, path, before+tableBegins+"\n"+table()+"\n"+tableEnds+after)
}

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
