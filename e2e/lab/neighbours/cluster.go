// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package neighbours

import (
	"context"
	"fmt"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

const fieldOwner = "wukong-lab"

// plurals are the resources of the kinds that an API consists of.
var plurals = map[string]string{
	"CustomResourceDefinition":         "customresourcedefinitions",
	"ValidatingAdmissionPolicy":        "validatingadmissionpolicies",
	"ValidatingAdmissionPolicyBinding": "validatingadmissionpolicybindings",
}

// cluster is where APIs are installed. It asks for resources by their name: a client that looks up first what is served would
// answer from memory, when what is served is the question.
type cluster struct {
	client    dynamic.Interface
	discovery discovery.DiscoveryInterfaceWithContext
}

func newCluster(config *rest.Config) (*cluster, error) {
	config = rest.CopyConfig(config)
	// We list deprecated versions to see whether they are served, and would be warned of each.
	config.WarningHandler = rest.NoWarnings{}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	discovery, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, err
	}
	return &cluster{client: client, discovery: discovery}, nil
}

// resource is the collection that a CRD, a policy or a binding is in; all of them are cluster-wide.
func (c *cluster) resource(object *unstructured.Unstructured) dynamic.ResourceInterface {
	kind := object.GroupVersionKind()
	return c.client.Resource(kind.GroupVersion().WithResource(plurals[kind.Kind]))
}

// apply uses server-side apply because KubeVirt's schemas exceed what the annotation of the client-side one can hold.
func (c *cluster) apply(ctx context.Context, object *unstructured.Unstructured) error {
	_, err := c.resource(object).Apply(ctx, object.GetName(), object, metav1.ApplyOptions{FieldManager: fieldOwner, Force: true})
	if err != nil {
		return fmt.Errorf("installing %s: %w", object.GetName(), err)
	}
	return nil
}

// list asks for one object of each version that the CRD serves, or should, and gives every version's answer to see.
func (c *cluster) list(ctx context.Context, crd *apiextensionsv1.CustomResourceDefinition, see func(version string, err error)) {
	for _, resource := range served(crd) {
		_, err := c.client.Resource(resource).List(ctx, metav1.ListOptions{Limit: 1})
		see(resource.Version, err)
	}
}
