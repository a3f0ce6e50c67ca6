// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package golden compares what a test renders with a file beside it, so that each change of what users get is
// seen in review. "go test -update" writes the files.
package golden

import (
	"flag"
	"os"
	"path/filepath"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// T is the part of testing.TB that is used here.
type T interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Compare fails the test when the text differs from the file testdata/NAME.
func Compare(t T, name, text string) {
	t.Helper()
	CompareFile(t, filepath.Join("testdata", name), text)
}

// CompareFile fails the test when the text differs from a file, which may be outside testdata.
func CompareFile(t T, path, text string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatalf("making the folder of golden files: %v", err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatalf("writing a golden file: %v", err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("reading a golden file; go test -update writes it: %v", err)
	}
	if difference := cmp.Diff(string(want), text); difference != "" {
		t.Errorf("%s differs from what is rendered (-file +rendered); if that is meant, go test -update writes it:\n%s", path, difference)
	}
}
