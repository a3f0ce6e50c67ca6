// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

func newScheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, kubevirtv1.AddToScheme, vmv1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	return scheme
}

func network() *vmv1alpha1.WukongNetwork {
	return &vmv1alpha1.WukongNetwork{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "ns", Name: "vm-lan", Labels: map[string]string{"a": "1"}, Finalizers: []string{"f"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Wukong", Name: "vm", UID: "1"}},
		},
		Spec: vmv1alpha1.WukongNetworkSpec{Network: "lan", Type: vmv1alpha1.NetworkTypeBridge, BridgeName: "br-lan", Addresses: []string{"10.0.0.2/24"}},
	}
}

func intent(t *testing.T, object client.Object) *unstructured.Unstructured {
	t.Helper()
	made, err := intentOf(object, newScheme(t))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestIntentIsWhatSomebodyDecided(t *testing.T) {
	object := network()
	// What the API server and other controllers fill in.
	object.UID, object.ResourceVersion, object.Generation, object.CreationTimestamp = "2", "7", 3, metav1.Now()
	object.Status.NetworkAttachmentDefinition = "ns/vm-lan-nad"
	made := intent(t, object)
	hash := made.GetAnnotations()[vmv1alpha1.AnnotationAppliedHash]
	want := map[string]any{
		"apiVersion": "vm.novasphere.dev/v1alpha1", "kind": "WukongNetwork",
		"metadata": map[string]any{
			"namespace": "ns", "name": "vm-lan", "labels": map[string]any{"a": "1"}, "finalizers": []any{"f"}, "annotations": map[string]any{vmv1alpha1.AnnotationAppliedHash: hash},
			"ownerReferences": []any{map[string]any{"apiVersion": "v1", "kind": "Wukong", "name": "vm", "uid": "1"}},
		},
		"spec": map[string]any{"network": "lan", "type": "bridge", "bridgeName": "br-lan", "addresses": []any{"10.0.0.2/24"}},
	}
	if difference := cmp.Diff(want, made.Object); hash == "" || difference != "" {
		t.Errorf("hash %q, -want +got:\n%s", hash, difference)
	}
	if object.Annotations != nil {
		t.Error("the given object was changed")
	}
}

func TestIntentHasNoNulls(t *testing.T) {
	machine := &kubevirtv1.VirtualMachine{Spec: kubevirtv1.VirtualMachineSpec{Template: &kubevirtv1.VirtualMachineInstanceTemplateSpec{}}}
	if path := findNull("", intent(t, machine).Object); path != "" {
		t.Errorf("applying %s would claim a field for nothing", path)
	}
}

func findNull(path string, value any) string {
	switch typed := value.(type) {
	case nil:
		return path
	case map[string]any:
		for key, element := range typed {
			if found := findNull(path+"."+key, element); found != "" {
				return found
			}
		}
	case []any:
		for _, element := range typed {
			if found := findNull(path+"[]", element); found != "" {
				return found
			}
		}
	}
	return ""
}

func TestHashTellsOfEachChange(t *testing.T) {
	seen := map[string]string{}
	for name, change := range map[string]func(*vmv1alpha1.WukongNetwork){
		"nothing":              func(*vmv1alpha1.WukongNetwork) {},
		"a label":              func(n *vmv1alpha1.WukongNetwork) { n.Labels["b"] = "2" },
		"a label that is gone": func(n *vmv1alpha1.WukongNetwork) { n.Labels = nil },
		"an annotation":        func(n *vmv1alpha1.WukongNetwork) { n.Annotations = map[string]string{"a": "1"} },
		"an owner":             func(n *vmv1alpha1.WukongNetwork) { n.OwnerReferences = nil },
		"a finalizer":          func(n *vmv1alpha1.WukongNetwork) { n.Finalizers = nil },
		"a field":              func(n *vmv1alpha1.WukongNetwork) { n.Spec.MTU = 9000 },
		"a field that is gone": func(n *vmv1alpha1.WukongNetwork) { n.Spec.Addresses = nil },
	} {
		object := network()
		change(object)
		hash := hashOf(intent(t, object))
		if other, found := seen[hash]; found {
			t.Errorf("%s and %s have one hash", name, other)
		}
		if again := hashOf(intent(t, object)); again != hash {
			t.Errorf("%s: the hash is %s, then %s", name, hash, again)
		}
		seen[hash] = name
	}
	object := network()
	object.Status.NetworkAttachmentDefinition, object.ResourceVersion = "ns/vm-lan-nad", "8"
	if hash := hashOf(intent(t, object)); seen[hash] != "nothing" {
		t.Error("the hash changes with what is not applied")
	}
}

// live returns an object as it is read back after it was applied.
func live(t *testing.T, change func(*vmv1alpha1.WukongNetwork)) *vmv1alpha1.WukongNetwork {
	t.Helper()
	object := network()
	object.Annotations = map[string]string{vmv1alpha1.AnnotationAppliedHash: hashOf(intent(t, network()))}
	object.UID, object.ResourceVersion = "2", "7"
	if change != nil {
		change(object)
	}
	return object
}

func TestSatisfied(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*vmv1alpha1.WukongNetwork)
		want   bool
	}{
		{"as applied", nil, true},
		{"a status", func(n *vmv1alpha1.WukongNetwork) { n.Status.NetworkAttachmentDefinition = "ns/vm-lan-nad" }, true},
		{"somebody's label beside ours", func(n *vmv1alpha1.WukongNetwork) { n.Labels["theirs"] = "1" }, true},
		{"somebody's annotation", func(n *vmv1alpha1.WukongNetwork) { n.Annotations["theirs"] = "1" }, true},
		{"somebody's finalizer and owner before ours", func(n *vmv1alpha1.WukongNetwork) {
			n.Finalizers = []string{"theirs", "f"}
			n.OwnerReferences = append([]metav1.OwnerReference{{APIVersion: "v1", Kind: "Other", Name: "o", UID: "9"}}, n.OwnerReferences...)
		}, true},
		{"a default that the API server fills in", func(n *vmv1alpha1.WukongNetwork) { n.Spec.MTU = 1500 }, true},
		{"our label changed", func(n *vmv1alpha1.WukongNetwork) { n.Labels["a"] = "2" }, false},
		{"our label gone", func(n *vmv1alpha1.WukongNetwork) { n.Labels = nil }, false},
		{"our finalizer gone", func(n *vmv1alpha1.WukongNetwork) { n.Finalizers = nil }, false},
		{"our owner gone", func(n *vmv1alpha1.WukongNetwork) { n.OwnerReferences = nil }, false},
		{"our field changed", func(n *vmv1alpha1.WukongNetwork) { n.Spec.BridgeName = "br-other" }, false},
		{"our list emptied", func(n *vmv1alpha1.WukongNetwork) { n.Spec.Addresses = nil }, false},
		{"something else was applied before", func(n *vmv1alpha1.WukongNetwork) { n.Annotations[vmv1alpha1.AnnotationAppliedHash] = "other" }, false},
		{"nothing was applied before", func(n *vmv1alpha1.WukongNetwork) { n.Annotations = nil }, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			object := live(t, row.change)
			got, err := satisfied(intent(t, network()), object, newScheme(t))
			if err != nil || got != row.want {
				t.Errorf("got %t (%v), want %t", got, err, row.want)
			}
			changes, err := Writer{Client: schemeOnly{scheme: newScheme(t)}}.WouldChange(network(), object)
			if err != nil || changes == row.want {
				t.Errorf("WouldChange says %t (%v)", changes, err)
			}
		})
	}
}

// schemeOnly is a client that cannot be asked for anything but its scheme.
type schemeOnly struct {
	client.Client
	scheme *runtime.Scheme
}

func (c schemeOnly) Scheme() *runtime.Scheme { return c.scheme }

func TestContains(t *testing.T) {
	object := func(pairs ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i].(string)] = pairs[i+1]
		}
		return m
	}
	list := func(elements ...any) []any { return elements }
	for _, row := range []struct {
		name         string
		live, wanted any
		want         bool
	}{
		{"equal scalars", "a", "a", true},
		{"other scalars", "a", "b", false},
		{"other types", int64(1), "1", false},
		{"missing scalar", nil, "a", false},
		{"false is something", nil, false, false},
		{"equal objects", object("a", int64(1)), object("a", int64(1)), true},
		{"more keys", object("a", int64(1), "b", int64(2)), object("a", int64(1)), true},
		{"fewer keys", object("a", int64(1)), object("a", int64(1), "b", int64(2)), false},
		{"nested", object("a", object("b", "c", "d", "e")), object("a", object("d", "e")), true},
		{"an empty object is nothing", nil, object(), true},
		{"an empty list is nothing", nil, list(), true},
		{"an object instead of a scalar", "a", object("a", "b"), false},
		{"a scalar instead of a list", "a", list("a"), false},
		{"equal lists", list("a", "b"), list("a", "b"), true},
		{"another order", list("b", "a"), list("a", "b"), false},
		{"theirs before, between and after", list("x", "a", "y", "b", "z"), list("a", "b"), true},
		{"one is missing", list("a", "x"), list("a", "b"), false},
		{"one of two equal ones is missing", list("a"), list("a", "a"), false},
		{"objects in lists", list(object("name", "a", "more", "x")), list(object("name", "a")), true},
		{"changed objects in lists", list(object("name", "a", "value", "x")), list(object("name", "a", "value", "y")), false},
	} {
		if got := contains(row.live, row.wanted); got != row.want {
			t.Errorf("%s: got %t", row.name, got)
		}
	}
}

func TestTakenError(t *testing.T) {
	controlled := network()
	controlled.OwnerReferences[0].Controller = new(true)
	for want, existing := range map[string]client.Object{
		"WukongNetwork ns/vm-lan exists already and was not created by Wukong; it is left as it is: rename or remove it, or choose another name": network(),
		"WukongNetwork ns/vm-lan exists already and belongs to Wukong vm; it is left as it is: rename or remove it, or choose another name":      controlled,
	} {
		existing.GetObjectKind().SetGroupVersionKind(vmv1alpha1.GroupVersion.WithKind("WukongNetwork"))
		err := fmt.Errorf("network lan: %w", &TakenError{Existing: existing})
		if !IsTaken(err) || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if IsTaken(errors.New("something else")) || IsTaken(nil) {
		t.Error("another error counts as taken")
	}
}

func TestIsBeingTerminated(t *testing.T) {
	ending := apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "vm", nil)
	if IsBeingTerminated(ending) {
		t.Error("missing rights count as the end of a namespace")
	}
	ending.ErrStatus.Details.Causes = append(ending.ErrStatus.Details.Causes, metav1.StatusCause{Type: corev1.NamespaceTerminatingCause})
	if !IsBeingTerminated(fmt.Errorf("applying: %w", ending)) {
		t.Error("the end of a namespace is not recognised")
	}
}

func TestControlledBy(t *testing.T) {
	owner := &vmv1alpha1.Wukong{ObjectMeta: metav1.ObjectMeta{Name: "vm", UID: "1"}}
	child := network()
	if ControlledBy(owner)(child) {
		t.Error("an owner that does not control counts")
	}
	child.OwnerReferences[0].Controller = new(true)
	if !ControlledBy(owner)(child) {
		t.Error("the controller does not count")
	}
	// A later machine of the same name.
	owner.UID = "2"
	if ControlledBy(owner)(child) {
		t.Error("the name is enough")
	}
}
