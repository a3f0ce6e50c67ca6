// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/events"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/config/rbac"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/controlplane"
	"github.com/novasphere/wukong/e2e/lab/neighbours"
)

// rightsVariable has TestEachRight run, which takes the manager's permissions away one at a time and needs ten minutes.
const rightsVariable = "WUKONG_RIGHTS"

// silent are the permissions that the API server asks for while it admits something else, so that no request shows them.
// TestSilentRights shows that they are needed.
var silent = []rbac.Permission{
	{Verb: "bind", Resource: "clusterroles", Group: rbacv1.GroupName, Name: "wukong-secrets"},
	{Verb: "update", Resource: "wukongs/finalizers", Group: vmv1alpha1.GroupVersion.Group},
	{Verb: "update", Resource: "wukongnetworks/finalizers", Group: vmv1alpha1.GroupVersion.Group},
}

// newRightsWorld starts a lab with everything that a manager can have to do with.
func newRightsWorld(t *testing.T) *world {
	t.Helper()
	w := newQuietWorld(t, lab.Options{Neighbours: []neighbours.API{neighbours.NMState, neighbours.Multus, neighbours.KubeVirt, neighbours.CDI}})
	w.create(storageClass("standard", storagev1.VolumeBindingImmediate, true),
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: lab.ManagerNamespace, Name: "reader"}},
		&rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: "reader"},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "wukong-metrics-reader"},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: lab.ManagerNamespace, Name: "reader"}},
		})
	return w
}

// TestRights goes with the manager through all that it does: each of its permissions is used, and nothing is forbidden to it.
func TestRights(t *testing.T) {
	t.Parallel()
	w := newRightsWorld(t)
	w.must(w.manager.Stop())
	began := len(w.requests())
	w.lead()
	if err := w.tour(t.Context(), "tour", 100); err != nil {
		t.Fatal(err)
	}
	w.must(w.manager.Stop())
	requests := w.requests()[began:]
	for _, request := range requests {
		if request.Forbidden {
			t.Errorf("the manager may not %s", permissionOf(request))
		}
	}
	for _, permission := range w.permissions() {
		t.Run(strings.ReplaceAll(permission.String(), "/", ":"), func(t *testing.T) {
			if !slices.Contains(silent, permission) && !slices.ContainsFunc(requests, func(r controlplane.Write) bool { return uses(r, permission) }) {
				t.Error("nothing that the manager does needs it; remove it")
			}
		})
	}
}

// TestSilentRights takes the permissions away that no request shows, one at a time.
func TestSilentRights(t *testing.T) {
	t.Parallel()
	w := newRightsWorld(t)
	w.must(w.manager.Stop())
	for number, permission := range silent {
		t.Run(strings.ReplaceAll(permission.String(), "/", ":"), func(t *testing.T) {
			w.in(t).expectMissed(permission, fmt.Sprintf("silent-%d", number), 100+int32(number))
		})
	}
}

// TestEachRight takes every permission away, one at a time: none can go unnoticed.
func TestEachRight(t *testing.T) {
	if os.Getenv(rightsVariable) == "" {
		t.Skip("it needs ten minutes; `make rights` runs it. TestRights shows that each permission is used")
	}
	w := newRightsWorld(t)
	w.must(w.manager.Stop())
	for number, permission := range w.permissions() {
		t.Run(strings.ReplaceAll(permission.String(), "/", ":"), func(t *testing.T) {
			w.in(t).expectMissed(permission, fmt.Sprintf("right-%d", number), 100+int32(number))
		})
	}
}

// lead starts the manager as an installation does, with a lease.
func (w *world) lead() {
	w.t.Helper()
	manager, err := w.StartManager(w.t.Context(), listing(w))
	w.must(err)
	w.manager = manager
}

// listing returns options for a manager that lists before it watches: with the API servers of today a watch brings the list along, with
// those that Wukong runs on too it does not.
func listing(w *world) lab.ManagerOptions {
	return lab.ManagerOptions{Log: w.log, LeaderElect: true, Environment: []string{"KUBE_FEATURE_WatchListClient=false"}}
}

// requests returns what managers asked of the API server so far.
func (w *world) requests() []controlplane.Write {
	w.t.Helper()
	requests, err := w.Plane.Requests(func(r controlplane.Write) bool { return r.User == lab.ManagerUser })
	w.must(err)
	return requests
}

// permissions returns every permission that the chart gives to the manager.
func (w *world) permissions() []rbac.Permission {
	w.t.Helper()
	var rules []rbacv1.PolicyRule
	for _, role := range w.roles() {
		rules = append(rules, rulesOf(role)...)
	}
	return rbac.Permissions(rules)
}

// roles returns the roles that the manager has or binds to itself.
func (w *world) roles() []client.Object {
	w.t.Helper()
	everywhere, secrets, own := &rbacv1.ClusterRole{}, &rbacv1.ClusterRole{}, &rbacv1.Role{}
	w.must(w.Client.Get(w.t.Context(), client.ObjectKey{Name: lab.ManagerServiceAccount}, everywhere))
	w.must(w.Client.Get(w.t.Context(), client.ObjectKey{Name: "wukong-secrets"}, secrets))
	w.must(w.Client.Get(w.t.Context(), client.ObjectKey{Namespace: lab.ManagerNamespace, Name: "wukong-leader-election"}, own))
	return []client.Object{everywhere, secrets, own}
}

func rulesOf(role client.Object) []rbacv1.PolicyRule {
	switch role := role.(type) {
	case *rbacv1.ClusterRole:
		return role.Rules
	case *rbacv1.Role:
		return role.Rules
	}
	return nil
}

// without takes a permission out of every role that gives it.
func (w *world) without(permission rbac.Permission) {
	w.t.Helper()
	for _, role := range w.roles() {
		var rest []rbacv1.PolicyRule
		for _, given := range rbac.Permissions(rulesOf(role)) {
			if given != permission {
				rest = append(rest, given.Rule())
			}
		}
		switch role := role.(type) {
		case *rbacv1.ClusterRole:
			role.Rules = rest
		case *rbacv1.Role:
			role.Rules = rest
		}
		w.must(w.Client.Update(w.t.Context(), role))
	}
}

// expectMissed runs a manager without a permission until it is refused something for want of it, and restores the roles.
func (w *world) expectMissed(permission rbac.Permission, space string, vlan int32) {
	w.t.Helper()
	before := w.roles()
	w.without(permission)
	// Nobody holds it any more, and the next one need not wait until it has run out.
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: lab.ManagerNamespace, Name: "wukong-manager.vm.novasphere.dev"}}
	w.must(client.IgnoreNotFound(w.Client.Delete(w.t.Context(), lease)))
	began := len(w.requests())
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	toured := make(chan error, 1)
	// Without some permissions a manager does not even get ready, or ends by itself.
	manager, err := w.StartManager(ctx, listing(w))
	if err == nil {
		w.manager = manager
		go func() { toured <- w.tour(ctx, space, vlan) }()
	}
	var ended error
	w.eventually("the manager is refused to "+permission.String(), func(ctx context.Context) error {
		if slices.ContainsFunc(w.requests()[began:], func(r controlplane.Write) bool { return misses(r, permission) }) || w.tells(ctx, permission, space) {
			return nil
		}
		select {
		case err := <-toured:
			ended = errors.Join(errors.New("the tour is over and nothing was refused"), err)
			return ended
		default:
			if ended != nil {
				return ended
			}
			return fmt.Errorf("nothing was refused yet on step %d of the tour", w.step.Load())
		}
	})
	cancel()
	if manager != nil && manager.Running() {
		w.must(manager.Kill())
	}
	for _, role := range before {
		role.SetResourceVersion("")
		w.must(w.Client.Update(w.t.Context(), role))
	}
}

// tells reports whether the Wukong says that its Secrets cannot be read: of one right on them the manager asks whether it has it,
// and uses none before.
func (w *world) tells(ctx context.Context, permission rbac.Permission, space string) bool {
	wukong, err := w.wukong(ctx, space, "vm")
	if permission.Resource != "secrets" || err != nil {
		return false
	}
	told := meta.FindStatusCondition(wukong.Status.Conditions, vmv1alpha1.ConditionCloudInitReady)
	return told != nil && told.Reason == vmv1alpha1.ReasonApplyFailed && strings.Contains(told.Message, "not in force")
}

// misses reports whether a request was refused for want of a permission.
func misses(request controlplane.Write, permission rbac.Permission) bool {
	if slices.Contains(silent, permission) {
		refused := request.Code == 403 && !request.Forbidden
		if permission.Verb == "bind" {
			return refused && request.Resource == "rolebindings"
		}
		return refused && (request.Verb == "patch" || request.Verb == "create")
	}
	// Who applies what is not there yet is asked for the right to create as well, after the request itself was let through.
	applied := request.Verb == "patch" && permission.Verb == "create" && request.Code == 403
	return (request.Forbidden || applied) && uses(request, permission)
}

// uses reports whether a request needs a permission. An apply that makes an object needs the right to create as well.
func uses(request controlplane.Write, permission rbac.Permission) bool {
	resource := request.Resource
	if request.Subresource != "" {
		resource += "/" + request.Subresource
	}
	verb := request.Verb == permission.Verb || request.Verb == "patch" && permission.Verb == "create" && (request.Code == 201 || request.Code == 403)
	return verb && request.APIGroup == permission.Group && resource == permission.Resource && (permission.Name == "" || permission.Name == request.Name)
}

func permissionOf(request controlplane.Write) rbac.Permission {
	resource := request.Resource
	if request.Subresource != "" {
		resource += "/" + request.Subresource
	}
	return rbac.Permission{Verb: request.Verb, Resource: resource, Group: request.APIGroup, Name: request.Name}
}

// scrape has the manager ask who reads its metrics.
func (w *world) scrape(ctx context.Context) error {
	config, err := w.Plane.ServiceAccountConfig(ctx, lab.ManagerNamespace, "reader")
	if err != nil {
		return err
	}
	// The metrics are served a moment after the probes.
	return w.until(ctx, func(context.Context) (bool, error) {
		_, err := w.metrics(config.BearerToken)
		return err == nil, nil
	})
}

// tour has a manager do everything that it can be asked to, in a namespace and on a VLAN of its own, and returns the first error.
func (w *world) tour(ctx context.Context, space string, vlan int32) error {
	wukong := newWukong(space, "vm", on("tour", static("192.168.1.10/24", bridged("lan", "br-"+space, vlan))))
	wukong.Spec.SSHKeySecret = "keys"
	wukong.Spec.Disks = []vmv1alpha1.Disk{rootDisk()}
	keys := secret("keys", "me", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1U0CkAGuJVVyvdu3vnpkBvpcNIyYNY21DqPbuD1Z0h me@host")
	keys.Namespace = space
	steps := []func(context.Context) error{
		w.scrape,
		func(ctx context.Context) error {
			return client.IgnoreAlreadyExists(w.Client.Create(ctx, newUplink("tour", "ens160")))
		},
		func(ctx context.Context) error { return w.Client.Create(ctx, namespaceNamed(space)) },
		func(ctx context.Context) error { return w.Client.Create(ctx, wukong) },
		w.soon(space, "vm", metav1.ConditionFalse, vmv1alpha1.ReasonSecretNotFound),
		func(ctx context.Context) error { return w.Client.Create(ctx, keys) },
		w.soon(space, "vm", metav1.ConditionTrue, ""),
		// The machine, its Secret and its disk are written to.
		w.changed(space, "vm", func(spec *vmv1alpha1.WukongSpec) {
			spec.CPU, spec.Disks[0].Size, spec.Networks[0].IPConfig.Address = 4, "30Gi", "192.168.1.11/24"
		}),
		func(ctx context.Context) error {
			return w.until(ctx, func(ctx context.Context) (bool, error) {
				machine, claim := &kubevirtv1.VirtualMachine{}, &corev1.PersistentVolumeClaim{}
				err := errors.Join(w.Client.Get(ctx, client.ObjectKey{Namespace: space, Name: "vm"}, machine),
					w.Client.Get(ctx, client.ObjectKey{Namespace: space, Name: "vm-root"}, claim))
				grown := claim.Spec.Resources.Requests.Storage().Cmp(resource.MustParse("30Gi")) >= 0
				return err == nil && machine.Spec.Template.Spec.Domain.CPU.Sockets == 4 && grown, err
			})
		},
		func(ctx context.Context) error { return w.repeat(ctx, wukong) },
		func(ctx context.Context) error { return w.Client.Delete(ctx, wukong) },
		func(ctx context.Context) error {
			return w.until(ctx, func(ctx context.Context) (bool, error) {
				var machines kubevirtv1.VirtualMachineList
				var bindings rbacv1.RoleBindingList
				err := errors.Join(w.Client.List(ctx, &machines, client.InNamespace(space)), w.Client.List(ctx, &bindings, client.InNamespace(space)))
				return len(machines.Items) == 0 && len(bindings.Items) == 0, err
			})
		},
		// Last of all: it fails when a right is missing.
		func(ctx context.Context) error {
			_, err := w.Check(ctx)
			return err
		},
	}
	for number, step := range steps {
		w.step.Store(int32(number))
		if err := step(ctx); err != nil {
			return fmt.Errorf("step %d of the tour: %w", number, err)
		}
	}
	return nil
}

// repeat has the manager's own recorder say one thing twice of the same version of an object: the event is made once and counted up
// then. It happens where a controller has to tell something again because what it did next failed.
func (w *world) repeat(ctx context.Context, wukong *vmv1alpha1.Wukong) error {
	config, err := w.Plane.ServiceAccountConfig(ctx, lab.ManagerNamespace, lab.ManagerServiceAccount)
	if err != nil {
		return err
	}
	api, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	broadcaster := events.NewBroadcaster(&events.EventSinkImpl{Interface: api.EventsV1()})
	defer broadcaster.Shutdown()
	if err := broadcaster.StartRecordingToSinkWithContext(ctx); err != nil {
		return err
	}
	recorder := broadcaster.NewRecorder(w.Client.Scheme(), "wukong-wukong")
	return w.until(ctx, func(ctx context.Context) (bool, error) {
		recorder.Eventf(wukong, nil, corev1.EventTypeNormal, "Repeated", "Test", "said more than once")
		var list eventsv1.EventList
		err := w.Client.List(ctx, &list, client.InNamespace(wukong.Namespace))
		return slices.ContainsFunc(list.Items, func(event eventsv1.Event) bool { return event.Reason == "Repeated" && event.Series != nil }), err
	})
}

func namespaceNamed(name string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

// changed returns a step that edits a Wukong.
func (w *world) changed(namespace, name string, change func(*vmv1alpha1.WukongSpec)) func(context.Context) error {
	return func(ctx context.Context) error {
		wukong, err := w.wukong(ctx, namespace, name)
		if err != nil {
			return err
		}
		before := client.MergeFrom(wukong.DeepCopy())
		change(&wukong.Spec)
		return w.Client.Patch(ctx, wukong, before)
	}
}

// soon returns a step that waits until a Wukong is ready, or is not for a reason.
func (w *world) soon(namespace, name string, status metav1.ConditionStatus, reason string) func(context.Context) error {
	return func(ctx context.Context) error {
		return w.until(ctx, func(ctx context.Context) (bool, error) {
			wukong, err := w.wukong(ctx, namespace, name)
			if err != nil {
				return false, err
			}
			ready := meta.FindStatusCondition(wukong.Status.Conditions, vmv1alpha1.ConditionReady)
			return ready != nil && ready.ObservedGeneration == wukong.Generation && ready.Status == status &&
				(reason == "" || ready.Reason == reason), nil
		})
	}
}

// until waits until a check holds; its error is the check's, or that of a context that ended.
func (w *world) until(ctx context.Context, check wait.ConditionWithContextFunc) error {
	return wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, patience, true, check)
}
