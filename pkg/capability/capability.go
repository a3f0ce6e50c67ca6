// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package capability knows which of the APIs that Wukong uses the cluster serves now. Each of them may be
// missing when the manager starts, come later, and go again: controllers keep running, and only their watches
// on such an API open and close.
package capability

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// syncTimeout bounds the wait for the first list of a kind that was just installed. What does not answer in
// time is tried again by the reconcile that asked.
const syncTimeout = 30 * time.Second

// API is a set of kinds that come and go together.
type API struct {
	// Name is what people call it, for example NMState.
	Name string
	// Kinds are the kinds that Wukong uses of it.
	Kinds []Kind
}

// Kind is one kind of an API.
type Kind struct {
	// CRD is the name of its CustomResourceDefinition.
	CRD string
	// Object is an empty object of the kind.
	Object client.Object
	// Indexes are the field indices that the cache keeps of it.
	Indexes map[string]client.IndexerFunc
}

// Registry tells which APIs are served, and keeps the cache in step with them. It is safe for use by several
// controllers.
type Registry struct {
	cache  cache.Cache
	mapper meta.RESTMapper
	client client.Client

	mu sync.Mutex
	// opened holds, for each API whose informers run, the incarnation they were opened for.
	opened map[string]string
}

// NewRegistry returns a registry that works on the manager's cache.
func NewRegistry(mgr manager.Manager) *Registry {
	return &Registry{
		cache:  mgr.GetCache(),
		mapper: mgr.GetRESTMapper(),
		client: mgr.GetClient(),
		opened: map[string]string{},
	}
}

// CRD returns an empty CustomResourceDefinition of which only the metadata is read and watched.
func CRD() *metav1.PartialObjectMetadata {
	crd := &metav1.PartialObjectMetadata{}
	crd.SetGroupVersionKind(apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition"))
	return crd
}

// Sync makes the cache follow the API, and returns which incarnation of it is served, empty for none. The
// informers of an API that went are removed; those of one that came are started and filled.
func (r *Registry) Sync(ctx context.Context, api API) (string, error) {
	incarnation, err := r.incarnation(ctx, api)
	if err != nil {
		return "", err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.opened[api.Name] == incarnation {
		return incarnation, nil
	}
	if err := r.close(ctx, api); err != nil {
		return "", err
	}
	if incarnation == "" {
		return "", nil
	}
	if err := r.open(ctx, api); err != nil {
		return "", err
	}
	r.opened[api.Name] = incarnation
	return incarnation, nil
}

// incarnation returns the identity of the installed API: the UIDs of its CRDs, so that an API that was removed
// and installed again is told apart. It is empty when a CRD is missing or on its way out.
func (r *Registry) incarnation(ctx context.Context, api API) (string, error) {
	uids := make([]string, 0, len(api.Kinds))
	for _, kind := range api.Kinds {
		crd := CRD()
		err := r.client.Get(ctx, types.NamespacedName{Name: kind.CRD}, crd)
		if apierrors.IsNotFound(err) || err == nil && !crd.DeletionTimestamp.IsZero() {
			return "", nil
		}
		if err != nil {
			return "", fmt.Errorf("reading CustomResourceDefinition %s: %w", kind.CRD, err)
		}
		uids = append(uids, string(crd.UID))
	}
	return strings.Join(uids, ","), nil
}

func (r *Registry) close(ctx context.Context, api API) error {
	delete(r.opened, api.Name)
	for _, kind := range api.Kinds {
		if err := r.cache.RemoveInformer(ctx, kind.Object); err != nil {
			return fmt.Errorf("closing the informer of %s: %w", kind.CRD, err)
		}
	}
	return nil
}

func (r *Registry) open(ctx context.Context, api API) error {
	ctx, cancel := context.WithTimeout(ctx, syncTimeout)
	defer cancel()
	for _, kind := range api.Kinds {
		gvk, err := apiutil.GVKForObject(kind.Object, r.client.Scheme())
		if err != nil {
			return fmt.Errorf("looking up the kind of %s: %w", kind.CRD, err)
		}
		// A CRD is served a moment after it exists; until then this is an ordinary error and tried again.
		if _, err := r.mapper.RESTMapping(gvk.GroupKind(), gvk.Version); err != nil {
			return fmt.Errorf("%s is not served yet: %w", kind.CRD, err)
		}
		if _, err := r.cache.GetInformer(ctx, kind.Object, cache.BlockUntilSynced(false)); err != nil {
			return fmt.Errorf("opening the informer of %s: %w", kind.CRD, err)
		}
		for field, extract := range kind.Indexes {
			if err := r.cache.IndexField(ctx, kind.Object, field, extract); err != nil {
				return fmt.Errorf("indexing %s by %s: %w", kind.CRD, field, err)
			}
		}
		if _, err := r.cache.GetInformer(ctx, kind.Object); err != nil {
			return fmt.Errorf("filling the cache of %s: %w", kind.CRD, err)
		}
	}
	return nil
}
