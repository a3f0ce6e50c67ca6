// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package crdwatch

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"
)

// stream is the watch of one resource during one life of its definition.
type stream struct {
	definition types.UID
	informer   cache.SharedIndexInformer
	cancel     context.CancelFunc
	done       chan struct{}
}

// openStream starts the watch of an API unless the watch for this very definition is open already.
func (w *Watcher) openStream(ctx context.Context, api API, definition types.UID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, running := w.open[api.Resource]; running {
		return
	}
	informer := metadatainformer.NewFilteredMetadataInformer(
		w.metadata, api.Resource, metav1.NamespaceAll, 0, cache.Indexers{}, nil).Informer()
	if err := quiet(informer); err != nil {
		return
	}
	registration, err := informer.AddEventHandler(w.events(api))
	if err != nil {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &stream{definition: definition, informer: informer, cancel: cancel, done: make(chan struct{})}
	w.open[api.Resource] = s
	w.wg.Go(func() {
		defer close(s.done)
		informer.RunWithContext(ctx)
	})
	w.wg.Go(func() {
		if cache.WaitForCacheSync(ctx.Done(), registration.HasSynced) && w.handler.Opened != nil {
			w.handler.Opened(api.Resource)
		}
	})
}

// closeStream ends the watch of an API, unless it belongs to the definition that is to be kept.
func (w *Watcher) closeStream(api API, keep types.UID) {
	w.mu.Lock()
	s, running := w.open[api.Resource]
	if !running || keep != "" && s.definition == keep {
		w.mu.Unlock()
		return
	}
	delete(w.open, api.Resource)
	w.mu.Unlock()

	s.cancel()
	<-s.done
	if w.handler.Closed != nil {
		w.handler.Closed(api.Resource)
	}
}

func (w *Watcher) events(api API) cache.ResourceEventHandler {
	report := func(object any, gone bool) {
		if tombstone, ok := object.(cache.DeletedFinalStateUnknown); ok {
			object = tombstone.Obj
		}
		meta, ok := object.(*metav1.PartialObjectMetadata)
		if !ok || w.handler.Changed == nil {
			return
		}
		w.handler.Changed(api.Resource, meta, gone)
	}
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { report(object, false) },
		UpdateFunc: func(_, object any) { report(object, false) },
		DeleteFunc: func(object any) { report(object, true) },
	}
}
