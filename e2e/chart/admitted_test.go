// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/neighbours"
)

// patience bounds every wait. It is far above what anything here takes, so that a slow machine fails no test.
const patience = 5 * time.Minute

// warnings are what the API server warns a client of.
type warnings struct {
	mu   sync.Mutex
	seen []string
}

// HandleWarningHeader takes one warning.
func (w *warnings) HandleWarningHeader(_ int, _, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, text)
}

// TestAdmitted puts each shape to a real API server that enforces the restricted Pod Security Standard and takes no unknown
// field: it has to be accepted without a warning, and the pods have to be admitted.
func TestAdmitted(t *testing.T) {
	started, err := lab.Start(t.Context(), lab.Options{Workloads: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := started.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := started.InstallCRDs(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := neighbours.Install(t.Context(), started.Config, neighbours.Prometheus); err != nil {
		t.Fatal(err)
	}
	heard := &warnings{}
	config := rest.CopyConfig(started.Config)
	config.WarningHandler = heard
	strict, err := client.New(config, client.Options{Scheme: started.Client.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	started.Client = strict
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			// Namespaced objects of one shape do not meet those of another.
			space := "wukong-" + strings.NewReplacer(" ", "-", "'", "").Replace(name)
			restrict(t, strict, space)
			path := filepath.Join(t.TempDir(), "rendered.yaml")
			rendered := mustHelm(t, "template", release, chartFolder, "--namespace="+space, "--kube-version=1.31.0", "--values="+valuesFile(t, shape))
			if err := os.WriteFile(path, []byte(rendered), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := started.ApplyFile(t.Context(), path); err != nil {
				t.Fatal(err)
			}
			expectPods(t, strict, space)
			if len(heard.seen) > 0 {
				t.Errorf("the API server warns: %s", strings.Join(heard.seen, "; "))
			}
			undo(t, started, path)
		})
	}
}

// restrict makes a namespace that admits nothing but what the Pod Security Standard "restricted" allows.
func restrict(t *testing.T, c client.Client, name string) {
	t.Helper()
	space := &corev1.Namespace{}
	space.Name = name
	space.Labels = map[string]string{
		"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted",
	}
	if err := c.Create(t.Context(), space); err != nil {
		t.Fatal(err)
	}
}

// expectPods waits until the Deployment has all of its pods.
func expectPods(t *testing.T, c client.Client, space string) {
	t.Helper()
	last := errors.New("nobody looked")
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		deployment := &appsv1.Deployment{}
		last = c.Get(ctx, client.ObjectKey{Namespace: space, Name: lab.ManagerServiceAccount}, deployment)
		if last == nil && (deployment.Status.Replicas != *deployment.Spec.Replicas || deployment.Status.Replicas == 0) {
			last = fmt.Errorf("it has %d pods of %d: %v", deployment.Status.Replicas, *deployment.Spec.Replicas, deployment.Status.Conditions)
		}
		return last == nil, nil
	})
	if err != nil {
		t.Errorf("the Deployment has its pods: %v (%v)", last, err)
	}
}

// undo deletes what a shape applied, so that the next one finds the cluster as this one did.
func undo(t *testing.T, started *lab.Lab, path string) {
	t.Helper()
	objects, err := lab.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(objects)
	for _, object := range objects {
		if err := started.Client.Delete(t.Context(), object, client.PropagationPolicy(metav1.DeletePropagationBackground)); client.IgnoreNotFound(err) != nil {
			t.Errorf("deleting %s %s: %v", object.GetKind(), object.GetName(), err)
		}
	}
}
