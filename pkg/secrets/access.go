// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package secrets gives the manager the Secrets of those namespaces that have Wukongs, and of no others.
//
// RBAC cannot say "the Secrets that a Wukong names", and whoever may list or patch Secrets may read them. So the manager
// holds no right on any Secret. It may bind one ClusterRole, Role, to itself, and does so in a namespace when the first
// Wukong there needs it; when the last one is gone, so is the binding. The chart's ValidatingAdmissionPolicy refuses such a
// binding where there is no Wukong.
package secrets

import (
	"context"
	"fmt"
	"sync"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

const (
	// settleEvery and settleFor bound the wait for a new binding to be in force: authorizers and admission learn of it, and of
	// the namespace's first Wukong, by watching.
	settleEvery = 20 * time.Millisecond
	settleFor   = 3 * time.Second
)

// errNotInForce is for a binding that was made and that authorizers have not seen yet.
var errNotInForce = fmt.Errorf("RoleBinding %s is not in force yet", Role)

// Access opens and closes namespaces. It is safe for use by several reconciles.
type Access struct {
	mgr    manager.Manager
	client client.Client
	live   client.Reader
	// self is who the manager is.
	self rbacv1.Subject
	// watcher is the controller that handler has look at changes.
	watcher controller.Controller
	handler handler.EventHandler

	mu         sync.Mutex
	namespaces map[string]*namespace
}

// namespace is a namespace that was opened once.
type namespace struct {
	mu sync.Mutex
	// bound tells that the binding was made or found, so that it has to be removed.
	bound bool
	// close ends the watch, nil while the namespace is closed.
	close context.CancelFunc
}

// NewAccess returns an Access of the manager's own user, with every namespace closed. It asks the API server who that is, and
// returns an error when it does not tell. The controller watches the metadata of the Secrets of the namespaces that are open, and
// the handler says what it looks at when one changes.
func NewAccess(ctx context.Context, mgr manager.Manager, watcher controller.Controller, changed handler.EventHandler) (*Access, error) {
	review := &authenticationv1.SelfSubjectReview{}
	if err := mgr.GetClient().Create(ctx, review); err != nil {
		return nil, fmt.Errorf("asking who the manager is: %w", err)
	}
	return &Access{
		mgr: mgr, client: mgr.GetClient(), live: mgr.GetAPIReader(),
		self: subject(review.Status.UserInfo.Username), watcher: watcher, handler: changed, namespaces: map[string]*namespace{},
	}, nil
}

// Metadata returns an empty Secret of which only the metadata is cached: contents are read when a machine needs them,
// and never kept.
func Metadata() *metav1.PartialObjectMetadata {
	secret := &metav1.PartialObjectMetadata{}
	secret.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
	return secret
}

// Open makes the Secrets of a namespace readable and watched. It returns at once when they are; else it makes the binding and
// waits some seconds for it to be in force. The error is the API server's when it refuses the binding.
func (a *Access) Open(ctx context.Context, name string) error {
	ns := a.of(name)
	ns.mu.Lock()
	defer ns.mu.Unlock()
	if ns.close != nil {
		return nil
	}
	var last error
	err := wait.PollUntilContextTimeout(ctx, settleEvery, settleFor, true, func(ctx context.Context) (bool, error) {
		last = a.inForce(ctx, name, ns)
		return last == nil || !mayPass(last), nil
	})
	if last != nil {
		return last
	}
	if err != nil {
		return err
	}
	return a.follow(name, ns)
}

// inForce makes the binding, and returns nil when it is in force.
func (a *Access) inForce(ctx context.Context, name string, ns *namespace) error {
	if err := a.grant(ctx, name); err != nil {
		return err
	}
	ns.bound = true
	allowed, err := a.Allowed(ctx, name)
	if err == nil && !allowed {
		err = errNotInForce
	}
	return err
}

// follow watches a namespace's Secrets until it is closed or the manager stops.
func (a *Access) follow(name string, ns *namespace) error {
	secrets, err := cache.New(a.mgr.GetConfig(), cache.Options{
		HTTPClient:        a.mgr.GetHTTPClient(),
		Scheme:            a.mgr.GetScheme(),
		Mapper:            a.mgr.GetRESTMapper(),
		DefaultTransform:  cache.TransformStripManagedFields(),
		DefaultNamespaces: map[string]cache.Config{name: {}},
	})
	if err != nil {
		return fmt.Errorf("making the cache of the Secrets of namespace %s: %w", name, err)
	}
	closed, cancel := context.WithCancel(context.Background())
	err = a.mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		defer context.AfterFunc(closed, stop)()
		return secrets.Start(ctx)
	}))
	if err == nil {
		err = a.watcher.Watch(while(closed, source.Kind(secrets, client.Object(Metadata()), a.handler)))
	}
	if err != nil {
		cancel()
		return fmt.Errorf("watching the Secrets of namespace %s: %w", name, err)
	}
	ns.close = cancel
	return nil
}

// Forget closes a namespace whose binding somebody removed, so that the next Open makes it again.
func (a *Access) Forget(name string) {
	ns := a.of(name)
	ns.mu.Lock()
	defer ns.mu.Unlock()
	ns.stop()
}

// Release closes a namespace and removes the binding, if one was made or found, when unused says so, which is asked while nobody
// can open the namespace. The error is that of unused or of the API server.
func (a *Access) Release(ctx context.Context, name string, unused func() (bool, error)) error {
	ns := a.of(name)
	ns.mu.Lock()
	defer ns.mu.Unlock()
	if !ns.bound {
		// Nothing was given: asked for each machine of somebody else, it must cost nothing.
		return nil
	}
	if gone, err := unused(); err != nil || !gone {
		return err
	}
	ns.stop()
	if err := a.revoke(ctx, name); err != nil {
		return err
	}
	ns.bound = false
	return nil
}

// Allowed reports whether the manager may read the Secrets of a namespace.
func (a *Access) Allowed(ctx context.Context, name string) (bool, error) {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: name, Verb: "list", Resource: "secrets"},
	}}
	if err := a.client.Create(ctx, review); err != nil {
		return false, fmt.Errorf("asking for the right on the Secrets of namespace %s: %w", name, err)
	}
	return review.Status.Allowed, nil
}

func (a *Access) of(name string) *namespace {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.namespaces[name] == nil {
		a.namespaces[name] = &namespace{}
	}
	return a.namespaces[name]
}

// while returns a source that ends when the context does, also where what it waits for never comes: a source that is started
// lives as long as its controller otherwise.
func while(open context.Context, src source.Source) source.Source {
	return source.Func(func(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		ctx, cancel := context.WithCancel(ctx)
		context.AfterFunc(open, cancel)
		return src.Start(ctx, queue)
	})
}

func (ns *namespace) stop() {
	if ns.close != nil {
		ns.close()
		ns.close = nil
	}
}
