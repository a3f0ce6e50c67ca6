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

func TestHelmKnowsItsVersion(t *testing.T) {
	path, err := EnsureHelm(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	root, err := RepositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	version, err := requiredVersion(t.Context(), filepath.Join(root, "e2e", "lab", "binaries", "helm"), recipes["helm"].module)
	if err != nil {
		t.Fatal(err)
	}
	output, err := exec.CommandContext(t.Context(), path, "version", "--template", "{{.Version}}").CombinedOutput()
	if err != nil {
		t.Fatalf("%s version: %v\n%s", path, err, output)
	}
	if said := strings.TrimSpace(string(output)); said != version {
		t.Errorf("helm says its version is %q, want %s", said, version)
	}
}
