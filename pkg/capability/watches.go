// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package capability

import (
	"context"
	"fmt"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// Watches opens one controller's watches on optional APIs. The first step of a reconcile that reads such an API
// is to ask Served.
type Watches struct {
	registry *Registry

	mu         sync.Mutex
	controller controller.Controller
	sources    map[string]func() []source.Source
	opened     map[string]string
}

// NewWatches returns the watches of a controller, none yet. Attach has to be called before the first reconcile.
func NewWatches(registry *Registry) *Watches {
	return &Watches{registry: registry, sources: map[string]func() []source.Source{}, opened: map[string]string{}}
}

// Attach names the controller that the watches belong to.
func (w *Watches) Attach(c controller.Controller) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.controller = c
}

// On says what to watch while an API is served. The function makes new sources at each opening, since a
// source can be started only once.
func (w *Watches) On(api API, sources func() []source.Source) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sources[api.Name] = sources
}

// Served reports whether the cluster serves an API now, and opens the controller's watches on it if it does
// and they are not open yet. After true the API's kinds can be read from the cache.
func (w *Watches) Served(ctx context.Context, api API) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	incarnation, err := w.registry.Sync(ctx, api)
	if err != nil {
		return false, err
	}
	if incarnation == "" {
		delete(w.opened, api.Name)
		return false, nil
	}
	if w.opened[api.Name] == incarnation {
		return true, nil
	}
	if sources := w.sources[api.Name]; sources != nil {
		for _, src := range sources() {
			if err := w.controller.Watch(src); err != nil {
				return false, fmt.Errorf("watching %s: %w", api.Name, err)
			}
		}
	}
	w.opened[api.Name] = incarnation
	return true, nil
}
