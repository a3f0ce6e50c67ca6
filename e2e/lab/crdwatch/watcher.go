// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package crdwatch

import (
	"context"
	"fmt"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// Watcher holds the watches of one actor.
type Watcher struct {
	apis     map[string]API
	handler  Handler
	metadata metadata.Interface

	mu   sync.Mutex
	open map[schema.GroupVersionResource]*stream
	wg   sync.WaitGroup
	stop context.CancelFunc
}

// Start opens the watches of everything that is served and follows definitions that come and go until the context ends
// or Stop is called. It returns once the present definitions are known, not once their objects were reported.
func Start(ctx context.Context, config *rest.Config, apis []API, handler Handler) (*Watcher, error) {
	meta, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("build the metadata client: %w", err)
	}
	definitions, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("build the client for definitions: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	w := &Watcher{
		apis:     make(map[string]API, len(apis)),
		handler:  handler,
		metadata: meta,
		open:     map[schema.GroupVersionResource]*stream{},
		stop:     stop,
	}
	for _, api := range apis {
		if api.BuiltIn {
			w.openStream(ctx, api, "")
			continue
		}
		w.apis[api.definition()] = api
	}
	if err := w.followDefinitions(ctx, definitions); err != nil {
		w.Stop()
		return nil, err
	}
	return w, nil
}

// Stop closes every watch and waits until the last callback has returned.
func (w *Watcher) Stop() {
	w.stop()
	w.wg.Wait()
}

// Serving reports whether the watch of a resource is open and its existing objects were reported.
func (w *Watcher) Serving(resource schema.GroupVersionResource) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, ok := w.open[resource]
	return ok && s.informer.HasSynced()
}

func (w *Watcher) followDefinitions(ctx context.Context, client dynamic.Interface) error {
	resource := apiextensionsv1.SchemeGroupVersion.WithResource("customresourcedefinitions")
	informer := dynamicinformer.NewFilteredDynamicInformer(client, resource, metav1.NamespaceAll, 0, cache.Indexers{}, nil).Informer()
	// The schemas of KubeVirt weigh hundreds of kilobytes each and nothing here reads them.
	if err := informer.SetTransform(withoutSchema); err != nil {
		return fmt.Errorf("trim definitions: %w", err)
	}
	if err := quiet(informer); err != nil {
		return err
	}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { w.definitionSeen(ctx, object) },
		UpdateFunc: func(_, object any) { w.definitionSeen(ctx, object) },
		DeleteFunc: func(object any) { w.definitionGone(object) },
	})
	if err != nil {
		return fmt.Errorf("listen to definitions: %w", err)
	}
	w.wg.Go(func() { informer.RunWithContext(ctx) })
	if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		return fmt.Errorf("list definitions: %w", context.Cause(ctx))
	}
	return nil
}

func (w *Watcher) definitionSeen(ctx context.Context, object any) {
	definition, ok := object.(*unstructured.Unstructured)
	if !ok {
		return
	}
	api, wanted := w.apis[definition.GetName()]
	if !wanted {
		return
	}
	if definition.GetDeletionTimestamp() != nil || !serves(definition, api.Resource.Version) {
		return
	}
	w.closeStream(api, definition.GetUID())
	w.openStream(ctx, api, definition.GetUID())
}

func (w *Watcher) definitionGone(object any) {
	if tombstone, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = tombstone.Obj
	}
	definition, ok := object.(*unstructured.Unstructured)
	if !ok {
		return
	}
	if api, wanted := w.apis[definition.GetName()]; wanted {
		w.closeStream(api, "")
	}
}

// serves is true once the API server has taken the definition in and serves the version.
func serves(definition *unstructured.Unstructured, version string) bool {
	var typed apiextensionsv1.CustomResourceDefinition
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(definition.Object, &typed); err != nil {
		return false
	}
	established := false
	for _, condition := range typed.Status.Conditions {
		established = established ||
			condition.Type == apiextensionsv1.Established && condition.Status == apiextensionsv1.ConditionTrue
	}
	for _, candidate := range typed.Spec.Versions {
		if candidate.Name == version && candidate.Served {
			return established
		}
	}
	return false
}

// withoutSchema drops the part of a definition that nobody reads.
func withoutSchema(object any) (any, error) {
	definition, ok := object.(*unstructured.Unstructured)
	if !ok {
		return object, nil
	}
	versions, found, err := unstructured.NestedSlice(definition.Object, "spec", "versions")
	if err != nil || !found {
		return object, err
	}
	for _, version := range versions {
		if fields, ok := version.(map[string]any); ok {
			delete(fields, "schema")
		}
	}
	definition.SetManagedFields(nil)
	return definition, unstructured.SetNestedSlice(definition.Object, versions, "spec", "versions")
}

// quiet keeps an informer from logging: losing a watch because its definition went away is normal life here.
func quiet(informer cache.SharedInformer) error {
	if err := informer.SetWatchErrorHandlerWithContext(func(context.Context, *cache.Reflector, error) {}); err != nil {
		return fmt.Errorf("silence the informer: %w", err)
	}
	return nil
}
