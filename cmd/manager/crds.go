// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/config/crd"
)

// crdFieldManager is the name under which definitions are written.
const crdFieldManager = "wukong-crds"

func newCRDsCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "crds",
		Short: "Work on Wukong's CustomResourceDefinitions",
		Args:  cobra.NoArgs,
	}
	command.AddCommand(&cobra.Command{
		Use:   "apply",
		Short: "Bring the cluster's CustomResourceDefinitions to this version, before its manager starts",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			c, err := newOneOffClient()
			if err != nil {
				return err
			}
			return applyCRDs(command.Context(), c, command.OutOrStdout())
		},
	})
	return command
}

// applyCRDs makes the cluster's definitions those of this build. What others added to their metadata stays.
func applyCRDs(ctx context.Context, c client.Client, out io.Writer) error {
	crds, err := crd.All()
	if err != nil {
		return err
	}
	for _, definition := range crds {
		desired, err := intentOf(definition)
		if err != nil {
			return err
		}
		if err := c.Apply(ctx, desired, client.FieldOwner(crdFieldManager), client.ForceOwnership); err != nil {
			return fmt.Errorf("applying %s: %w", definition.Name, err)
		}
		if _, err := fmt.Fprintf(out, "%s applied\n", definition.Name); err != nil {
			return err
		}
	}
	return nil
}

// intentOf returns what of a definition is applied: all but its status, which is the API server's.
func intentOf(definition *apiextensionsv1.CustomResourceDefinition) (runtime.ApplyConfiguration, error) {
	definition.SetGroupVersionKind(apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition"))
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(definition)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", definition.Name, err)
	}
	delete(content, "status")
	return client.ApplyConfigurationFromUnstructured(&unstructured.Unstructured{Object: content}), nil
}
