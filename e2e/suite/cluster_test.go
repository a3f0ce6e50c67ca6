// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/controlplane"
	"github.com/novasphere/wukong/e2e/lab/process"
)

// patience bounds every wait. It is far above what anything here takes, so that a slow machine fails no test.
const patience = 5 * time.Minute

// world is a lab with a manager, for one test.
type world struct {
	*lab.Lab
	t       *testing.T
	manager *lab.Manager
	log     *process.Buffer
	// step is how far a tour is.
	step *atomic.Int32
}

// newWorld starts a lab and a manager that end with the test, which runs beside others: most of its time it waits.
func newWorld(t *testing.T, options lab.Options, arguments ...string) *world {
	t.Helper()
	t.Parallel()
	return newQuietWorld(t, options, arguments...)
}

// newQuietWorld starts a lab and a manager for a test that has the machine to itself, because it counts what a busy one
// would spread out.
func newQuietWorld(t *testing.T, options lab.Options, arguments ...string) *world {
	t.Helper()
	started, err := lab.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Lab: started, t: t, log: &process.Buffer{}, step: &atomic.Int32{}}
	t.Cleanup(func() {
		if w.manager != nil && w.manager.Running() {
			if err := w.manager.Stop(); err != nil {
				t.Error(err)
			}
		}
		if strings.Contains(w.log.String(), "DATA RACE") {
			t.Error("the manager has a data race")
		}
		if t.Failed() {
			t.Logf("the manager's log:\n%s", tail(w.log.String()))
		}
		if err := started.Stop(); err != nil {
			t.Error(err)
		}
	})
	w.startManager(arguments...)
	return w
}

// tail returns the end of a log, without the stack traces.
func tail(log string) string {
	var lines []string
	for line := range strings.Lines(log) {
		line, _, _ = strings.Cut(line, `,"stacktrace"`)
		if strings.Contains(line, `"Starting `) {
			continue
		}
		lines = append(lines, strings.TrimSpace(line))
	}
	return strings.Join(lines[max(0, len(lines)-60):], "\n")
}

func (w *world) startManager(arguments ...string) {
	w.t.Helper()
	manager, err := w.StartManager(w.t.Context(), lab.ManagerOptions{Log: w.log, Arguments: arguments})
	if err != nil {
		w.t.Fatalf("%v\n%s", err, w.log.String())
	}
	w.manager = manager
}

// eventually waits until a check holds, and fails the test with its last error.
func (w *world) eventually(what string, check func(ctx context.Context) error) {
	w.t.Helper()
	last := errors.New("it was never looked at")
	err := wait.PollUntilContextTimeout(w.t.Context(), 50*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		// What the end of the patience cuts off says nothing of what is missing.
		if err := check(ctx); err == nil || ctx.Err() == nil {
			last = err
		}
		return last == nil, nil
	})
	if err != nil {
		w.t.Fatalf("%s: %v (%v)", what, last, err)
	}
}

// apply applies the manifests of a file.
func (w *world) apply(path string) {
	w.t.Helper()
	if err := w.ApplyFile(w.t.Context(), path); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) create(objects ...client.Object) {
	w.t.Helper()
	for _, object := range objects {
		if err := w.Client.Create(w.t.Context(), object); err != nil {
			w.t.Fatalf("creating %T %s: %v", object, object.GetName(), err)
		}
	}
}

func (w *world) namespace(name string) {
	w.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
}

// wukong reads a Wukong.
func (w *world) wukong(ctx context.Context, namespace, name string) (*vmv1alpha1.Wukong, error) {
	wukong := &vmv1alpha1.Wukong{}
	err := w.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, wukong)
	return wukong, err
}

// expect waits until a condition of a Wukong has a status and reason, and returns the Wukong.
func (w *world) expect(namespace, name, conditionType string, status metav1.ConditionStatus, reason string) *vmv1alpha1.Wukong {
	w.t.Helper()
	var found *vmv1alpha1.Wukong
	w.eventually(fmt.Sprintf("%s/%s %s=%s %s", namespace, name, conditionType, status, reason), func(ctx context.Context) error {
		wukong, err := w.wukong(ctx, namespace, name)
		if err != nil {
			return err
		}
		found = wukong
		condition := meta.FindStatusCondition(wukong.Status.Conditions, conditionType)
		if condition == nil || condition.Status != status || condition.Reason != reason || condition.ObservedGeneration != wukong.Generation {
			return fmt.Errorf("conditions are %s", describe(wukong.Status.Conditions))
		}
		return nil
	})
	return found
}

func (w *world) expectReady(namespace, name string) *vmv1alpha1.Wukong {
	w.t.Helper()
	return w.expect(namespace, name, vmv1alpha1.ConditionReady, metav1.ConditionTrue, vmv1alpha1.ReasonReady)
}

func describe(conditions []metav1.Condition) string {
	text := ""
	for _, c := range conditions {
		text += fmt.Sprintf("\n  %s=%s %s: %s", c.Type, c.Status, c.Reason, c.Message)
	}
	return text
}

// delete deletes a Wukong and returns at once.
func (w *world) delete(namespace, name string, options ...client.DeleteOption) {
	w.t.Helper()
	wukong := &vmv1alpha1.Wukong{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	if err := client.IgnoreNotFound(w.Client.Delete(w.t.Context(), wukong, options...)); err != nil {
		w.t.Fatalf("deleting Wukong %s/%s: %v", namespace, name, err)
	}
}

// expectGone waits until a Wukong is gone.
func (w *world) expectGone(namespace, name string) {
	w.t.Helper()
	w.eventually(namespace+"/"+name+" is gone", func(ctx context.Context) error {
		wukong, err := w.wukong(ctx, namespace, name)
		if err == nil {
			return fmt.Errorf("it is still there:%s", describe(wukong.Status.Conditions))
		}
		return client.IgnoreNotFound(err)
	})
}

// expectNothingLeft waits until no object that Wukong makes is in the cluster, and no bridge or VLAN interface on a node.
func (w *world) expectNothingLeft() {
	w.t.Helper()
	w.eventually("nothing is left", func(ctx context.Context) error {
		for _, list := range []client.ObjectList{
			&vmv1alpha1.WukongList{}, &vmv1alpha1.WukongNetworkList{}, &vmv1alpha1.WukongNodeBridgeList{},
			&nmstatev1.NodeNetworkConfigurationPolicyList{}, &nadv1.NetworkAttachmentDefinitionList{},
			&kubevirtv1.VirtualMachineList{}, &kubevirtv1.VirtualMachineInstanceList{},
		} {
			if err := w.Client.List(ctx, list); err != nil {
				return err
			}
			if names := namesOf(w.t, list); len(names) > 0 {
				return fmt.Errorf("%d of %T are left, first %s", len(names), list, names[0])
			}
		}
		for _, list := range []client.ObjectList{&corev1.SecretList{}, &rbacv1.RoleBindingList{}} {
			if err := w.Client.List(ctx, list, client.MatchingLabels{vmv1alpha1.LabelManagedBy: vmv1alpha1.ManagedByWukong}); err != nil {
				return err
			}
			if names := namesOf(w.t, list); len(names) > 0 {
				return fmt.Errorf("%d of %T are left, first %s", len(names), list, names[0])
			}
		}
		for _, node := range w.NMState.Nodes() {
			for _, link := range w.NMState.Node(node).Interfaces() {
				if link.Type != "ethernet" {
					return fmt.Errorf("%s %s is left on %s", link.Type, link.Name, node)
				}
			}
		}
		return nil
	})
}

// seed returns the path of one of the seeds' Wukongs.
func seed(name string) string {
	return filepath.Join("..", "validation", "testdata", "seeds", name+".yaml")
}

// expectTold waits until a condition's message contains a text.
func (w *world) expectTold(namespace, name, conditionType, text string) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("%s/%s %s says %q", namespace, name, conditionType, text), func(ctx context.Context) error {
		wukong, err := w.wukong(ctx, namespace, name)
		if err != nil {
			return err
		}
		condition := meta.FindStatusCondition(wukong.Status.Conditions, conditionType)
		if condition == nil || !strings.Contains(condition.Message, text) {
			return fmt.Errorf("conditions are %s", describe(wukong.Status.Conditions))
		}
		return nil
	})
}

// expectMessage fails the test when a condition's message lacks one of the texts.
func (w *world) expectMessage(wukong *vmv1alpha1.Wukong, conditionType string, texts ...string) {
	w.t.Helper()
	condition := meta.FindStatusCondition(wukong.Status.Conditions, conditionType)
	for _, text := range texts {
		if condition == nil || !strings.Contains(condition.Message, text) {
			w.t.Errorf("%s does not say %q:%s", conditionType, text, describe(wukong.Status.Conditions))
		}
	}
}

// expectAbsentBeforeDeletion fails the test when a policy was deleted that had not been written for its teardown before:
// the audit log has to show at least one more write than deletions for each policy.
func (w *world) expectAbsentBeforeDeletion() {
	w.t.Helper()
	writes, err := w.Plane.Writes(func(write controlplane.Write) bool {
		return write.User == lab.ManagerUser && write.Resource == "nodenetworkconfigurationpolicies" && write.Code < 300
	})
	if err != nil {
		w.t.Fatal(err)
	}
	patches := map[string]int{}
	for _, write := range writes {
		switch write.Verb {
		case "patch", "create":
			patches[write.Name]++
		case "delete":
			if patches[write.Name] < 2 {
				w.t.Errorf("policy %s was deleted after %d writes: its bridge was never written as absent", write.Name, patches[write.Name])
			}
		}
	}
}

// namesOf returns the names of a list's items.
func namesOf(t *testing.T, list client.ObjectList) []string {
	t.Helper()
	var names []string
	err := meta.EachListItem(list, func(item runtime.Object) error {
		accessor, err := meta.Accessor(item)
		if err == nil {
			names = append(names, accessor.GetName())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
