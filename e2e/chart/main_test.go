// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package chart tells what the platform team sees of the chart: what it refuses, what it installs, and what becomes of a
// running cluster when it is upgraded, rolled back and uninstalled.
package chart

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/yaml"

	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/binaries"
)

// chartFolder is the chart, as seen from this package.
var chartFolder = filepath.Join("..", "..", "charts", "wukong")

const (
	release   = "wukong"
	namespace = lab.ManagerNamespace
)

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard())
	code := m.Run()
	if err := lab.RemoveManagerBuild(); err != nil {
		fmt.Fprintln(os.Stderr, "removing the manager's build:", err)
		code = 1
	}
	os.Exit(code)
}

// helm runs helm and returns what it prints, with what it complains of apart.
func helm(t *testing.T, arguments ...string) (stdout, stderr string, err error) {
	t.Helper()
	executable, err := binaries.EnsureHelm(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	var out, complaints bytes.Buffer
	command := exec.CommandContext(t.Context(), executable, arguments...)
	command.Stdout, command.Stderr = &out, &complaints
	// Nothing of the person's own helm has a say, and nothing of ours stays behind.
	folder := t.TempDir()
	command.Env = append(os.Environ(), "HELM_CONFIG_HOME="+folder, "HELM_CACHE_HOME="+folder, "HELM_DATA_HOME="+folder)
	err = command.Run()
	return out.String(), complaints.String(), err
}

// mustHelm fails the test when helm fails.
func mustHelm(t *testing.T, arguments ...string) string {
	t.Helper()
	out, complaints, err := helm(t, arguments...)
	if err != nil {
		t.Fatalf("helm %s: %v\n%s%s", strings.Join(arguments, " "), err, out, complaints)
	}
	return out
}

// valuesFile writes values to a file for helm's --values.
func valuesFile(t *testing.T, values map[string]any) string {
	t.Helper()
	content, err := yaml.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
