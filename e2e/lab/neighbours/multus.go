// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package neighbours

import (
	"path/filepath"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

func loadMultus() (definition, error) {
	folder, err := download(multusModule)
	if err != nil {
		return definition{}, err
	}
	crd, err := readCRD(filepath.Join(folder, "artifacts", "networks-crd.yaml"))
	if err != nil {
		return definition{}, err
	}
	return definition{crds: []*apiextensionsv1.CustomResourceDefinition{crd}}, nil
}
