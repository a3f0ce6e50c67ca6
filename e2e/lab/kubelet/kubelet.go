// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kubelet runs the pods of one namespace as processes, so that what a chart installs really works in a cluster
// without nodes: a pod's command line, service account, restart policy, readiness and end are those of its process. Everything
// else of a pod (image, volumes, limits, node) has no meaning here.
package kubelet

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/e2e/lab/acting"
	"github.com/novasphere/wukong/e2e/lab/process"
)

const (
	// again is how soon a pod is looked at again that starts.
	again = 100 * time.Millisecond
	// grace is how long a process may take to end when its pod is deleted.
	grace = 30 * time.Second
	// workers is more than the pods that end at the same time.
	workers = 6
)

// Options say how pods are run.
type Options struct {
	// Namespace is the one whose pods are run.
	Namespace string
	// Folder takes what pods need, such as their service accounts' kubeconfigs.
	Folder string
	// Executable returns the program that an image holds.
	Executable func(image string) (string, error)
	// Kubeconfig writes a kubeconfig of a service account to a file.
	Kubeconfig func(ctx context.Context, namespace, serviceAccount, path string) error
	// Log takes the output of all pods.
	Log io.Writer
}

// Kubelet runs pods.
type Kubelet struct {
	options Options
	client  client.Client
	queue   *acting.Queue
	cancel  context.CancelFunc
	wg      sync.WaitGroup

	mu   sync.Mutex
	pods map[types.NamespacedName]*pod
}

// pod is a pod whose process was started.
type pod struct {
	uid     types.UID
	process *process.Process
	// probes is where the process answers whether it is ready, and metrics where it serves its metrics in clear; both are empty when it
	// does neither.
	probes, metrics string
}

// Start runs the namespace's pods until the context ends or Stop is called. It needs a configuration with all rights.
func Start(ctx context.Context, config *rest.Config, options Options) (*Kubelet, error) {
	ctx, cancel := context.WithCancel(ctx)
	k := &Kubelet{options: options, cancel: cancel, pods: map[types.NamespacedName]*pod{}}
	if err := k.watch(ctx, config); err != nil {
		cancel()
		return nil, err
	}
	return k, nil
}

func (k *Kubelet) watch(ctx context.Context, config *rest.Config) error {
	pods, err := cache.New(config, cache.Options{
		Scheme: clientgoscheme.Scheme, DefaultNamespaces: map[string]cache.Config{k.options.Namespace: {}},
	})
	if err != nil {
		return fmt.Errorf("making the cache of pods: %w", err)
	}
	if k.client, err = client.New(config, client.Options{Scheme: clientgoscheme.Scheme}); err != nil {
		return fmt.Errorf("making the client: %w", err)
	}
	k.queue = acting.NewQueue(ctx, workers, k.look, func(err error, key types.NamespacedName) {
		_, _ = fmt.Fprintf(k.options.Log, "kubelet: pod %s: %v\n", key.Name, err)
	})
	informer, err := pods.GetInformer(ctx, &corev1.Pod{}, cache.BlockUntilSynced(false))
	if err != nil {
		return fmt.Errorf("watching pods: %w", err)
	}
	changed := func(object any) {
		if unknown, gone := object.(toolscache.DeletedFinalStateUnknown); gone {
			object = unknown.Obj
		}
		if seen, isPod := object.(*corev1.Pod); isPod {
			k.queue.Add(client.ObjectKeyFromObject(seen))
		}
	}
	if _, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: changed, DeleteFunc: changed, UpdateFunc: func(_, object any) { changed(object) },
	}); err != nil {
		return fmt.Errorf("watching pods: %w", err)
	}
	k.wg.Go(func() { _ = pods.Start(ctx) })
	return nil
}

// Stop ends every pod's process, as the node's end would, and returns when they are gone.
func (k *Kubelet) Stop() error {
	k.cancel()
	k.queue.Wait()
	k.wg.Wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, running := range k.pods {
		if err := running.process.Kill(); err != nil {
			return err
		}
	}
	return nil
}

// Process returns the process of a pod, nil when it has none.
func (k *Kubelet) Process(name string) *process.Process {
	k.mu.Lock()
	defer k.mu.Unlock()
	running := k.pods[types.NamespacedName{Namespace: k.options.Namespace, Name: name}]
	if running == nil {
		return nil
	}
	return running.process
}

// Metrics returns where a pod serves its metrics in clear, empty when it does not.
func (k *Kubelet) Metrics(name string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	running := k.pods[types.NamespacedName{Namespace: k.options.Namespace, Name: name}]
	if running == nil {
		return ""
	}
	return running.metrics
}

// look brings the process of one pod in line with it.
func (k *Kubelet) look(ctx context.Context, key types.NamespacedName) (time.Duration, error) {
	declared := &corev1.Pod{}
	err := k.client.Get(ctx, key, declared)
	if client.IgnoreNotFound(err) != nil {
		return 0, err
	}
	k.mu.Lock()
	running := k.pods[key]
	k.mu.Unlock()
	gone := apierrors.IsNotFound(err) || !declared.DeletionTimestamp.IsZero() || running != nil && running.uid != declared.UID
	switch {
	case gone && running != nil:
		return 0, k.end(ctx, key, running, declared)
	case gone || declared.Status.Phase == corev1.PodSucceeded || declared.Status.Phase == corev1.PodFailed:
		return 0, nil
	case running == nil:
		return again, k.begin(ctx, declared)
	}
	select {
	case <-running.process.Exited():
		return 0, k.ended(ctx, declared, running)
	default:
		return again, k.report(ctx, declared, running)
	}
}

// begin starts the process of a pod.
func (k *Kubelet) begin(ctx context.Context, declared *corev1.Pod) error {
	container := declared.Spec.Containers[0]
	executable, err := k.options.Executable(container.Image)
	if err != nil {
		return err
	}
	kubeconfig := filepath.Join(k.options.Folder, declared.Name+".kubeconfig")
	if err := k.options.Kubeconfig(ctx, declared.Namespace, declared.Spec.ServiceAccountName, kubeconfig); err != nil {
		return err
	}
	started := &pod{uid: declared.UID}
	arguments, err := started.arguments(declared, kubeconfig)
	if err != nil {
		return err
	}
	started.process, err = process.Start(process.Spec{
		Name: declared.Name, Executable: executable, Arguments: arguments, Output: k.options.Log,
		Environment: []string{"HOSTNAME=" + declared.Name},
	})
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pods[client.ObjectKeyFromObject(declared)] = started
	return nil
}

// end stops the process of a pod that is deleted, and lets the pod go.
func (k *Kubelet) end(ctx context.Context, key types.NamespacedName, running *pod, declared *corev1.Pod) error {
	if _, err := running.process.Stop(grace); err != nil {
		return err
	}
	k.forget(key)
	if declared.UID != running.uid {
		k.queue.Add(key)
		return nil
	}
	now := int64(0)
	return client.IgnoreNotFound(k.client.Delete(ctx, declared, &client.DeleteOptions{GracePeriodSeconds: &now}))
}

// ended tells how a process ended, or starts it again where the pod wants that.
func (k *Kubelet) ended(ctx context.Context, declared *corev1.Pod, running *pod) error {
	k.forget(client.ObjectKeyFromObject(declared))
	if declared.Spec.RestartPolicy == corev1.RestartPolicyAlways {
		k.queue.Add(client.ObjectKeyFromObject(declared))
		return acting.EditStatus(ctx, k.client, declared, manager, func(pod *corev1.Pod) { setReady(pod, false) })
	}
	phase := corev1.PodSucceeded
	if running.process.Err() != nil {
		phase = corev1.PodFailed
	}
	return acting.EditStatus(ctx, k.client, declared, manager, func(pod *corev1.Pod) {
		setReady(pod, false)
		pod.Status.Phase = phase
	})
}

func (k *Kubelet) forget(key types.NamespacedName) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.pods, key)
}
