// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package virt

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// startTimeout is far more than anything here takes.
const startTimeout = 2 * time.Minute

// publish makes the API server ask virt-api: its webhooks at an address of the loopback interface, and its aggregated
// API, which stops and starts machines, through a Service that is no more than a name for that address.
func (c *ControlPlane) publish(ctx context.Context, found parts) error {
	service := object("v1", "Service", Namespace, "virt-api", map[string]any{"spec": map[string]any{
		"type": "ExternalName", "externalName": loopback,
	}})
	if err := c.apply(ctx, service); err != nil {
		return err
	}
	var aggregated []*unstructured.Unstructured
	for _, published := range found.published {
		if published.GetKind() == "APIService" {
			aggregated = append(aggregated, published)
			c.redirectService(published)
		} else if err := c.redirectWebhooks(published); err != nil {
			return err
		}
		if err := c.apply(ctx, published); err != nil {
			return err
		}
	}
	for _, service := range aggregated {
		if err := c.waitAvailable(ctx, service); err != nil {
			return err
		}
	}
	return nil
}

// redirectWebhooks gives each webhook the URL at which virt-api serves its path here.
func (c *ControlPlane) redirectWebhooks(configuration *unstructured.Unstructured) error {
	webhooks, _, err := unstructured.NestedSlice(configuration.Object, "webhooks")
	if err != nil {
		return fmt.Errorf("reading %s: %w", configuration.GetName(), err)
	}
	for _, webhook := range webhooks {
		fields, _ := webhook.(map[string]any)
		path, found, err := unstructured.NestedString(fields, "clientConfig", "service", "path")
		if err != nil || !found {
			return fmt.Errorf("%s has a webhook without a path (%w)", configuration.GetName(), err)
		}
		fields["clientConfig"] = map[string]any{"url": c.api.url(path), "caBundle": c.caBundle()}
	}
	return unstructured.SetNestedSlice(configuration.Object, webhooks, "webhooks")
}

func (c *ControlPlane) redirectService(service *unstructured.Unstructured) {
	spec, _, _ := unstructured.NestedMap(service.Object, "spec")
	target, _, _ := unstructured.NestedMap(spec, "service")
	target["port"] = int64(c.api.port)
	spec["service"], spec["caBundle"] = target, c.caBundle()
	service.Object["spec"] = spec
}

// caBundle is the authority of virt-api's certificate, as JSON has bytes.
func (c *ControlPlane) caBundle() string { return base64.StdEncoding.EncodeToString(c.config.CAData) }

func (c *ControlPlane) waitAvailable(ctx context.Context, service *unstructured.Unstructured) error {
	current := service.DeepCopy()
	last := "nothing yet"
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, startTimeout, true, func(ctx context.Context) (bool, error) {
		if err := c.client.Get(ctx, client.ObjectKeyFromObject(service), current); err != nil {
			return false, client.IgnoreNotFound(err)
		}
		conditions, _, _ := unstructured.NestedSlice(current.Object, "status", "conditions")
		for _, condition := range conditions {
			fields, _ := condition.(map[string]any)
			if fields["type"] == "Available" {
				last = fmt.Sprint(fields["message"])
				return fields["status"] == "True", nil
			}
		}
		return false, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for the API %s, of which is said %q: %w", service.GetName(), last, err)
	}
	return nil
}
