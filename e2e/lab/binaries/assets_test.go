// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestEnsureBuildsOnceAndIsSilentAfterwards(t *testing.T) {
	t.Setenv(assetsVariable, "")
	// Whoever runs this cold waits for minutes and wants to see why.
	assets, err := Ensure(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}

	var output bytes.Buffer
	started := time.Now()
	again, err := Ensure(t.Context(), &output)
	if err != nil {
		t.Fatal(err)
	}
	if elapsed := time.Since(started); elapsed > time.Second {
		t.Errorf("a warm call took %s, want less than a second", elapsed)
	}
	if output.Len() > 0 {
		t.Errorf("a warm call printed %q, want silence", output.String())
	}
	if again != assets {
		t.Errorf("a warm call answered %+v, the first one %+v", again, assets)
	}
}

func TestEnsuredBinariesKnowTheirVersion(t *testing.T) {
	t.Setenv(assetsVariable, "")
	assets, err := Ensure(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	root, err := RepositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	for path, recipeName := range map[string]string{
		assets.Etcd:                  "etcd",
		assets.KubeAPIServer:         "kubernetes",
		assets.KubeControllerManager: "kubernetes",
	} {
		version, err := requiredVersion(t.Context(), filepath.Join(root, "e2e", "lab", "binaries", recipeName), recipes[recipeName].module)
		if err != nil {
			t.Fatal(err)
		}
		output, err := exec.CommandContext(t.Context(), path, "--version").CombinedOutput()
		if err != nil {
			t.Fatalf("%s --version: %v\n%s", path, err, output)
		}
		if want := strings.TrimPrefix(version, "v"); !strings.Contains(string(output), want) {
			t.Errorf("%s says its version is %q, want %s", path, output, want)
		}
	}
}

func TestEnsureTakesProvidedBinaries(t *testing.T) {
	provided := t.TempDir()
	for _, name := range []string{etcd, kubeAPIServer, kubeControllerManager} {
		writeFile(t, filepath.Join(provided, name), "", 0o755)
	}
	t.Setenv(assetsVariable, provided)
	// Nothing may be built when everything is provided, so nothing may be looked up in the repository either.
	t.Chdir(t.TempDir())

	var output bytes.Buffer
	assets, err := Ensure(t.Context(), &output)
	if err != nil {
		t.Fatal(err)
	}
	want := Assets{
		Etcd:                  filepath.Join(provided, etcd),
		KubeAPIServer:         filepath.Join(provided, kubeAPIServer),
		KubeControllerManager: filepath.Join(provided, kubeControllerManager),
	}
	if assets != want {
		t.Errorf("got %+v, want %+v", assets, want)
	}
}

func TestEnsureBuildsWhatIsNotProvided(t *testing.T) {
	provided := t.TempDir()
	for _, name := range []string{etcd, kubeAPIServer} {
		writeFile(t, filepath.Join(provided, name), "", 0o755)
	}
	// A file that cannot be executed is not a binary.
	writeFile(t, filepath.Join(provided, kubeControllerManager), "", 0o644)
	t.Setenv(assetsVariable, provided)

	assets, err := Ensure(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(provided, etcd); assets.Etcd != want {
		t.Errorf("etcd is %s, want the provided %s", assets.Etcd, want)
	}
	cache, err := CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(assets.KubeControllerManager, cache) {
		t.Errorf("kube-controller-manager is %s, want one from the cache %s", assets.KubeControllerManager, cache)
	}
}

func TestEnsureOutsideTheRepositorySaysSo(t *testing.T) {
	t.Setenv(assetsVariable, "")
	t.Chdir(t.TempDir())
	if _, err := Ensure(t.Context(), os.Stderr); err == nil || !strings.Contains(err.Error(), assetsVariable) {
		t.Errorf("got error %v, want one that names %s as the way out", err, assetsVariable)
	}
}

func writeFile(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}
