// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// readLayout unpacks an image and returns the one index in it.
func readLayout(t *testing.T, path string) v1.ImageIndex {
	t.Helper()
	folder := t.TempDir()
	if output, err := exec.CommandContext(t.Context(), "tar", "-xf", path, "-C", folder).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	outer, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := outer.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Manifests) != 1 || manifest.Manifests[0].Annotations["org.opencontainers.image.ref.name"] != testVersion {
		t.Fatalf("the layout has %+v, want one index with the version for a name", manifest.Manifests)
	}
	index, err := outer.ImageIndex(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	return index
}

func TestImageRunsTheBinaryOnBothPlatforms(t *testing.T) {
	release := testRelease(t)
	built, err := buildImage(testBinaries(t), release)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "image.tar")
	if err := built.write(path, "program", release.version, release.time); err != nil {
		t.Fatal(err)
	}
	index := readLayout(t, path)
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	if digest, err := index.Digest(); err != nil || digest.String() != built.digest {
		t.Errorf("the digest is %s (%v), want %s", digest, err, built.digest)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if manifest.MediaType != types.OCIImageIndex {
		t.Errorf("the index is a %s", manifest.MediaType)
	}
	var platforms []string
	for _, descriptor := range manifest.Manifests {
		platforms = append(platforms, descriptor.Platform.String())
		single, err := index.Image(descriptor.Digest)
		if err != nil {
			t.Fatal(err)
		}
		expectImage(t, single, descriptor.Platform.Architecture)
	}
	if !slices.Equal(platforms, []string{"linux/amd64", "linux/arm64"}) {
		t.Errorf("the platforms are %v", platforms)
	}
}

func expectImage(t *testing.T, single v1.Image, architecture string) {
	t.Helper()
	manifest, err := single.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if manifest.MediaType != types.OCIManifestSchema1 || manifest.Config.MediaType != types.OCIConfigJSON ||
		len(manifest.Layers) != 1 || manifest.Layers[0].MediaType != types.OCILayer {
		t.Errorf("the manifest is %+v, want OCI's types and one layer", manifest)
	}
	config, err := single.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Architecture != architecture || config.OS != "linux" || config.Created.Unix() != testTime {
		t.Errorf("the configuration is of %s/%s at %s", config.OS, config.Architecture, config.Created)
	}
	if config.Config.User != "65532:65532" || !slices.Equal(config.Config.Entrypoint, []string{"/program"}) {
		t.Errorf("the image runs %v as %q", config.Config.Entrypoint, config.Config.User)
	}
	for label, want := range map[string]string{
		"title":    "Wukong",
		"source":   "https://github.com/novasphere/wukong",
		"version":  testVersion,
		"revision": testRevision,
		"licenses": "Apache-2.0",
		"created":  "2023-11-14T22:13:20Z",
	} {
		if got := config.Config.Labels["org.opencontainers.image."+label]; got != want {
			t.Errorf("the label %s is %q, want %q", label, got, want)
		}
	}
}

func TestIndexStaysTheSameInOCIsTypes(t *testing.T) {
	built, err := buildImage(testBinaries(t), testRelease(t))
	if err != nil {
		t.Fatal(err)
	}
	content, err := built.index.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	var read ocispec.Index
	if err := json.Unmarshal(content, &read); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(read)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again, content) {
		t.Errorf("the index\n%s\nbecomes\n%s", content, again)
	}
}
