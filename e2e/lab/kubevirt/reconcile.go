// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/e2e/lab/acting"
)

// scene is everything about one machine, read afresh for each look at it. Machine, instance and pod may be nil.
type scene struct {
	key     key
	machine *kubevirtv1.VirtualMachine
	vmi     *kubevirtv1.VirtualMachineInstance
	// pod is where the guest is, others are the instance's further pods: where the guest moves to, and where it was.
	pod    *corev1.Pod
	others []corev1.Pod
	script script
	// storage is what the machine's volumes say.
	storage storage
}

// reconcile takes a machine one step on and says when to look at it again, if nothing else happens before.
func (a *Actor) reconcile(ctx context.Context, k key) (time.Duration, error) {
	s, err := a.look(ctx, k)
	if err != nil {
		return 0, err
	}
	if a.options.NodesOnly {
		if s.vmi == nil {
			return 0, nil
		}
		return a.serve(ctx, s)
	}
	var after time.Duration
	if s.vmi != nil {
		if after, err = a.advance(ctx, s); err != nil {
			return 0, err
		}
	}
	// The instance may have moved on or gone, and the machine's status is about what there is now.
	if s, err = a.look(ctx, k); err != nil || s.machine == nil {
		return after, err
	}
	again, err := a.control(ctx, s)
	if again > 0 && (after == 0 || again < after) {
		after = again
	}
	return after, err
}

func (a *Actor) look(ctx context.Context, k key) (*scene, error) {
	s := &scene{key: k, script: a.machine(k).current()}
	machine := &kubevirtv1.VirtualMachine{}
	switch err := a.client.Get(ctx, k, machine); {
	case err == nil:
		s.machine = machine
	case !apierrors.IsNotFound(err):
		return nil, fmt.Errorf("read the machine: %w", err)
	}
	vmi := &kubevirtv1.VirtualMachineInstance{}
	switch err := a.client.Get(ctx, k, vmi); {
	case err == nil:
		s.vmi = vmi
	case !apierrors.IsNotFound(err):
		return nil, fmt.Errorf("read the instance: %w", err)
	}
	if s.vmi == nil {
		return s, a.sweepPods(ctx, k)
	}
	var err error
	s.pod, s.others, err = a.launchers(ctx, s.vmi)
	return s, err
}

// writeInstance writes what an edit changed in an instance, as the component that the actor plays. virt-handler updates
// the whole object: the API server drops what is null from the lists of a merge patch, and virt-controller, which compares
// lists with those it has read, would never find them equal again.
func (a *Actor) writeInstance(
	ctx context.Context, vmi *kubevirtv1.VirtualMachineInstance, edit func(*kubevirtv1.VirtualMachineInstance),
) error {
	if !a.options.NodesOnly {
		return acting.Edit(ctx, a.client, vmi, managerController, edit)
	}
	before := vmi.DeepCopy()
	edit(vmi)
	if equality.Semantic.DeepEqual(before, vmi) {
		return nil
	}
	return a.handler.Update(ctx, vmi, client.FieldOwner(managerHandler))
}
