// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package neighbours

import (
	"fmt"
	"path/filepath"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// cdiKinds are those that we use, and those that virt-controller watches where it finds CDI: without one of them it would wait
// for ever.
var cdiKinds = []string{"datavolume", "cdiconfig", "cdi", "datasource", "storageprofile"}

func loadCDI() (definition, error) {
	folder, err := download(cdiModule)
	if err != nil {
		return definition{}, err
	}
	const variable = "CDICRDs"
	path := filepath.Join(folder, "pkg", "operator", "resources", "crds_generated.go")
	manifests, err := stringMap(path, variable)
	if err != nil {
		return definition{}, err
	}
	var crds []*apiextensionsv1.CustomResourceDefinition
	for _, kind := range cdiKinds {
		crd, err := parseCRD([]byte(manifests[kind]))
		if err != nil {
			return definition{}, fmt.Errorf("%s: %s[%q]: %w", path, variable, kind, err)
		}
		crds = append(crds, crd)
	}
	return definition{crds: crds}, nil
}
