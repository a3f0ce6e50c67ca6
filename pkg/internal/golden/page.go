// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package golden

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// tableEnds is the line of a page after a table that is made from code.
const tableEnds = "<!-- The end of the table. -->\n"

// CompareTable fails the test when the table that a package makes for a page of the documentation differs from the page. The line
// before the table names the package. Tests of packages in a folder of pkg call it.
func CompareTable(t T, page, pkg, table string) {
	t.Helper()
	begins := fmt.Sprintf("<!-- The table is made from pkg/%s; go test ./pkg/%s -update writes it. -->\n", pkg, pkg)
	path := filepath.Join("..", "..", "docs", page)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("reading a page: %v", err)
	}
	before, rest, hasBegin := strings.Cut(string(content), begins)
	_, after, hasEnd := strings.Cut(rest, tableEnds)
	if !hasBegin || !hasEnd {
		t.Fatalf("%s lacks the lines between which the table is", path)
	}
	CompareFile(t, path, before+begins+"\n"+table+"\n"+tableEnds+after)
}
