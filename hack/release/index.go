// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// index is an image index, written as OCI's own types write it. Older releases of skopeo read an index and write it with these
// types before they push it, so that any other way of writing the same would not keep its digest.
type index struct {
	images  map[v1.Hash]v1.Image
	content []byte
}

func newIndex(images []v1.Image, annotations map[string]string) (*index, error) {
	made := &index{images: map[v1.Hash]v1.Image{}}
	written := ocispec.Index{
		Versioned:   specs.Versioned{SchemaVersion: 2},
		MediaType:   ocispec.MediaTypeImageIndex,
		Annotations: annotations,
	}
	for _, image := range images {
		hash, err := image.Digest()
		if err != nil {
			return nil, err
		}
		size, err := image.Size()
		if err != nil {
			return nil, err
		}
		config, err := image.ConfigFile()
		if err != nil {
			return nil, err
		}
		made.images[hash] = image
		written.Manifests = append(written.Manifests, ocispec.Descriptor{
			MediaType: ocispec.MediaTypeImageManifest,
			Digest:    digest.Digest(hash.String()),
			Size:      size,
			Platform:  &ocispec.Platform{OS: config.OS, Architecture: config.Architecture},
		})
	}
	var err error
	made.content, err = json.Marshal(written)
	return made, err
}

// RawManifest returns the index as it is written.
func (i *index) RawManifest() ([]byte, error) { return i.content, nil }

// IndexManifest returns the index as it is read.
func (i *index) IndexManifest() (*v1.IndexManifest, error) {
	return v1.ParseIndexManifest(bytes.NewReader(i.content))
}

// MediaType returns the one that OCI has for an index.
func (i *index) MediaType() (types.MediaType, error) { return types.OCIImageIndex, nil }

// Size returns the length of the index as it is written.
func (i *index) Size() (int64, error) { return int64(len(i.content)), nil }

// Digest returns that of the index as it is written.
func (i *index) Digest() (v1.Hash, error) {
	hash, _, err := v1.SHA256(bytes.NewReader(i.content))
	return hash, err
}

// Image returns the image with a digest.
func (i *index) Image(hash v1.Hash) (v1.Image, error) {
	image, there := i.images[hash]
	if !there {
		return nil, fmt.Errorf("the index has no image %s", hash)
	}
	return image, nil
}

// ImageIndex returns an error: there are only images in the index.
func (i *index) ImageIndex(hash v1.Hash) (v1.ImageIndex, error) {
	return nil, fmt.Errorf("the index has no index %s", hash)
}
