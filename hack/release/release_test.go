// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	testVersion  = "v1.2.3"
	testRevision = "0123456789abcdef0123456789abcdef01234567"
	testTime     = 1700000000
)

func testRelease(t *testing.T) release {
	t.Helper()
	made, err := newRelease(testVersion, testRevision, testTime)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// buildProgram builds the test's program the way the Makefile builds ours.
func buildProgram(t *testing.T, folder string) []string {
	t.Helper()
	var paths []string
	for _, architecture := range []string{"amd64", "arm64"} {
		path := filepath.Join(folder, "linux_"+architecture, "program")
		command := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false",
			"-ldflags", "-s -w -X main.version="+testVersion, "-o", path, "./testdata/program")
		command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+architecture, "GOFLAGS=")
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("building: %v\n%s", err, output)
		}
		paths = append(paths, path)
	}
	return paths
}

func testBinaries(t *testing.T) []*binary {
	t.Helper()
	binaries, err := readBinaries(buildProgram(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	return binaries
}

// helm is the one that the Makefile takes.
func helm(t *testing.T) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "run", "./e2e/lab/cmd/lab", "helm")
	command.Dir = filepath.Join("..", "..")
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		t.Fatalf("looking for helm: %v", err)
	}
	return strings.TrimSpace(string(output))
}

// makeRelease makes everything from a fresh build in a folder of its own.
func makeRelease(t *testing.T, helm string, age time.Duration) string {
	t.Helper()
	folder := t.TempDir()
	binaries := buildProgram(t, filepath.Join(folder, "binaries"))
	chart := filepath.Join(folder, "chart")
	if err := os.CopyFS(chart, os.DirFS(filepath.Join("testdata", "chart"))); err != nil {
		t.Fatal(err)
	}
	// As in a clone that was made at another time.
	if err := setTimes(chart, time.Now().Add(-age)); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(folder, "release")
	for _, command := range [][]string{
		append([]string{"archives", "-licence", filepath.Join("..", "..", "LICENSE")}, binaries...),
		append([]string{"image", "-name", "program"}, binaries...),
		{"chart", "-helm", helm, chart},
		{"checksums"},
	} {
		arguments := append([]string{
			command[0], "-version", testVersion, "-revision", testRevision, "-time", strconv.Itoa(testTime), "-to", to,
		}, command[1:]...)
		var output bytes.Buffer
		if err := run(t.Context(), arguments, &output); err != nil {
			t.Fatalf("release %s: %v", strings.Join(arguments, " "), err)
		}
	}
	return to
}

func TestReleaseIsTheSameTwice(t *testing.T) {
	helm := helm(t)
	first := makeRelease(t, helm, 0)
	second := makeRelease(t, helm, 48*time.Hour)

	sums, err := os.ReadFile(filepath.Join(first, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := os.ReadFile(filepath.Join(second, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(sums, again) {
		t.Errorf("two builds differ:\n%s\nand\n%s", sums, again)
	}
	var names []string
	for line := range strings.Lines(string(sums)) {
		names = append(names, strings.Fields(line)[1])
	}
	want := []string{
		"chart-1.2.3.tgz",
		"program-v1.2.3-image.digest", "program-v1.2.3-image.spdx.json", "program-v1.2.3-image.tar",
		"program-v1.2.3-linux-amd64.spdx.json", "program-v1.2.3-linux-amd64.tar.gz",
		"program-v1.2.3-linux-arm64.spdx.json", "program-v1.2.3-linux-arm64.tar.gz",
	}
	if got := strings.Join(names, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("SHA256SUMS lists\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func TestArchiveHasTheBinaryAndTheLicence(t *testing.T) {
	binary := testBinaries(t)[0]
	path := filepath.Join(t.TempDir(), "archive.tar.gz")
	err := writeTarball(path, []entry{
		{name: "program", mode: 0o755, path: binary.path},
		{name: "LICENSE", mode: 0o644, path: filepath.Join("..", "..", "LICENSE")},
	}, testRelease(t).time)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "tar", "--numeric-owner", "-tvzf", path)
	command.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C")
	listed, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, listed)
	}
	lines := strings.Split(strings.TrimSpace(string(listed)), "\n")
	if len(lines) != 2 || !strings.HasSuffix(lines[0], " LICENSE") || !strings.HasSuffix(lines[1], " program") {
		t.Errorf("tar lists\n%s\nwant LICENSE and program", listed)
	}
	if runtime.GOOS == "linux" {
		for _, line := range lines {
			if !strings.Contains(line, " 0/0 ") || !strings.Contains(line, "2023-11-14 22:13") {
				t.Errorf("tar lists %q, want owner 0/0 and the time of the release", line)
			}
		}
	}
	if !strings.HasPrefix(lines[1], "-rwxr-xr-x") {
		t.Errorf("tar lists %q, want an executable", lines[1])
	}
}

func TestReleaseNeedsAVersionThatIsATag(t *testing.T) {
	for _, version := range []string{"v1.2.3", "v0.1.0-rc.1", "v0.1.0-12-gc5b8693"} {
		if _, err := newRelease(version, testRevision, testTime); err != nil {
			t.Errorf("%s is refused: %v", version, err)
		}
	}
	for _, version := range []string{"", "1.2.3", "v1.2", "c5b8693", "v1.2.3+build", "v1.2.3 "} {
		if _, err := newRelease(version, testRevision, testTime); err == nil {
			t.Errorf("%q is taken for a version", version)
		}
	}
	if _, err := newRelease(testVersion, testRevision, 0); err == nil {
		t.Error("a release without a time is made")
	}
}
