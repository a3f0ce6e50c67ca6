// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
)

const secretsBinding = "wukong-secrets"

// TestChildrenAreNotEdited has an administrator edit what Wukong made: specs are refused and the Wukong is named, labels and
// deletion are not.
func TestChildrenAreNotEdited(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.create(newWukong("default", "vm", bridged("lan", "br-lan", 100)))
	w.expectReady("default", "vm")
	key := client.ObjectKey{Namespace: "default", Name: "vm-lan"}
	claim, network := &vmv1alpha1.WukongNodeBridge{}, &vmv1alpha1.WukongNetwork{}
	w.must(w.Client.Get(t.Context(), key, claim))
	w.must(w.Client.Get(t.Context(), key, network))

	claim.Spec.BridgeName = "br-other"
	w.expectDenied(w.Client.Update(t.Context(), claim), "a claim is immutable; change the network in the Wukong")
	network.Spec.MACAddress = "02:00:00:00:00:01"
	w.expectDenied(w.Client.Update(t.Context(), network), "change spec.networks of the Wukong vm instead")

	w.must(w.Client.Get(t.Context(), key, claim))
	w.label(claim, "example.org/looked-at", "yes")
	w.must(w.Client.Get(t.Context(), key, network))
	w.remove(network)
	w.must(w.Client.Get(t.Context(), key, network))
	if network.DeletionTimestamp.IsZero() {
		t.Error("the network is not being deleted")
	}
	w.delete("default", "vm")
	w.expectNothingLeft()
}

// expectDenied fails the test unless the API server refuses with a text. What a policy answers has the code of an invalid request or of
// a forbidden one.
func (w *world) expectDenied(err error, text string) {
	w.t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		w.t.Errorf("got %v, want a refusal that says %q", err, text)
	}
}

// TestSecretAccess follows the manager's right on Secrets: it comes with a namespace's first Wukong, can be restored, and goes
// with the last; what a stolen token would try is refused.
func TestSecretAccess(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.namespace("machines")
	w.namespace("bystanders")
	w.expectSecretAccess("machines", false)
	w.create(newWukong("machines", "one"), newWukong("machines", "two"))
	w.expectReady("machines", "one")
	w.expectReady("machines", "two")
	w.expectSecretAccess("machines", true)
	w.expectSecretAccess("bystanders", false)

	config, err := w.Plane.ServiceAccountConfig(t.Context(), lab.ManagerNamespace, lab.ManagerServiceAccount)
	w.must(err)
	thief, err := client.New(config, client.Options{Scheme: w.Client.Scheme()})
	w.must(err)
	self := rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: lab.ManagerNamespace, Name: lab.ManagerServiceAccount}
	w.eventuallyDenied("no params found", func(ctx context.Context) error {
		return thief.Create(ctx, roleBinding("bystanders", secretsBinding, secretsBinding, self))
	})
	w.eventuallyDenied("to itself, under that name, and nothing else", func(ctx context.Context) error {
		return thief.Create(ctx, roleBinding("machines", "other-name", secretsBinding, self))
	})
	w.expectDenied(thief.Create(t.Context(), roleBinding("machines", "admin", "cluster-admin", self)), "attempting to grant RBAC permissions")
	w.expectDenied(thief.Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "everywhere"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: secretsBinding}, Subjects: []rbacv1.Subject{self},
	}), "clusterrolebindings")
	var secrets corev1.SecretList
	w.expectDenied(thief.List(t.Context(), &secrets), "secrets")
	// Nobody else's bindings are looked at.
	w.create(roleBinding("bystanders", "view", "view", self))

	// A binding that somebody removes is made again when it is needed next.
	w.remove(roleBinding("machines", secretsBinding, secretsBinding, self))
	w.create(newWukong("machines", "three"))
	w.expectReady("machines", "three")
	w.expectSecretAccess("machines", true)

	w.delete("machines", "one")
	w.delete("machines", "three")
	w.expectGone("machines", "one")
	w.expectGone("machines", "three")
	w.expectSecretAccess("machines", true)
	w.delete("machines", "two")
	w.expectGone("machines", "two")
	w.expectSecretAccess("machines", false)
}

// TestSecretAccessLeftBehind finds, when the manager starts, a right that was not given back.
func TestSecretAccessLeftBehind(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.namespace("machines")
	w.create(newWukong("machines", "vm"))
	w.expectReady("machines", "vm")
	w.must(w.manager.Stop())
	wukong, err := w.wukong(t.Context(), "machines", "vm")
	w.must(err)
	wukong.Finalizers = nil
	w.must(w.Client.Update(t.Context(), wukong))
	w.delete("machines", "vm")
	w.expectGone("machines", "vm")
	w.expectSecretAccess("machines", true)
	w.startManager()
	w.expectSecretAccess("machines", false)
}

// TestSecretAccessTaken has somebody else's binding in the way: the Wukong says whose it is and what to do, and is ready when it
// was done.
func TestSecretAccessTaken(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.namespace("machines")
	// With a Wukong that waits for an attachment the namespace may have the binding.
	w.create(newWukong("machines", "vm", vmv1alpha1.Network{Name: "lan", NADName: "missing"}))
	w.expectSecretAccess("machines", true)
	w.must(w.manager.Stop())
	foreign := roleBinding("machines", secretsBinding, "view", rbacv1.Subject{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: "somebody"})
	w.remove(roleBinding("machines", secretsBinding, secretsBinding, rbacv1.Subject{}))
	w.create(foreign)
	w.startManager()
	w.expect("machines", "vm", vmv1alpha1.ConditionCloudInitReady, metav1.ConditionFalse, vmv1alpha1.ReasonApplyFailed)
	w.expectTold("machines", "vm", vmv1alpha1.ConditionCloudInitReady, "RoleBinding machines/wukong-secrets exists already and was not created by Wukong")
	w.create(newWukong("default", "vm"))
	w.expectReady("default", "vm")
	w.remove(foreign)
	w.expect("machines", "vm", vmv1alpha1.ConditionCloudInitReady, metav1.ConditionTrue, vmv1alpha1.ReasonReady)
	w.expectSecretAccess("machines", true)
}

// eventuallyDenied waits until an attempt is refused for a reason: policies are in force a moment after they were made.
func (w *world) eventuallyDenied(text string, attempt func(context.Context) error) {
	w.t.Helper()
	w.eventually("it is refused as it says "+text, func(ctx context.Context) error {
		if err := attempt(ctx); err == nil || !strings.Contains(err.Error(), text) {
			return errors.Join(errors.New("it was not refused so"), err)
		}
		return nil
	})
}

// expectSecretAccess waits until the manager's binding is in a namespace, or is not.
func (w *world) expectSecretAccess(namespace string, want bool) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("the manager may read the Secrets of %s: %t", namespace, want), func(ctx context.Context) error {
		err := w.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: secretsBinding}, &rbacv1.RoleBinding{})
		if client.IgnoreNotFound(err) != nil {
			return err
		}
		if got := err == nil; got != want {
			return fmt.Errorf("it is %t", got)
		}
		return nil
	})
}

func roleBinding(namespace, name, role string, subject rbacv1.Subject) *rbacv1.RoleBinding {
	return &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role}, Subjects: []rbacv1.Subject{subject},
	}
}
