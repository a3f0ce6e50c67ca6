// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/e2e/lab/acting"
)

// ConfigurationKey is where the KubeVirt object of the cluster is.
var ConfigurationKey = key{Namespace: "kubevirt", Name: "kubevirt"}

// SetTapBinding registers a binding plugin whose attachment is a tap device, such as macvtap, with KubeVirt, or takes
// its registration back (KubeVirt user guide, macvtap network binding plugin). It is remembered while KubeVirt is not installed.
func (a *Actor) SetTapBinding(ctx context.Context, name string, registered bool) error {
	a.mu.Lock()
	if registered {
		a.plugins[name] = kubevirtv1.InterfaceBindingPlugin{DomainAttachmentType: kubevirtv1.Tap}
	} else {
		delete(a.plugins, name)
	}
	a.mu.Unlock()
	defer a.wakeWaiting()
	if !a.options.NodesOnly && !a.watcher.Serving(kubevirts) {
		return nil
	}
	return a.installConfiguration(ctx)
}

// registered reads the KubeVirt object itself, so that a registration made by hand counts as well.
func (a *Actor) registered(ctx context.Context, plugin string) (bool, error) {
	object := &kubevirtv1.KubeVirt{}
	if err := a.client.Get(ctx, ConfigurationKey, object); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	network := object.Spec.Configuration.NetworkConfiguration
	if network == nil {
		return false, nil
	}
	_, registered := network.Binding[plugin]
	return registered, nil
}

// installConfiguration makes the KubeVirt object say what the actor plays: a deployed KubeVirt with its plugins.
func (a *Actor) installConfiguration(ctx context.Context) error {
	if !a.options.NodesOnly {
		if err := a.createConfiguration(ctx); err != nil {
			return err
		}
	}
	object := &kubevirtv1.KubeVirt{}
	if err := a.client.Get(ctx, ConfigurationKey, object); err != nil {
		return fmt.Errorf("read the KubeVirt object: %w", err)
	}
	err := acting.Edit(ctx, a.client, object, "kubectl", func(object *kubevirtv1.KubeVirt) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if object.Spec.Configuration.NetworkConfiguration == nil {
			object.Spec.Configuration.NetworkConfiguration = &kubevirtv1.NetworkConfiguration{}
		}
		object.Spec.Configuration.NetworkConfiguration.Binding = maps.Clone(a.plugins)
	})
	if err != nil {
		return fmt.Errorf("configure KubeVirt: %w", err)
	}
	return nil
}

// createConfiguration makes the KubeVirt object of a KubeVirt that is deployed.
func (a *Actor) createConfiguration(ctx context.Context) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ConfigurationKey.Namespace}}
	if err := a.client.Create(ctx, namespace); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create the namespace of KubeVirt: %w", err)
	}
	object := &kubevirtv1.KubeVirt{}
	object.Namespace, object.Name = ConfigurationKey.Namespace, ConfigurationKey.Name
	if err := a.client.Create(ctx, object); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create the KubeVirt object: %w", err)
	}
	if err := a.client.Get(ctx, ConfigurationKey, object); err != nil {
		return fmt.Errorf("read the KubeVirt object: %w", err)
	}
	err := acting.EditStatus(ctx, a.client, object, "virt-operator", func(object *kubevirtv1.KubeVirt) {
		object.Status.Phase = kubevirtv1.KubeVirtPhaseDeployed
		object.Status.DefaultArchitecture = defaultArchitecture
		object.Status.ObservedKubeVirtVersion = "v1.9.0"
	})
	if err != nil {
		return fmt.Errorf("report KubeVirt as deployed: %w", err)
	}
	return nil
}
