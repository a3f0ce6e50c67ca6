// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package neighbours gives a control plane the APIs that Wukong works with: NMState, Multus, KubeVirt and CDI, and the Prometheus operator's. Their definitions
// are taken from the projects' own Go modules when they are needed, pinned by checksum, so that no copy of them can grow old here.
package neighbours

import (
	"context"
	"fmt"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// API is the interface of one neighbour.
type API string

const (
	// NMState configures the network of nodes. It comes with the admission policy that guards its policies.
	NMState API = "nmstate"
	// Multus attaches pods to further networks.
	Multus API = "multus"
	// KubeVirt runs virtual machines.
	KubeVirt API = "kubevirt"
	// CDI fills disks.
	CDI API = "cdi"
	// Prometheus is the API of the Prometheus operator, for what the chart declares of it.
	Prometheus API = "prometheus"
)

// definition is all that an API consists of.
type definition struct {
	crds []*apiextensionsv1.CustomResourceDefinition
	// policies are admission policies and their bindings.
	policies []*unstructured.Unstructured
}

// loaders are functions that each read a module once per process: parsing KubeVirt's schemas takes a noticeable while.
var loaders = map[API]func() (definition, error){
	NMState:  sync.OnceValues(loadNMState),
	Multus:   sync.OnceValues(loadMultus),
	KubeVirt: sync.OnceValues(loadKubeVirt),
	CDI:      sync.OnceValues(loadCDI),

	Prometheus: sync.OnceValues(loadPrometheus),
}

// CRDs returns copies of the API's resource definitions, as its project ships them.
func CRDs(api API) ([]*apiextensionsv1.CustomResourceDefinition, error) {
	loaded, err := load(api)
	if err != nil {
		return nil, err
	}
	return loaded.crds, nil
}

// load returns copies, which whoever gets them may change.
func load(api API) (definition, error) {
	loader, known := loaders[api]
	if !known {
		return definition{}, fmt.Errorf("there is no API %q", api)
	}
	original, err := loader()
	if err != nil {
		return definition{}, fmt.Errorf("loading the API %s: %w", api, err)
	}
	var copied definition
	for _, crd := range original.crds {
		copied.crds = append(copied.crds, crd.DeepCopy())
	}
	for _, policy := range original.policies {
		copied.policies = append(copied.policies, policy.DeepCopy())
	}
	return copied, nil
}

// loadAll stops at the first API that cannot be had, before anything is installed.
func loadAll(apis []API) ([]definition, error) {
	var all []definition
	for _, api := range apis {
		loaded, err := load(api)
		if err != nil {
			return nil, err
		}
		all = append(all, loaded)
	}
	return all, nil
}

// objects are the API in the form, and the order, in which it is installed.
func (d definition) objects() ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	for _, crd := range d.crds {
		object, err := toUnstructured(crd)
		if err != nil {
			return nil, err
		}
		all = append(all, object)
	}
	return append(all, d.policies...), nil
}

// toUnstructured drops what is empty in a manifest but would be claimed, and emptied, when it is applied.
func toUnstructured(crd *apiextensionsv1.CustomResourceDefinition) (*unstructured.Unstructured, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(crd)
	if err != nil {
		return nil, err
	}
	unstructured.RemoveNestedField(content, "status")
	unstructured.RemoveNestedField(content, "metadata", "creationTimestamp")
	return &unstructured.Unstructured{Object: content}, nil
}

// download runs without the caller's context: what is loaded once must not fail for good because one caller gave up.
func download(pinned module) (folder string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), downloadTimeout)
	defer cancel()
	return pinned.download(ctx)
}
