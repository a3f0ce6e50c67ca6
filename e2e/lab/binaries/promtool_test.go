// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestPromtoolKnowsItsVersion(t *testing.T) {
	path, err := EnsurePromtool(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	root, err := RepositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	version, err := requiredVersion(t.Context(), filepath.Join(root, "e2e", "lab", "binaries", "prometheus"), recipes["prometheus"].module)
	if err != nil {
		t.Fatal(err)
	}
	output, err := exec.CommandContext(t.Context(), path, "--version").CombinedOutput()
	if err != nil {
		t.Fatalf("%s --version: %v\n%s", path, err, output)
	}
	if !strings.Contains(string(output), version) {
		t.Errorf("promtool says %q, want %s", output, version)
	}
}
