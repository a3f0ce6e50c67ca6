// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package virt

import (
	"context"
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const fieldManager = "wukong-lab"

// authorities are the ConfigMaps that virt-api and virt-controller read the authorities of KubeVirt's certificates from.
// Without the first, virt-api makes no connection.
var authorities = []string{"kubevirt-ca", "kubevirt-export-ca"}

// installConfiguration makes everything that is to be there before the processes start.
func (c *ControlPlane) installConfiguration(ctx context.Context, found parts) error {
	if err := c.apply(ctx, object("v1", "Namespace", "", Namespace, nil)); err != nil {
		return err
	}
	for _, account := range found.accounts {
		if err := c.apply(ctx, account); err != nil {
			return err
		}
	}
	for _, name := range authorities {
		bundle := map[string]any{"data": map[string]any{"ca-bundle": string(c.config.CAData)}}
		if err := c.apply(ctx, object("v1", "ConfigMap", Namespace, name, bundle)); err != nil {
			return err
		}
	}
	return c.deploy(ctx)
}

// deploy makes the KubeVirt object as it is when KubeVirt's operator has done its work. Without an architecture in it
// every machine is refused.
func (c *ControlPlane) deploy(ctx context.Context) error {
	kubevirt := object("kubevirt.io/v1", "KubeVirt", Namespace, "kubevirt", map[string]any{"spec": map[string]any{
		"configuration": map[string]any{
			"vmRolloutStrategy": "LiveUpdate",
			"developerConfiguration": map[string]any{
				// It is on for everybody since KubeVirt 1.9.
				"featureGates": []any{"LiveUpdateNADRef"},
			},
		},
	}})
	if err := c.apply(ctx, kubevirt); err != nil {
		return err
	}
	status := object("kubevirt.io/v1", "KubeVirt", Namespace, "kubevirt", map[string]any{"status": map[string]any{
		"phase": "Deployed", "defaultArchitecture": "amd64",
	}})
	err := c.client.Status().Apply(ctx, client.ApplyConfigurationFromUnstructured(status), client.FieldOwner("virt-operator"), client.ForceOwnership)
	if err != nil {
		return fmt.Errorf("reporting KubeVirt as deployed: %w", err)
	}
	return nil
}

// object returns an object with the given content beside its name.
func object(apiVersion, kind, namespace, name string, content map[string]any) *unstructured.Unstructured {
	made := &unstructured.Unstructured{Object: map[string]any{}}
	maps.Copy(made.Object, content)
	made.SetAPIVersion(apiVersion)
	made.SetKind(kind)
	made.SetNamespace(namespace)
	made.SetName(name)
	return made
}

func (c *ControlPlane) apply(ctx context.Context, object *unstructured.Unstructured) error {
	err := c.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), client.FieldOwner(fieldManager), client.ForceOwnership)
	if err != nil {
		return fmt.Errorf("applying %s %s: %w", object.GetKind(), object.GetName(), err)
	}
	return nil
}
