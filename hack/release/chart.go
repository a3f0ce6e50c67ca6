// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// packageChart has helm package a chart. Helm puts the times of the chart's files into the package, so it is given a copy whose
// files have the time of the release.
func packageChart(ctx context.Context, helm, chart, folder string, release release) error {
	chart, err := filepath.Abs(chart)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(chart, "Chart.yaml")); err != nil {
		return fmt.Errorf("there is no chart: %w", err)
	}
	staging, err := os.MkdirTemp("", "wukong-chart-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(staging) }()
	staged := filepath.Join(staging, filepath.Base(chart))
	if err := os.CopyFS(staged, os.DirFS(chart)); err != nil {
		return err
	}
	if err := setTimes(staged, release.time); err != nil {
		return err
	}
	// A chart has a semantic version, which begins with a digit. The application's is the image's tag.
	command := exec.CommandContext(ctx, helm, "package", staged,
		"--version", strings.TrimPrefix(release.version, "v"), "--app-version", release.version, "--destination", folder)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("packaging %s: %w\n%s", chart, err, output)
	}
	return nil
}

// setTimes gives everything in a folder the same time.
func setTimes(folder string, modified time.Time) error {
	return filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(path, modified, modified)
	})
}
