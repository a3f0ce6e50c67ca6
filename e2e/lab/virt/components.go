// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package virt

import (
	"context"
	"errors"
	"fmt"
	"os/exec"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// parts are what KubeVirt's operator would install, by the order in which it has to be.
type parts struct {
	definitions []*apiextensionsv1.CustomResourceDefinition
	// accounts are service accounts and what they may do.
	accounts []*unstructured.Unstructured
	// published is how the API server reaches virt-api: webhooks and the services of aggregated APIs.
	published []*unstructured.Unstructured
}

// components asks KubeVirt's own code what there is to install.
func (c *ControlPlane) components(ctx context.Context) (parts, error) {
	output, err := exec.CommandContext(ctx, c.assets.Components).Output()
	if err != nil {
		if exit, ended := errors.AsType[*exec.ExitError](err); ended {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		return parts{}, fmt.Errorf("asking what to install: %w", err)
	}
	list := &unstructured.UnstructuredList{}
	if err := list.UnmarshalJSON(output); err != nil {
		return parts{}, fmt.Errorf("reading what to install: %w", err)
	}
	return sorted(list.Items)
}

func sorted(items []unstructured.Unstructured) (parts, error) {
	var found parts
	for i := range items {
		object := &items[i]
		// An empty status or time is no part of what is asked for.
		unstructured.RemoveNestedField(object.Object, "status")
		unstructured.RemoveNestedField(object.Object, "metadata", "creationTimestamp")
		switch object.GetKind() {
		case "CustomResourceDefinition":
			definition := &apiextensionsv1.CustomResourceDefinition{}
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, definition); err != nil {
				return parts{}, fmt.Errorf("reading the definition %s: %w", object.GetName(), err)
			}
			found.definitions = append(found.definitions, definition)
		case "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "APIService":
			found.published = append(found.published, object)
		default:
			found.accounts = append(found.accounts, object)
		}
	}
	return found, nil
}

func (c *ControlPlane) installDefinitions(found parts) error {
	options := envtest.CRDInstallOptions{CRDs: found.definitions, MaxTime: startTimeout}
	if _, err := envtest.InstallCRDs(c.config, options); err != nil {
		return fmt.Errorf("installing resource definitions: %w", err)
	}
	return nil
}
