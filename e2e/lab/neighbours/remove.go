// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package neighbours

import (
	"context"
	"fmt"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// Remove removes APIs, with every object of theirs, and returns when none of their resources is served any more and discovery
// names none. Removing what is not there changes nothing. An object with a finalizer that nobody handles keeps its API until the
// context ends.
func Remove(ctx context.Context, config *rest.Config, apis ...API) error {
	definitions, err := loadAll(apis)
	if err != nil {
		return err
	}
	cluster, err := newCluster(config)
	if err != nil {
		return err
	}
	for _, definition := range definitions {
		objects, err := definition.objects()
		if err != nil {
			return err
		}
		for _, object := range objects {
			err := cluster.resource(object).Delete(ctx, object.GetName(), metav1.DeleteOptions{})
			if err != nil && !apierrors.IsNotFound(err) {
				return fmt.Errorf("removing %s: %w", object.GetName(), err)
			}
		}
	}
	for _, definition := range definitions {
		for _, crd := range definition.crds {
			if err := cluster.waitGone(ctx, crd); err != nil {
				return err
			}
		}
	}
	return cluster.waitDiscovery(ctx, definitions, false)
}

// waitGone waits until the CRD is gone and none of its versions is served, which ends shortly after.
func (c *cluster) waitGone(ctx context.Context, crd *apiextensionsv1.CustomResourceDefinition) error {
	object, err := toUnstructured(crd)
	if err != nil {
		return err
	}
	return waitUntil(ctx, func(ctx context.Context) string {
		current, err := c.resource(object).Get(ctx, crd.Name, metav1.GetOptions{})
		if err == nil {
			return fmt.Sprintf("the CRD %s is not gone, its status is %v", crd.Name, current.Object["status"])
		}
		if !apierrors.IsNotFound(err) {
			return fmt.Sprintf("the CRD %s cannot be read: %v", crd.Name, err)
		}
		missing := ""
		c.list(ctx, crd, func(version string, err error) {
			if !apierrors.IsNotFound(err) {
				missing = fmt.Sprintf("the CRD %s is gone and still serves %s (error %v)", crd.Name, version, err)
			}
		})
		return missing
	})
}
