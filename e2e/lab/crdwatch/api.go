// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package crdwatch

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// API is one resource to watch.
type API struct {
	// Resource is what is watched.
	Resource schema.GroupVersionResource
	// BuiltIn says that the API server itself serves the resource, so there is no definition to wait for.
	BuiltIn bool
}

// definition is the name that Kubernetes prescribes for the CustomResourceDefinition of a resource.
func (a API) definition() string {
	return a.Resource.Resource + "." + a.Resource.Group
}

// Handler is told what happens to the watched APIs. Calls for one API come one after the other; a callback must not
// block for long, because the next event waits for it.
type Handler struct {
	// Opened is called when the resource is served and its existing objects have been reported.
	Opened func(resource schema.GroupVersionResource)
	// Closed is called when the definition of the resource is gone; its objects went with it.
	Closed func(resource schema.GroupVersionResource)
	// Changed is called for each new, changed or deleted object with its last known metadata.
	Changed func(resource schema.GroupVersionResource, meta *metav1.PartialObjectMetadata, gone bool)
}
