// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
)

// module is a nested Go module from which binaries are built, at the version that its go.mod names.
type module struct {
	recipe
	folder  string
	version string
	// fingerprint changes whenever anything does that could change the binaries.
	fingerprint string
}

func loadModule(ctx context.Context, folder string, recipe recipe) (*module, error) {
	loaded := &module{recipe: recipe, folder: folder}
	var err error
	if loaded.version, err = requiredVersion(ctx, folder, recipe.module); err != nil {
		return nil, err
	}
	if loaded.fingerprint, err = loaded.hash(); err != nil {
		return nil, err
	}
	return loaded, nil
}

// requiredVersion reads a version out of a go.mod without resolving anything, which needs no network and takes milliseconds.
func requiredVersion(ctx context.Context, folder, path string) (string, error) {
	command := exec.CommandContext(ctx, "go", "mod", "edit", "-json")
	command.Dir = folder
	command.Env = buildEnvironment()
	output, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("reading the go.mod in %s: %w", folder, err)
	}
	var parsed struct {
		Require []struct{ Path, Version string }
	}
	if err := json.Unmarshal(output, &parsed); err != nil {
		return "", fmt.Errorf("reading the go.mod in %s: %w", folder, err)
	}
	for _, requirement := range parsed.Require {
		if requirement.Path == path {
			return requirement.Version, nil
		}
	}
	return "", fmt.Errorf("the go.mod in %s does not require %s", folder, path)
}

func (m *module) hash() (string, error) {
	sum := sha256.New()
	for _, name := range append([]string{"go.mod", "go.sum"}, m.sources...) {
		content, err := os.ReadFile(filepath.Join(m.folder, filepath.FromSlash(name)))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(content), content)
	}
	fmt.Fprintln(sum, m.linkerFlags())
	if m.tags != "" {
		fmt.Fprintln(sum, m.tags)
	}
	return hex.EncodeToString(sum.Sum(nil))[:12], nil
}

func (m *module) linkerFlags() string {
	return strings.Join(append([]string{"-s", "-w"}, m.stamp(m.version)...), " ")
}

// key names the cache folder: two versions, or two architectures on one shared home folder, never meet.
func (m *module) key() string {
	return strings.Join([]string{filepath.Base(m.folder), m.version, runtime.GOOS, runtime.GOARCH, m.fingerprint}, "-")
}

// ensure returns the folder that holds the named binaries, after building those that are not there.
func (m *module) ensure(ctx context.Context, cache string, names []string, progress io.Writer) (string, error) {
	folder := filepath.Join(cache, m.key())
	there := func() bool { return len(m.missing(folder, names)) == 0 }
	build := func() error {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		return m.build(ctx, folder, m.missing(folder, names), progress)
	}
	if err := Once(ctx, folder, there, build, progress); err != nil {
		return "", err
	}
	return folder, nil
}

func (m *module) missing(folder string, names []string) []string {
	var missing []string
	for _, name := range names {
		if executableIn(folder, name) == "" {
			missing = append(missing, name)
		}
	}
	sort.Strings(missing)
	return missing
}
