// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cdi

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	cdiv1 "kubevirt.io/containerized-data-importer-api/pkg/apis/core/v1beta1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/novasphere/wukong/e2e/lab/controlplane"
	"github.com/novasphere/wukong/e2e/lab/neighbours"
)

// plane and actor are shared by all tests, which have names of their own.
var (
	plane *controlplane.ControlPlane
	actor *Actor
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) (code int) {
	ctx := context.Background()
	ctrllog.SetLogger(logr.Discard())
	var err error
	if plane, err = controlplane.Start(ctx, controlplane.Options{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := plane.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	if err := neighbours.Install(ctx, plane.Config(), neighbours.CDI); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := plane.RestartControllerManager(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if actor, err = Start(ctx, plane.Config(), Options{StepDelay: 20 * time.Millisecond}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer actor.Stop()
	immediate, late := storagev1.VolumeBindingImmediate, storagev1.VolumeBindingWaitForFirstConsumer
	for name, mode := range map[string]*storagev1.VolumeBindingMode{"now": &immediate, "late": &late} {
		class := &storagev1.StorageClass{
			ObjectMeta: metav1.ObjectMeta{Name: name}, Provisioner: "lab.example.org/disk", VolumeBindingMode: mode, AllowVolumeExpansion: new(true),
		}
		if err := actor.client.Create(ctx, class); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return m.Run()
}

func create(t *testing.T, object client.Object) {
	t.Helper()
	if err := actor.client.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.IgnoreNotFound(actor.client.Delete(context.Background(), object)); err != nil {
			t.Error(err)
		}
	})
}

// volume returns a DataVolume of 1Gi in a storage class.
func volume(name, class string) *cdiv1.DataVolume {
	return &cdiv1.DataVolume{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		Spec: cdiv1.DataVolumeSpec{Source: &cdiv1.DataVolumeSource{Blank: &cdiv1.DataVolumeBlankImage{}}, Storage: &cdiv1.StorageSpec{
			StorageClassName: &class,
			Resources:        corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		}},
	}
}

// expect waits until a DataVolume is in a phase and one of its conditions has a reason and a message.
func expect(t *testing.T, name string, phase cdiv1.DataVolumePhase, conditionType cdiv1.DataVolumeConditionType, want words) {
	t.Helper()
	found := &cdiv1.DataVolume{}
	err := wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		if err := actor.client.Get(ctx, key{Namespace: "default", Name: name}, found); err != nil {
			return false, err
		}
		for _, condition := range found.Status.Conditions {
			if condition.Type == conditionType && (words{condition.Reason, condition.Message}) == want {
				return found.Status.Phase == phase, nil
			}
		}
		return false, nil
	})
	if err != nil {
		t.Fatalf("%v; want %s with %s %+v, got %+v", err, phase, conditionType, want, found.Status)
	}
}

func expectClaim(t *testing.T, name string, holds func(*corev1.PersistentVolumeClaim) bool) {
	t.Helper()
	claim := &corev1.PersistentVolumeClaim{}
	err := wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		err := actor.client.Get(ctx, key{Namespace: "default", Name: name}, claim)
		return err == nil && holds(claim), client.IgnoreNotFound(err)
	})
	if err != nil {
		t.Fatalf("%v; the claim is %+v", err, claim)
	}
}
