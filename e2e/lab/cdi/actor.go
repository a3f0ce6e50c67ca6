// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cdi

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	cdiv1 "kubevirt.io/containerized-data-importer-api/pkg/apis/core/v1beta1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/e2e/lab/acting"
	"github.com/novasphere/wukong/e2e/lab/crdwatch"
)

const (
	// configName is the name of the only CDIConfig, and configRetry paces attempts to make it.
	configName  = "config"
	configRetry = 200 * time.Millisecond
	// Overhead is the share that the file system of a claim gets on top of a disk's size, CDI's default.
	Overhead = "0.06"
)

type key = types.NamespacedName

// Actor plays CDI for all disks of a cluster.
type Actor struct {
	options Options
	client  client.Client
	queue   *acting.Queue
	watcher *crdwatch.Watcher
	cancel  context.CancelFunc
	ctx     context.Context //nolint:containedctx // the actor's life: watch callbacks carry none.
	wg      sync.WaitGroup

	mu    sync.Mutex
	disks map[key]*Disk
	// since is when a DataVolume entered its phase, by this actor's clock.
	since map[types.UID]entered
}

type entered struct {
	phase cdiv1.DataVolumePhase
	at    time.Time
}

// Start plays CDI until the context ends or Stop is called. It needs a configuration with all rights; CDI's definitions may
// be missing.
func Start(ctx context.Context, config *rest.Config, options Options) (*Actor, error) {
	config = rest.CopyConfig(config)
	config.QPS = -1
	api, err := newClient(config)
	if err != nil {
		return nil, fmt.Errorf("build the client: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	a := &Actor{
		options: options.withDefaults(), client: api, ctx: ctx, cancel: cancel,
		disks: map[key]*Disk{}, since: map[types.UID]entered{},
	}
	a.queue = acting.NewQueue(ctx, 1, a.reconcile, func(err error, k key) {
		a.options.Log.V(1).Info("Playing the disk failed", "namespace", k.Namespace, "name", k.Name, "error", err.Error())
	})
	a.watcher, err = crdwatch.Start(ctx, config, watched(), crdwatch.Handler{Opened: a.opened, Changed: a.changed})
	if err != nil {
		a.Stop()
		return nil, err
	}
	return a, nil
}

// Stop ends all work and waits for it. Disks stay in the cluster as they are.
func (a *Actor) Stop() {
	a.cancel()
	if a.watcher != nil {
		a.watcher.Stop()
	}
	a.queue.Wait()
	a.wg.Wait()
}

// Disk returns the script of the DataVolume and the claim of a name, which need not exist yet.
func (a *Actor) Disk(namespace, name string) *Disk {
	return a.disk(key{Namespace: namespace, Name: name})
}

func (a *Actor) disk(k key) *Disk {
	a.mu.Lock()
	defer a.mu.Unlock()
	d, exists := a.disks[k]
	if !exists {
		d = &Disk{actor: a, key: k}
		a.disks[k] = d
	}
	return d
}

// opened writes CDI's configuration where CDI has just been installed.
func (a *Actor) opened(resource schema.GroupVersionResource) {
	if resource != configs {
		return
	}
	a.wg.Go(func() {
		retry := time.NewTicker(configRetry)
		defer retry.Stop()
		for a.configure(a.ctx) != nil {
			select {
			case <-a.ctx.Done():
				return
			case <-retry.C:
			}
		}
	})
}

func (a *Actor) configure(ctx context.Context) error {
	err := a.client.Create(ctx, &cdiv1.CDIConfig{
		ObjectMeta: metav1.ObjectMeta{Name: configName},
		Status:     cdiv1.CDIConfigStatus{FilesystemOverhead: &cdiv1.FilesystemOverhead{Global: Overhead}},
	}, client.FieldOwner(manager))
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// changed queues the disks that an object concerns: its own, those that a pod uses, or all that a storage class may set free.
func (a *Actor) changed(resource schema.GroupVersionResource, meta *metav1.PartialObjectMetadata, _ bool) {
	switch resource {
	case volumes, claims:
		// A script is made on the way, so that what waits for a storage class is known.
		a.queue.Add(a.Disk(meta.Namespace, meta.Name).key)
	case pods:
		a.wake(func(k key) bool { return k.Namespace == meta.Namespace })
	case classes:
		a.wake(func(key) bool { return true })
	}
}

func (a *Actor) wake(concerned func(key) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for k := range a.disks {
		if concerned(k) {
			a.queue.Add(k)
		}
	}
}

// reconcile takes a disk one step on and says when to look at it again, if nothing else happens before.
func (a *Actor) reconcile(ctx context.Context, k key) (time.Duration, error) {
	volume, claim := &cdiv1.DataVolume{}, &corev1.PersistentVolumeClaim{}
	hasVolume, err := a.get(ctx, k, volume)
	if err != nil {
		return 0, err
	}
	hasClaim, err := a.get(ctx, k, claim)
	if err != nil {
		return 0, err
	}
	if hasClaim && claim.DeletionTimestamp != nil {
		return 0, a.release(ctx, claim)
	}
	if !hasClaim {
		claim = nil
	}
	script := a.disk(k).current()
	if hasVolume && volume.DeletionTimestamp == nil && volume.Status.Phase != cdiv1.Succeeded {
		return a.play(ctx, volume, claim, script)
	}
	if claim != nil && metav1.GetControllerOf(claim) == nil {
		if err := a.provision(ctx, claim); err != nil {
			return 0, err
		}
	}
	if claim == nil || script.growthHeld {
		return 0, nil
	}
	return 0, a.expand(ctx, claim)
}

func (a *Actor) get(ctx context.Context, k key, object client.Object) (bool, error) {
	err := a.client.Get(ctx, k, object)
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read %T %s: %w", object, k, err)
	}
	return true, nil
}
