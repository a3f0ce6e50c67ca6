// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/e2e/lab/acting"
	"github.com/novasphere/wukong/e2e/lab/crdwatch"
)

// configurationRetry paces attempts to make the KubeVirt object, whose namespace may still be on its way out.
const configurationRetry = 200 * time.Millisecond

// workers is how many machines are worked on at one time.
const workers = 4

type key = types.NamespacedName

// Actor plays KubeVirt for all virtual machines of a cluster.
type Actor struct {
	options Options
	client  client.Client
	// handler writes as virt-handler, which virt-api lets change instances.
	handler client.Client
	// requests are what virtctl sends to virt-api, which serves an API of its own.
	requests rest.Interface
	queue    *acting.Queue
	watcher  *crdwatch.Watcher
	cancel   context.CancelFunc
	ctx      context.Context //nolint:containedctx // the actor's life: watch callbacks carry none.
	wg       sync.WaitGroup

	mu       sync.Mutex
	machines map[key]*Machine
	// waiting are machines that something outside of them holds up: any Secret, node or definition may set them free.
	waiting map[key]bool
	// doomed are instances whose attachment was missing when they were first looked at; false means it was there.
	doomed map[types.UID]string
	// since is when an instance entered its phase, by this actor's clock.
	since map[types.UID]entered
	// requested are machines with the run strategy Manual that virtctl started.
	requested map[types.UID]bool
	plugins   map[string]kubevirtv1.InterfaceBindingPlugin
}

type entered struct {
	phase kubevirtv1.VirtualMachineInstancePhase
	at    time.Time
}

// Start plays KubeVirt until the context ends or Stop is called. It needs a configuration with all rights; KubeVirt's
// and Multus's definitions may be missing.
func Start(ctx context.Context, config *rest.Config, options Options) (*Actor, error) {
	config = rest.CopyConfig(config)
	config.QPS = -1
	api, err := newClient(config)
	if err != nil {
		return nil, fmt.Errorf("build the client: %w", err)
	}
	asHandler := rest.CopyConfig(config)
	asHandler.Impersonate.UserName = handlerUser
	handler, err := newClient(asHandler)
	if err != nil {
		return nil, fmt.Errorf("build the client of virt-handler: %w", err)
	}
	asVirtctl := dynamic.ConfigFor(config)
	// virt-api answers some requests with no more than a status, and only to who takes anything.
	asVirtctl.AcceptContentTypes = ""
	requests, err := rest.UnversionedRESTClientFor(asVirtctl)
	if err != nil {
		return nil, fmt.Errorf("build the client of virt-api: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	a := &Actor{
		options:   options.withDefaults(),
		client:    api,
		handler:   handler,
		requests:  requests,
		ctx:       ctx,
		cancel:    cancel,
		machines:  map[key]*Machine{},
		waiting:   map[key]bool{},
		doomed:    map[types.UID]string{},
		since:     map[types.UID]entered{},
		requested: map[types.UID]bool{},
		plugins:   map[string]kubevirtv1.InterfaceBindingPlugin{},
	}
	a.queue = acting.NewQueue(ctx, workers, a.reconcile, func(err error, k key) {
		a.complain(err, "Playing the machine failed", "namespace", k.Namespace, "name", k.Name)
	})
	a.watcher, err = crdwatch.Start(ctx, config, watched(), crdwatch.Handler{Opened: a.opened, Changed: a.changed})
	if err != nil {
		a.Stop()
		return nil, err
	}
	return a, nil
}

// Stop ends all work and waits for it. Machines stay in the cluster as they are.
func (a *Actor) Stop() {
	a.cancel()
	if a.watcher != nil {
		a.watcher.Stop()
	}
	a.queue.Wait()
	a.wg.Wait()
}

// VM returns the script of a virtual machine, which need not exist yet.
func (a *Actor) VM(namespace, name string) *Machine {
	return a.machine(key{Namespace: namespace, Name: name})
}

func (a *Actor) machine(k key) *Machine {
	a.mu.Lock()
	defer a.mu.Unlock()
	m, exists := a.machines[k]
	if !exists {
		m = &Machine{actor: a, key: k}
		a.machines[k] = m
	}
	return m
}

// opened puts a KubeVirt object where KubeVirt has just been installed: an installation without one does nothing. Whoever
// installs the real one makes it himself.
func (a *Actor) opened(resource schema.GroupVersionResource) {
	if resource != kubevirts || a.options.NodesOnly {
		return
	}
	a.wg.Go(func() {
		retry := time.NewTicker(configurationRetry)
		defer retry.Stop()
		for a.installConfiguration(a.ctx) != nil {
			select {
			case <-a.ctx.Done():
				return
			case <-retry.C:
			}
		}
	})
}

func (a *Actor) changed(resource schema.GroupVersionResource, meta *metav1.PartialObjectMetadata, _ bool) {
	switch resource {
	case machines, instances:
		a.queue.Add(key{Namespace: meta.Namespace, Name: meta.Name})
	case launcherPods:
		if name, is := meta.Annotations[kubevirtv1.DomainAnnotation]; is {
			a.queue.Add(key{Namespace: meta.Namespace, Name: name})
		}
	default:
		a.wakeWaiting()
	}
}

// wait marks a machine as held up from outside.
func (a *Actor) wait(k key) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting[k] = true
}

func (a *Actor) wakeWaiting() {
	a.mu.Lock()
	held := a.waiting
	a.waiting = map[key]bool{}
	a.mu.Unlock()
	for k := range held {
		a.queue.Add(k)
	}
}

func (a *Actor) complain(err error, message string, keysAndValues ...any) {
	if a.ctx.Err() == nil && !errors.Is(err, context.Canceled) {
		a.options.Log.V(1).Info(message, append(keysAndValues, "error", err.Error())...)
	}
}
