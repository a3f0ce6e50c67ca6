// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package nmstatectl builds NMState's own command line tool from the Rust registry and runs what it does offline:
// checking a desired state, and filling in a policy's captures.
package nmstatectl

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/novasphere/wukong/e2e/lab/binaries"
)

// Version is the version of the crates nmstate and nmstatectl.
const Version = "2.2.62"

const (
	executable = "nmstatectl"
	// progressEvery is often enough to tell a slow build from a hung one.
	progressEvery = 15 * time.Second
)

// settings make one binary that runs here and on every node: it needs no C library, and compiles in half the time that
// the crate's own settings take.
var settings = []string{
	"RUSTFLAGS=-C target-feature=+crt-static",
	"CARGO_PROFILE_RELEASE_LTO=off",
	"CARGO_PROFILE_RELEASE_OPT_LEVEL=1",
	"CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16",
	"CARGO_PROFILE_RELEASE_STRIP=true",
}

// Tool is an nmstatectl that can run.
type Tool struct {
	// Path is the executable.
	Path string
}

// Ensure returns the tool. It is built into the lab's cache when it is not there, which happens once and takes minutes:
// progress is told about that, and about nothing else.
func Ensure(ctx context.Context, progress io.Writer) (Tool, error) {
	cache, err := binaries.CacheDir()
	if err != nil {
		return Tool{}, err
	}
	folder := filepath.Join(cache, strings.Join([]string{executable, Version, runtime.GOOS, runtime.GOARCH, fingerprint()}, "-"))
	tool := Tool{Path: filepath.Join(folder, "bin", executable)}
	there := func() bool { return exists(tool.Path) }
	if err := binaries.Once(ctx, folder, there, func() error { return build(ctx, folder, progress) }, progress); err != nil {
		return Tool{}, err
	}
	return tool, nil
}

// hostTarget returns the name that the Rust compiler has for this machine.
func hostTarget(ctx context.Context) (string, error) {
	for _, program := range []string{"cargo", "rustc"} {
		if _, err := exec.LookPath(program); err != nil {
			return "", fmt.Errorf("%s is not in the PATH: NMState's nmstatectl %s is built from the Rust registry; "+
				"install cargo and rustc 1.88 or newer, for example with rustup: %w", program, Version, err)
		}
	}
	output, err := exec.CommandContext(ctx, "rustc", "-vV").Output()
	if err != nil {
		return "", fmt.Errorf("asking rustc about this machine: %w", err)
	}
	for line := range strings.Lines(string(output)) {
		if target, found := strings.CutPrefix(line, "host: "); found {
			return strings.TrimSpace(target), nil
		}
	}
	return "", errors.New("rustc -vV names no host")
}

// fingerprint changes whenever the settings do.
func fingerprint() string {
	sum := sha256.Sum256([]byte(strings.Join(settings, "\n")))
	return hex.EncodeToString(sum[:])[:12]
}

// build installs into a folder of its own and renames, so that a build that is cut short leaves nothing behind.
func build(ctx context.Context, folder string, progress io.Writer) error {
	target, err := hostTarget(ctx)
	if err != nil {
		return err
	}
	unfinished := folder + ".unfinished"
	if err := os.RemoveAll(unfinished); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(unfinished) }()
	fmt.Fprintf(progress, "node: building nmstatectl %s into %s; this happens once and takes a few minutes\n", Version, folder)
	started := time.Now()
	if err := install(ctx, target, unfinished, started, progress); err != nil {
		return err
	}
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := os.Rename(unfinished, folder); err != nil {
		return err
	}
	fmt.Fprintf(progress, "node: built nmstatectl %s in %.0f s\n", Version, time.Since(started).Seconds())
	return nil
}

func install(ctx context.Context, target, folder string, started time.Time, progress io.Writer) error {
	var output bytes.Buffer
	// The target is named, although it is this machine: the settings are then not for what runs during the build.
	command := exec.CommandContext(ctx, "cargo", "install", executable, "--version", "="+Version, "--locked", "--target", target, "--root", folder)
	command.Env = append(os.Environ(), append([]string{"CARGO_TARGET_DIR=" + filepath.Join(folder, "target")}, settings...)...)
	command.Stdout, command.Stderr = &output, &output
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	if err := command.Start(); err != nil {
		return fmt.Errorf("building nmstatectl: %w", err)
	}
	finished := make(chan error, 1)
	go func() { finished <- command.Wait() }()
	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	for {
		select {
		case err := <-finished:
			if err != nil {
				return fmt.Errorf("building nmstatectl %s: %w\n%s", Version, err, output.Bytes())
			}
			// What the compiler left is ten times the size of the result.
			return os.RemoveAll(filepath.Join(folder, "target"))
		case <-ticker.C:
			fmt.Fprintf(progress, "node: still building nmstatectl, %.0f s\n", time.Since(started).Seconds())
		}
	}
}

func exists(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
