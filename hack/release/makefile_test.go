// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// runMake runs make in the repository. A make that runs these tests must not tell this one what to do.
func runMake(t *testing.T, path string, arguments ...string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "make", append([]string{"--no-print-directory"}, arguments...)...)
	command.Dir = filepath.Join("..", "..")
	for _, variable := range os.Environ() {
		switch name, _, _ := strings.Cut(variable, "="); name {
		case "MAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "MFLAGS", "VERSION", "VULNDB", "PATH":
		default:
			command.Env = append(command.Env, variable)
		}
	}
	command.Env = append(command.Env, "PATH="+path)
	output, err := command.CombinedOutput()
	return string(output), err
}

func writeScript(t *testing.T, path, script string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestVulncheckTellsUncheckedFromClean(t *testing.T) {
	for _, test := range []struct {
		status int
		passes bool
		says   string
	}{
		{status: 0, passes: true, says: "vulncheck: checked, and no known vulnerability"},
		{status: 1, says: "NOT CHECKED"},
		{status: 2, says: "NOT CHECKED"},
		{status: 3, says: "the vulnerabilities above"},
	} {
		t.Run(fmt.Sprint(test.status), func(t *testing.T) {
			fake := filepath.Join(t.TempDir(), "govulncheck")
			writeScript(t, fake, fmt.Sprintf("exit %d", test.status))
			output, err := runMake(t, os.Getenv("PATH"), "vulncheck", "GOVULNCHECK="+fake)
			if passes := err == nil; passes != test.passes {
				t.Errorf("with %d from govulncheck, make passes: %t", test.status, passes)
			}
			if !strings.Contains(output, test.says) {
				t.Errorf("make said\n%s\nwithout %q", output, test.says)
			}
			if !test.passes && strings.Contains(output, "vulncheck: checked") {
				t.Errorf("make said\n%s\nwhich looks clean", output)
			}
		})
	}
}

// pathWith is a folder with what the Makefile calls and the given programs, and nothing else.
func pathWith(t *testing.T, scripts map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"bash", "sh", "go", "git", "dirname", "make", "date", "touch"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if path, err = filepath.Abs(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, script := range scripts {
		writeScript(t, filepath.Join(folder, name), script)
	}
	return folder
}

func TestImageWithoutAnEngineSaysWhatToDo(t *testing.T) {
	for name, test := range map[string]struct {
		scripts map[string]string
		says    string
	}{
		"nothing is installed": {says: "image: install Docker with buildx, podman or buildah"},
		"no server answers":    {scripts: map[string]string{"docker": "exit 1"}, says: "fails: docker"},
	} {
		t.Run(name, func(t *testing.T) {
			output, err := runMake(t, pathWith(t, test.scripts), "image")
			if err == nil {
				t.Error("make image passed without an engine")
			}
			for _, want := range []string{test.says, "skopeo copy --all oci-archive:", "crane push", "make release-artifacts"} {
				if !strings.Contains(output, want) {
					t.Errorf("make said\n%s\nwithout %q", output, want)
				}
			}
			if strings.Contains(output, "go build") {
				t.Errorf("make said\n%s\nand built what it has no use for", output)
			}
		})
	}
}

func TestReleaseArtifactsWantAVersion(t *testing.T) {
	output, err := runMake(t, os.Getenv("PATH"), "release-artifacts", "VERSION=latest")
	if err == nil || !strings.Contains(output, "not like 'latest'; set VERSION") {
		t.Errorf("make said %s (%v), want to be told what a version is", output, err)
	}
}
