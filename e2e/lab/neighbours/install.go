// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package neighbours

import (
	"context"
	"fmt"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
)

// Install installs APIs and returns when their resources are served, discovery names them and their admission policies are
// enforced. Installing what is there already changes nothing.
func Install(ctx context.Context, config *rest.Config, apis ...API) error {
	definitions, err := loadAll(apis)
	if err != nil {
		return err
	}
	cluster, err := newCluster(config)
	if err != nil {
		return err
	}
	// All are applied before any is waited for: the apiserver publishes them together.
	for _, definition := range definitions {
		objects, err := definition.objects()
		if err != nil {
			return err
		}
		for _, object := range objects {
			if err := cluster.apply(ctx, object); err != nil {
				return err
			}
		}
	}
	for _, definition := range definitions {
		if err := cluster.waitInstalled(ctx, definition); err != nil {
			return err
		}
	}
	return cluster.waitDiscovery(ctx, definitions, true)
}

func (c *cluster) waitInstalled(ctx context.Context, definition definition) error {
	for _, crd := range definition.crds {
		if err := c.waitServed(ctx, crd); err != nil {
			return err
		}
	}
	if len(definition.policies) == 0 {
		return nil
	}
	return c.waitNMStatePolicyEnforced(ctx)
}

// waitServed waits until the CRD is established and every version can be listed: the one comes shortly before the other.
func (c *cluster) waitServed(ctx context.Context, crd *apiextensionsv1.CustomResourceDefinition) error {
	object, err := toUnstructured(crd)
	if err != nil {
		return err
	}
	return waitUntil(ctx, func(ctx context.Context) string {
		current, err := c.resource(object).Get(ctx, crd.Name, metav1.GetOptions{})
		if err != nil {
			return fmt.Sprintf("the CRD %s cannot be read: %v", crd.Name, err)
		}
		if !isEstablished(current) {
			return fmt.Sprintf("the CRD %s is not established, its status is %v", crd.Name, current.Object["status"])
		}
		missing := ""
		c.list(ctx, crd, func(version string, err error) {
			if err != nil {
				missing = fmt.Sprintf("the CRD %s does not serve %s: %v", crd.Name, version, err)
			}
		})
		return missing
	})
}

func isEstablished(crd *unstructured.Unstructured) bool {
	conditions, _, _ := unstructured.NestedSlice(crd.Object, "status", "conditions")
	for _, condition := range conditions {
		fields, _ := condition.(map[string]any)
		if fields["type"] == string(apiextensionsv1.Established) {
			return fields["status"] == string(apiextensionsv1.ConditionTrue)
		}
	}
	return false
}
