// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rbac embeds the manager's ClusterRole, which controller-gen makes from the markers beside the code that needs
// each permission.
package rbac

import (
	_ "embed"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

//go:embed role.yaml
var role []byte

// Manager returns the manager's ClusterRole. The caller may change it.
func Manager() (*rbacv1.ClusterRole, error) {
	manager := &rbacv1.ClusterRole{}
	if err := yaml.UnmarshalStrict(role, manager); err != nil {
		return nil, fmt.Errorf("role.yaml: %w", err)
	}
	return manager, nil
}
