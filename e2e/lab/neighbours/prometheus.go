// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package neighbours

import "path/filepath"

func loadPrometheus() (definition, error) {
	folder, err := download(prometheusOperatorModule)
	if err != nil {
		return definition{}, err
	}
	var loaded definition
	for _, kind := range []string{"prometheusrules", "servicemonitors"} {
		crd, err := readCRD(filepath.Join(folder, "example", "prometheus-operator-crd", "monitoring.coreos.com_"+kind+".yaml"))
		if err != nil {
			return definition{}, err
		}
		loaded.crds = append(loaded.crds, crd)
	}
	return loaded, nil
}
