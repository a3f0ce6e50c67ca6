// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// imageUser is the user of the Dockerfile and of the Deployment.
const imageUser = "65532:65532"

// image is what a registry gets: an index with an image for each platform.
type image struct {
	index     v1.ImageIndex
	digest    string
	platforms []platformImage
}

// platformImage is a binary and the digest of the image that holds it.
type platformImage struct {
	binary *binary
	digest string
}

// buildImage makes an image of binaries that are one program for several platforms.
func buildImage(binaries []*binary, release release) (*image, error) {
	built := &image{}
	var images []v1.Image
	for _, binary := range binaries {
		single, err := buildPlatformImage(binary, release)
		if err != nil {
			return nil, fmt.Errorf("making an image of %s: %w", binary.path, err)
		}
		digest, err := single.Digest()
		if err != nil {
			return nil, err
		}
		built.platforms = append(built.platforms, platformImage{binary: binary, digest: digest.String()})
		images = append(images, single)
	}
	index, err := newIndex(images, release.labels())
	if err != nil {
		return nil, err
	}
	digest, err := index.Digest()
	if err != nil {
		return nil, err
	}
	built.index, built.digest = index, digest.String()
	return built, nil
}

// buildPlatformImage makes what the Dockerfile makes: the binary and nothing else.
func buildPlatformImage(binary *binary, release release) (v1.Image, error) {
	var content bytes.Buffer
	if err := writeTar(&content, []entry{{name: binary.program(), mode: 0o755, path: binary.path}}, release.time); err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(
		func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content.Bytes())), nil },
		tarball.WithMediaType(types.OCILayer), tarball.WithCompressedCaching,
	)
	if err != nil {
		return nil, err
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	configured, err := mutate.ConfigFile(base, &v1.ConfigFile{
		OS:           binary.system(),
		Architecture: binary.architecture(),
		Created:      v1.Time{Time: release.time},
		RootFS:       v1.RootFS{Type: "layers"},
		Config: v1.Config{
			User:       imageUser,
			Entrypoint: []string{"/" + binary.program()},
			Labels:     release.labels(),
		},
	})
	if err != nil {
		return nil, err
	}
	return mutate.Append(configured, mutate.Addendum{
		Layer:     layer,
		MediaType: types.OCILayer,
		History:   v1.History{Created: v1.Time{Time: release.time}, CreatedBy: "COPY " + binary.program() + " /"},
	})
}

// write writes the image as an OCI layout in a tar archive, under the name that tools which load it are to give it.
func (i *image) write(path, name, version string, modified time.Time) error {
	folder, err := os.MkdirTemp("", "wukong-image-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	written, err := layout.Write(folder, empty.Index)
	if err != nil {
		return err
	}
	if err := written.AppendIndex(i.index, layout.WithAnnotations(map[string]string{
		"org.opencontainers.image.ref.name": version,
		// containerd and those that are built on it read the whole name here.
		"io.containerd.image.name": "docker.io/library/" + name + ":" + version,
	})); err != nil {
		return err
	}
	var entries []entry
	err = filepath.WalkDir(folder, func(path string, found fs.DirEntry, err error) error {
		if err != nil || found.IsDir() {
			return err
		}
		relative, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		entries = append(entries, entry{name: filepath.ToSlash(relative), mode: 0o644, path: path})
		return nil
	})
	if err != nil {
		return err
	}
	return writeFile(path, func(out io.Writer) error { return writeTar(out, entries, modified) })
}
