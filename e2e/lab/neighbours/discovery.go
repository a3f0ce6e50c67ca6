// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package neighbours

import (
	"context"
	"fmt"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

// waitDiscovery waits until discovery names all resources, or none of them. It follows what is served with some delay, and it is
// what the garbage collector, clients and operators go by when they ask which APIs there are.
func (c *cluster) waitDiscovery(ctx context.Context, definitions []definition, named bool) error {
	return waitUntil(ctx, func(ctx context.Context) string {
		_, lists, err := c.discovery.ServerGroupsAndResourcesWithContext(ctx)
		if err != nil {
			return fmt.Sprintf("discovery fails: %v", err)
		}
		found, err := discovery.GroupVersionResources(lists)
		if err != nil {
			return fmt.Sprintf("discovery cannot be understood: %v", err)
		}
		for _, resource := range servedResources(definitions) {
			if _, ok := found[resource]; ok != named {
				return fmt.Sprintf("that discovery names %s is still %t", resource, ok)
			}
		}
		return ""
	})
}

func servedResources(definitions []definition) []schema.GroupVersionResource {
	var resources []schema.GroupVersionResource
	for _, definition := range definitions {
		for _, crd := range definition.crds {
			resources = append(resources, served(crd)...)
		}
	}
	return resources
}

func served(crd *apiextensionsv1.CustomResourceDefinition) []schema.GroupVersionResource {
	var resources []schema.GroupVersionResource
	for _, version := range crd.Spec.Versions {
		if version.Served {
			resources = append(resources, schema.GroupVersionResource{
				Group: crd.Spec.Group, Version: version.Name, Resource: crd.Spec.Names.Plural,
			})
		}
	}
	return resources
}
