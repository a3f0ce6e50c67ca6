// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// progressEvery is often enough to tell a slow build from a hung one.
const progressEvery = 15 * time.Second

// build compiles into a folder of its own and renames, so that a build that is cut short never leaves half a binary behind.
// It must be called with the lock held.
func (m *module) build(ctx context.Context, folder string, names []string, progress io.Writer) error {
	unfinished := filepath.Join(folder, "unfinished")
	if err := os.RemoveAll(unfinished); err != nil {
		return err
	}
	if err := os.MkdirAll(unfinished, 0o755); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(unfinished) }()

	what := strings.Join(names, " and ") + " " + m.version
	fmt.Fprintf(progress, "lab: building %s into %s; this happens once and takes a few minutes\n", what, folder)
	started := time.Now()
	// One package at a time: a binary is named by us, not by the last element of its package's path, which may be a version.
	for _, name := range names {
		arguments := []string{
			"build", "-mod=readonly", "-buildvcs=false", "-trimpath", "-tags", m.tags, "-ldflags", m.linkerFlags(),
			"-o", filepath.Join(unfinished, name), m.packages[name],
		}
		if err := m.runGo(ctx, arguments, "building "+name, started, progress); err != nil {
			return err
		}
	}
	for _, name := range names {
		if err := os.Rename(filepath.Join(unfinished, name), filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	fmt.Fprintf(progress, "lab: built %s in %.0f s\n", what, time.Since(started).Seconds())
	return nil
}

// runGo runs the go command in the module's folder and tells progress how long it has been at it.
func (m *module) runGo(ctx context.Context, arguments []string, doing string, started time.Time, progress io.Writer) error {
	var output bytes.Buffer
	command := exec.CommandContext(ctx, "go", arguments...)
	command.Dir = m.folder
	command.Env = buildEnvironment()
	command.Stdout, command.Stderr = &output, &output
	// The go command ends its compilers when it is interrupted, but cannot when it is killed.
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	if err := command.Start(); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	finished := make(chan error, 1)
	go func() { finished <- command.Wait() }()

	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	for {
		select {
		case err := <-finished:
			if err != nil {
				return fmt.Errorf("%s %s in %s: %w\n%s", doing, m.version, m.folder, err, output.Bytes())
			}
			return nil
		case <-ticker.C:
			fmt.Fprintf(progress, "lab: still %s, %.0f s\n", doing, time.Since(started).Seconds())
		}
	}
}

// buildEnvironment is the caller's, without what would make the build differ from one machine to the next.
func buildEnvironment() []string {
	overridden := map[string]string{
		"CGO_ENABLED": "0",
		// The binaries run here, whatever the caller is cross-compiling for.
		"GOOS":   runtime.GOOS,
		"GOARCH": runtime.GOARCH,
		// A caller's -mod=vendor or workspace is about another module than this one.
		"GOFLAGS": "",
		"GOWORK":  "off",
	}
	var environment []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if _, ours := overridden[name]; !ours {
			environment = append(environment, variable)
		}
	}
	for name, value := range overridden {
		environment = append(environment, name+"="+value)
	}
	return environment
}
