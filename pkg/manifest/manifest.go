// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package manifest renders, without a cluster, every object that the operator makes for Wukongs. It is pure:
// Wukongs in, objects out. It stands for an empty cluster in which everything that Wukong uses is installed
// and the Wukongs are made one after the other.
package manifest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/naming"
)

// Options are what rendering depends on beside the Wukongs.
type Options struct {
	// DefaultUplink is the NIC of networks that name none.
	DefaultUplink string
	// DefaultImage is the container-disk image of machines that name none.
	DefaultImage string
	// TapBinding is the network binding plugin that KubeVirt has registered for macvtap, empty for none.
	TapBinding string
	// Secrets are those that Wukongs may refer to. What a Wukong takes from a Secret that is not among them
	// is left out; MissingSecrets tells of it.
	Secrets []*corev1.Secret
}

// Object is one rendered object. It has neither owner nor finalizers, since both are about a cluster's objects.
type Object interface {
	runtime.Object
	metav1.Object
}

// WukongError is the error for one Wukong that cannot be rendered.
type WukongError struct {
	// Wukong is the Wukong's namespace and name.
	Wukong types.NamespacedName
	// Field is the path of the field that has to change.
	Field string
	// Message says what is wrong and what to do.
	Message string
}

// Error names the Wukong, the field and the problem.
func (p *WukongError) Error() string {
	return fmt.Sprintf("Wukong %s: %s: %s", p.Wukong, p.Field, p.Message)
}

// Render returns the objects of one Wukong: for each network the claim on its bridge, the bridge's policy, the
// network and its attachment, then the Secret with the guest's data and the VirtualMachine. The Wukong has to
// have the API server's defaults, as pkg/validation fills them in. The error joins a *WukongError for each thing
// that only a person can correct.
func Render(wukong *vmv1alpha1.Wukong, opts Options) ([]Object, error) {
	return RenderAll([]*vmv1alpha1.Wukong{wukong}, opts)
}

// RenderAll is Render for several Wukongs, in their order. A bridge that several claim has one policy, which
// stands with the oldest claim. A Wukong without a creation time counts as made after those before it.
func RenderAll(wukongs []*vmv1alpha1.Wukong, opts Options) ([]Object, error) {
	machines := make([]*machineObjects, 0, len(wukongs))
	declared := map[types.NamespacedName]bool{}
	var errs []error
	for _, wukong := range wukongs {
		m := &machineObjects{wukong: complete(wukong)}
		key := m.key()
		switch {
		case key.Name == "":
			errs = append(errs, &WukongError{key, "metadata.name", "must be set, because every other name is made from it"})
		case declared[key]:
			errs = append(errs, &WukongError{key, "metadata.name", "is declared twice; remove one of the two"})
		}
		declared[key] = true
		machines = append(machines, m)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if err := nameChildren(byAge(machines), opts); err != nil {
		return nil, err
	}
	policies, err := policiesOf(byAge(machines))
	if err != nil {
		return nil, err
	}
	var objects []Object
	for _, m := range machines {
		rendered, err := m.render(policies, opts)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		objects = append(objects, rendered...)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return objects, nil
}

// complete fills in what a cluster would have filled in.
func complete(wukong *vmv1alpha1.Wukong) *vmv1alpha1.Wukong {
	completed := wukong.DeepCopy()
	if completed.Namespace == "" {
		completed.Namespace = metav1.NamespaceDefault
	}
	if completed.UID == "" {
		completed.UID = types.UID(naming.OfflineUID(completed.Namespace, completed.Name))
	}
	return completed
}

// byAge returns the machines with the oldest first.
func byAge(machines []*machineObjects) []*machineObjects {
	sorted := slices.Clone(machines)
	slices.SortStableFunc(sorted, func(a, b *machineObjects) int {
		first, second := a.wukong.CreationTimestamp, b.wukong.CreationTimestamp
		if first.IsZero() || second.IsZero() {
			return cmp.Compare(fromFile(first), fromFile(second))
		}
		return first.Compare(second.Time)
	})
	return sorted
}

// fromFile sorts what has no creation time after what has one.
func fromFile(created metav1.Time) int {
	if created.IsZero() {
		return 1
	}
	return 0
}
