// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// tinyModule has the shape of the real ones and builds in a second.
func tinyModule(t *testing.T, source string) *module {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "tiny")
	writeFile(t, filepath.Join(folder, "go.mod"), `module example.org/build

go 1.26.0

require example.org/greeter v1.2.3

replace example.org/greeter => ./greeter
`, 0o644)
	writeFile(t, filepath.Join(folder, "go.sum"), "", 0o644)
	writeFile(t, filepath.Join(folder, "greeter", "go.mod"), "module example.org/greeter\n\ngo 1.26.0\n", 0o644)
	writeFile(t, filepath.Join(folder, "greeter", "main.go"), source, 0o644)
	loaded, err := loadModule(t.Context(), folder, recipe{
		module:   "example.org/greeter",
		packages: map[string]string{"greet": "example.org/greeter"},
		stamp:    func(version string) []string { return []string{"-X main.version=" + version} },
	})
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

const greeter = `package main

var version string

func main() { print(version) }
`

func TestModuleIsBuiltAtTheVersionOfItsGoMod(t *testing.T) {
	cache := t.TempDir()
	var progress bytes.Buffer
	folder, err := tinyModule(t, greeter).ensure(t.Context(), cache, []string{"greet"}, &progress)
	if err != nil {
		t.Fatal(err)
	}
	output, err := exec.CommandContext(t.Context(), filepath.Join(folder, "greet")).CombinedOutput()
	if err != nil || string(output) != "v1.2.3" {
		t.Errorf("the binary printed %q (%v), want v1.2.3", output, err)
	}
	for _, want := range []string{"building greet v1.2.3", "happens once", "built greet v1.2.3"} {
		if !strings.Contains(progress.String(), want) {
			t.Errorf("progress %q lacks %q", progress.String(), want)
		}
	}
}

func TestModuleIsBuiltOnceByManyAtATime(t *testing.T) {
	cache := t.TempDir()
	tiny := tinyModule(t, greeter)
	var builders sync.WaitGroup
	outputs := make([]bytes.Buffer, 4)
	for i := range outputs {
		builders.Go(func() {
			if _, err := tiny.ensure(t.Context(), cache, []string{"greet"}, &outputs[i]); err != nil {
				t.Error(err)
			}
		})
	}
	builders.Wait()
	built := 0
	for i := range outputs {
		built += strings.Count(outputs[i].String(), "lab: built")
	}
	if built != 1 {
		t.Errorf("built %d times, want once", built)
	}
}

func TestFailedBuildLeavesNothingAndShowsTheCompiler(t *testing.T) {
	cache := t.TempDir()
	tiny := tinyModule(t, "package main\n\nfunc main() { undefinedName() }\n")
	_, err := tiny.ensure(t.Context(), cache, []string{"greet"}, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "undefinedName") {
		t.Fatalf("got error %v, want the compiler's", err)
	}
	left, err := os.ReadDir(filepath.Join(cache, tiny.key()))
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 0 {
		t.Errorf("the build left %v behind", left)
	}
}

func TestKeyFollowsTheModuleFiles(t *testing.T) {
	tiny := tinyModule(t, greeter)
	before := tiny.key()
	writeFile(t, filepath.Join(tiny.folder, "go.sum"), "changed\n", 0o644)
	changed, err := loadModule(t.Context(), tiny.folder, tiny.recipe)
	if err != nil {
		t.Fatal(err)
	}
	if changed.key() == before {
		t.Errorf("the key %s did not change with go.sum", before)
	}
}

func TestKeyFollowsOurOwnSources(t *testing.T) {
	tiny := tinyModule(t, greeter)
	tiny.sources = []string{"greeter/main.go"}
	before, err := tiny.hash()
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(tiny.folder, "greeter", "main.go"), greeter+"// changed\n", 0o644)
	if after, err := tiny.hash(); err != nil || after == before {
		t.Errorf("the fingerprint %s did not change with a source (%v)", before, err)
	}
}

func TestLockWaitsAndGivesUpWithItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := lock(t.Context(), path, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	var progress bytes.Buffer
	if _, err := lock(impatient, path, &progress); !errors.Is(err, context.Canceled) {
		t.Errorf("a second lock got error %v, want it to wait until its context ends", err)
	}
	if !strings.Contains(progress.String(), "waiting") {
		t.Errorf("a waiting lock said %q, want to be told why nothing happens", progress.String())
	}
	unlock()
	unlock, err = lock(t.Context(), path, &bytes.Buffer{})
	if err != nil {
		t.Fatalf("the lock was not released: %v", err)
	}
	unlock()
}
