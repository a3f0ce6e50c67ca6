// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/novasphere/wukong/config/crd"
	"github.com/novasphere/wukong/e2e/cloudinit"
	"github.com/novasphere/wukong/pkg/manifest"
	"github.com/novasphere/wukong/pkg/validation"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

const (
	goldens = "../../pkg/render/cloudinit/testdata"
	seeds   = "../validation/testdata/seeds"
)

// session starts cloud-init, or skips the test where Debian's cannot be had.
func session(t *testing.T) *cloudinit.Session {
	t.Helper()
	if missing := cloudinit.Missing(); missing != "" {
		t.Skip(missing)
	}
	programs, err := cloudinit.Ensure(t.Context(), os.Stderr)
	if errors.Is(err, cloudinit.ErrNotFetched) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Log(programs.Versions)
	s, err := programs.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// guest is what a guest gets.
type guest struct {
	name, userData, networkConfig string
}

var validator = sync.OnceValues(func() (*validation.Validator, error) {
	crds, err := crd.All()
	if err != nil {
		return nil, err
	}
	return validation.New(crds...)
})

// rendered returns what the guest of a Wukong gets that the API server would accept.
func rendered(t *testing.T, name string, document []byte, opts manifest.Options) guest {
	t.Helper()
	v, err := validator()
	if err != nil {
		t.Fatal(err)
	}
	wukong, errs := v.Wukong(document)
	if len(errs) > 0 {
		t.Fatalf("%s: %v\n%s", name, errs, document)
	}
	opts.DefaultUplink, opts.DefaultImage = vmv1alpha1.DefaultUplink, vmv1alpha1.DefaultOSImage
	objects, err := manifest.Render(wukong, opts)
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, document)
	}
	text, err := manifest.YAML(objects[len(objects)-2 : len(objects)-1])
	if err != nil {
		t.Fatal(err)
	}
	var secret struct {
		StringData map[string]string `json:"stringData"`
	}
	if err := yaml.Unmarshal([]byte(text), &secret); err != nil || secret.StringData["networkdata"] == "" {
		t.Fatalf("%s: no Secret with guest data before the machine: %v\n%s", name, err, text)
	}
	return guest{name, secret.StringData["userdata"], secret.StringData["networkdata"]}
}

// seedGuests returns the guests of the product's first documents.
func seedGuests(t *testing.T) []guest {
	t.Helper()
	var guests []guest
	for name, text := range files(t, seeds) {
		guests = append(guests, rendered(t, name, []byte(text), manifest.Options{}))
	}
	return guests
}

// files returns the texts of the files in a folder by name.
func files(t *testing.T, folder string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("there is nothing in %s: %v", folder, err)
	}
	texts := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(path)] = string(text)
	}
	return texts
}

// file writes a text and returns its path.
func file(t *testing.T, folder, name, text string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
