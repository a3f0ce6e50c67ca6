// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/config/crd"
)

// fieldManager is the name under which the lab writes.
const fieldManager = "wukong-lab"

// shipped are the manifests that an installation applies beside the CRDs: what the chart renders with its default values.
var shipped = []string{"namespace.yaml", "install.yaml"}

func addLabKinds(scheme *runtime.Scheme) error {
	if err := apiextensionsv1.AddToScheme(scheme); err != nil {
		return fmt.Errorf("building the lab's scheme: %w", err)
	}
	return nil
}

// InstallCRDs installs Wukong's CustomResourceDefinitions, as helm does before anything else of the chart, and returns when its kinds
// are served.
func (l *Lab) InstallCRDs(ctx context.Context) error {
	crds, err := crd.All()
	if err != nil {
		return err
	}
	if _, err := envtest.InstallCRDs(l.Config, envtest.CRDInstallOptions{CRDs: crds}); err != nil {
		return fmt.Errorf("installing Wukong's CRDs: %w", err)
	}
	return l.waitServed(ctx)
}

func (l *Lab) installWukong(ctx context.Context) error {
	if err := l.InstallCRDs(ctx); err != nil {
		return err
	}
	for _, name := range shipped {
		path, err := repositoryFile("config", "default", name)
		if err != nil {
			return err
		}
		objects, err := ReadFile(path)
		if err != nil {
			return err
		}
		for _, object := range objects {
			if object.GetKind() == deploymentKind {
				// The lab has no kubelet: it runs the Deployment's command itself.
				if l.managerArguments, err = argumentsOf(object); err != nil {
					return err
				}
				continue
			}
			if err := l.Apply(ctx, object); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	return nil
}

const deploymentKind = "Deployment"

// argumentsOf returns the arguments of a Deployment's only container.
func argumentsOf(object *unstructured.Unstructured) ([]string, error) {
	deployment := &appsv1.Deployment{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, deployment); err != nil {
		return nil, fmt.Errorf("reading Deployment %s: %w", object.GetName(), err)
	}
	if count := len(deployment.Spec.Template.Spec.Containers); count != 1 {
		return nil, fmt.Errorf("the Deployment %s has %d containers, want one", object.GetName(), count)
	}
	return deployment.Spec.Template.Spec.Containers[0].Args, nil
}

// waitServed waits until Wukong's kinds can be listed: a CRD is established a moment before it is served.
func (l *Lab) waitServed(ctx context.Context) error {
	for _, list := range []client.ObjectList{
		&vmv1alpha1.WukongList{}, &vmv1alpha1.WukongNetworkList{}, &vmv1alpha1.WukongNodeBridgeList{}, &vmv1alpha1.WukongUplinkList{},
	} {
		var last error
		err := wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
			last = l.Client.List(ctx, list)
			return last == nil, nil
		})
		if err != nil {
			return fmt.Errorf("waiting for %T: %w", list, errors.Join(err, last))
		}
	}
	return nil
}

// ApplyFile applies every document of a YAML file, as kubectl apply --server-side would.
func (l *Lab) ApplyFile(ctx context.Context, path string) error {
	objects, err := ReadFile(path)
	if err != nil {
		return err
	}
	for _, object := range objects {
		if err := l.Apply(ctx, object); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

// Apply applies one object with strict field validation, as kubectl apply --server-side would. What names no namespace
// goes into the namespace default.
func (l *Lab) Apply(ctx context.Context, object *unstructured.Unstructured) error {
	namespaced, err := l.Client.IsObjectNamespaced(object)
	if err != nil {
		return fmt.Errorf("looking up %s: %w", object.GetKind(), err)
	}
	if namespaced && object.GetNamespace() == "" {
		object.SetNamespace(metav1.NamespaceDefault)
	}
	strict := client.WithFieldValidation(l.Client, "Strict")
	err = strict.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), client.FieldOwner(fieldManager), client.ForceOwnership)
	if err != nil {
		return fmt.Errorf("applying %s %s: %w", object.GetKind(), object.GetName(), err)
	}
	return nil
}

// ReadFile returns the objects of a YAML file with one or more documents.
func ReadFile(path string) ([]*unstructured.Unstructured, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading manifests: %w", err)
	}
	defer func() { _ = file.Close() }()
	decoder := yaml.NewYAMLOrJSONDecoder(file, 4096)
	var objects []*unstructured.Unstructured
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		if len(object.Object) > 0 {
			objects = append(objects, object)
		}
	}
}
