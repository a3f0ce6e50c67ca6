// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package crd embeds the CustomResourceDefinitions that controller-gen makes from the API types, so that
// whatever installs or reads them has the ones of its own build.
package crd

import (
	"embed"
	"fmt"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

//go:embed bases/*.yaml
var bases embed.FS

// All returns every CustomResourceDefinition of this module, ordered by name. The caller may change them.
func All() ([]*apiextensionsv1.CustomResourceDefinition, error) {
	// An embedded directory is listed in the order of its file names, and those are the definitions' names.
	entries, err := bases.ReadDir("bases")
	if err != nil {
		return nil, err
	}
	crds := make([]*apiextensionsv1.CustomResourceDefinition, 0, len(entries))
	for _, entry := range entries {
		content, err := bases.ReadFile("bases/" + entry.Name())
		if err != nil {
			return nil, err
		}
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.UnmarshalStrict(content, crd); err != nil {
			return nil, fmt.Errorf("%s: %w", entry.Name(), err)
		}
		crds = append(crds, crd)
	}
	return crds, nil
}
