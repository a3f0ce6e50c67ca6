// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package rbac

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden file instead of comparing with it")

// TestPermissions shows each new permission of the manager in review, verb by verb.
func TestPermissions(t *testing.T) {
	manager, err := Manager()
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := Secrets()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, permission := range Permissions(manager.Rules) {
		lines = append(lines, "everywhere: "+permission.String())
	}
	for _, permission := range Permissions(secrets.Rules) {
		lines = append(lines, "in namespaces with Wukongs: "+permission.String())
	}
	got, path := strings.Join(lines, "\n")+"\n", filepath.Join("testdata", "permissions.txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the manager's permissions are not those of %s; if that is meant, go test -update writes it (-file +now):\n%s", path, diff)
	}
}
