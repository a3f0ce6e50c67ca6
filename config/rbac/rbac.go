// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rbac embeds the manager's ClusterRoles: the one that controller-gen makes from the markers beside the code that needs
// each permission, and the one for Secrets.
package rbac

import (
	_ "embed"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

//go:embed role.yaml
var manager []byte

//go:embed secrets.yaml
var secrets []byte

// Manager returns the ClusterRole that the manager has everywhere. The caller may change it.
func Manager() (*rbacv1.ClusterRole, error) { return parse("role.yaml", manager) }

// Secrets returns the ClusterRole that the manager binds to itself in namespaces with Wukongs. The caller may change it.
func Secrets() (*rbacv1.ClusterRole, error) { return parse("secrets.yaml", secrets) }

func parse(name string, content []byte) (*rbacv1.ClusterRole, error) {
	role := &rbacv1.ClusterRole{}
	if err := yaml.UnmarshalStrict(content, role); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return role, nil
}
