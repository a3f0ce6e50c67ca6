// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2eguest

package guest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/pkg/conditions"
)

const (
	// operatorPatience is many times what the operator needs on a busy machine.
	operatorPatience = 5 * time.Minute
	// sshKeySecret has the public key of the tests.
	sshKeySecret = "my-keys"
	// tapBinding is the name that KubeVirt's documentation registers macvtap's binding with.
	tapBinding = "macvtap"
)

// operator is the lab with the manager.
type operator struct {
	*lab.Lab
	manager *lab.Manager
	log     *os.File
}

// produce declares a Wukong and returns what the operator makes of it, and then of each change. The lab is gone before a
// guest boots, which needs the machine for itself.
func produce(t *testing.T, wukong *vmv1alpha1.Wukong, macvtap bool, changes ...func(*vmv1alpha1.Wukong)) []product {
	t.Helper()
	o, err := startOperator(t)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if t.Failed() {
			content, _ := os.ReadFile(o.log.Name())
			t.Logf("the manager's log:\n%s", content)
		}
		if err := o.stop(); err != nil {
			t.Error(err)
		}
	}()
	if macvtap {
		if err := o.KubeVirt.SetTapBinding(t.Context(), tapBinding, true); err != nil {
			t.Fatal(err)
		}
	}
	keys := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: wukong.Namespace, Name: sshKeySecret}, StringData: map[string]string{"me": publicKey()}}
	for _, object := range []client.Object{keys, wukong} {
		if err := o.Client.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
	products := []product{o.await(t, wukong, product{})}
	for _, change := range changes {
		change(wukong)
		if err := o.Client.Update(t.Context(), wukong); err != nil {
			t.Fatal(err)
		}
		products = append(products, o.await(t, wukong, products[len(products)-1]))
	}
	return products
}

func startOperator(t *testing.T) (*operator, error) {
	t.Helper()
	started, err := lab.Start(t.Context(), lab.Options{})
	if err != nil {
		return nil, err
	}
	o := &operator{Lab: started}
	if o.log, err = os.Create(filepath.Join(t.TempDir(), "manager.log")); err != nil {
		return nil, errors.Join(err, o.stop())
	}
	if o.manager, err = o.StartManager(t.Context(), lab.ManagerOptions{Log: o.log}); err != nil {
		return nil, errors.Join(err, o.stop())
	}
	return o, nil
}

func (o *operator) stop() error {
	var failures []error
	if o.manager != nil && o.manager.Running() {
		failures = append(failures, o.manager.Stop())
	}
	if o.log != nil {
		failures = append(failures, o.log.Close())
	}
	return errors.Join(append(failures, o.Stop())...)
}

// await waits until a machine runs and what it boots with is no longer what it was.
func (o *operator) await(t *testing.T, wukong *vmv1alpha1.Wukong, before product) product {
	t.Helper()
	var found product
	last := errors.New("it was never looked at")
	err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, operatorPatience, true, func(ctx context.Context) (bool, error) {
		found, last = o.look(ctx, wukong)
		if last == nil && bytes.Equal(found.UserData, before.UserData) && bytes.Equal(found.NetworkData, before.NetworkData) {
			last = errors.New("the guest's data is what it was")
		}
		return last == nil, nil
	})
	if err != nil {
		t.Fatalf("waiting for the machine of %s: %v (%v)", wukong.Name, last, err)
	}
	return found
}

// look reads what the operator has made of a Wukong; it is an error when the machine is not ready yet.
func (o *operator) look(ctx context.Context, wukong *vmv1alpha1.Wukong) (product, error) {
	key := client.ObjectKeyFromObject(wukong)
	if err := o.Client.Get(ctx, key, wukong); err != nil {
		return product{}, err
	}
	if !conditions.IsTrue(wukong.Status.Conditions, vmv1alpha1.ConditionVirtualMachineReady, wukong.Generation) {
		return product{}, fmt.Errorf("its conditions are %v", wukong.Status.Conditions)
	}
	return readProduct(ctx, o.Client, key)
}

// seed returns a Wukong of the product's first documents as it stands, but for the keys that the tests log in with.
func seed(t *testing.T, name string) *vmv1alpha1.Wukong {
	t.Helper()
	objects, err := lab.ReadFile(filepath.Join("..", "validation", "testdata", "seeds", name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	wukong := &vmv1alpha1.Wukong{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(objects[0].Object, wukong); err != nil {
		t.Fatal(err)
	}
	wukong.Namespace = metav1.NamespaceDefault
	wukong.Spec.SSHKeySecret = sshKeySecret
	return wukong
}
