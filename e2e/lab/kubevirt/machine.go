// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/e2e/lab/acting"
)

// control is virt-controller's part for the machine: its instance, its status, its finalizer.
func (a *Actor) control(ctx context.Context, s *scene) (time.Duration, error) {
	if s.machine.DeletionTimestamp != nil {
		return 0, a.dismiss(ctx, s)
	}
	if err := a.admit(ctx, s.machine); err != nil {
		return 0, err
	}
	var err error
	if s.storage, err = a.storageOf(ctx, s.machine); err != nil {
		return 0, err
	}
	after, err := a.drive(ctx, s)
	if err != nil {
		return 0, err
	}
	restart, err := a.update(ctx, s)
	if err != nil {
		return 0, err
	}
	if err := a.syncNICs(ctx, s); err != nil {
		return 0, err
	}
	return after, a.reportMachine(ctx, s, restart)
}

// admit fills in defaults, as virt-api would have at creation, and takes the machine into virt-controller's care.
func (a *Actor) admit(ctx context.Context, machine *kubevirtv1.VirtualMachine) error {
	if slices.Contains(machine.Finalizers, kubevirtv1.VirtualMachineControllerFinalizer) {
		return nil
	}
	if err := acting.Edit(ctx, a.client, machine, managerAPI, fillIn); err != nil {
		return fmt.Errorf("fill in defaults: %w", err)
	}
	err := acting.Edit(ctx, a.client, machine, managerController, func(machine *kubevirtv1.VirtualMachine) {
		machine.Finalizers = append(machine.Finalizers, kubevirtv1.VirtualMachineControllerFinalizer)
	})
	if err != nil {
		return fmt.Errorf("add the finalizer: %w", err)
	}
	return nil
}

// dismiss takes the instance away and lets the machine go once it has gone.
func (a *Actor) dismiss(ctx context.Context, s *scene) error {
	orphans := slices.Contains(s.machine.Finalizers, metav1.FinalizerOrphanDependents)
	if s.vmi != nil && !orphans {
		if err := a.deleteInstance(ctx, s.vmi); err != nil {
			return err
		}
		return a.reportMachine(ctx, s, "")
	}
	if orphans {
		return nil
	}
	if err := a.reportMachine(ctx, s, ""); err != nil {
		return err
	}
	return acting.Edit(ctx, a.client, s.machine, managerController, func(machine *kubevirtv1.VirtualMachine) {
		machine.Finalizers = without(machine.Finalizers, kubevirtv1.VirtualMachineControllerFinalizer)
	})
}

func (a *Actor) deleteInstance(ctx context.Context, vmi *kubevirtv1.VirtualMachineInstance) error {
	if vmi.DeletionTimestamp != nil {
		return nil
	}
	err := a.client.Delete(ctx, vmi, client.Preconditions{UID: &vmi.UID})
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete the instance: %w", err)
	}
	return nil
}

// createInstance starts a machine from its template and remembers the template, so that later edits can be told apart.
func (a *Actor) createInstance(ctx context.Context, machine *kubevirtv1.VirtualMachine) error {
	if machine.Spec.Template == nil {
		return nil
	}
	revision, err := a.remember(ctx, machine)
	if err != nil {
		return err
	}
	template := machine.Spec.Template.DeepCopy()
	vmi := &kubevirtv1.VirtualMachineInstance{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: machine.Namespace, Name: machine.Name,
			Labels: maps.Clone(template.ObjectMeta.Labels), Annotations: maps.Clone(template.ObjectMeta.Annotations),
			Finalizers:      []string{kubevirtv1.VirtualMachineInstanceFinalizer},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(machine, kubevirtv1.VirtualMachineGroupVersionKind)},
		},
		Spec: template.Spec,
	}
	if vmi.Annotations == nil {
		vmi.Annotations = map[string]string{}
	}
	vmi.Annotations[kubevirtv1.VirtualMachineGenerationAnnotation] = strconv.FormatInt(machine.Generation, 10)
	vmi.Status.VirtualMachineRevisionName = revision
	complete(&vmi.Spec)
	err = a.client.Create(ctx, vmi, client.FieldOwner(managerController))
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create the instance: %w", err)
	}
	return nil
}

// remember stores the template that an instance is started from, as KubeVirt does.
func (a *Actor) remember(ctx context.Context, machine *kubevirtv1.VirtualMachine) (string, error) {
	raw, err := json.Marshal(map[string]any{"spec": machine.Spec})
	if err != nil {
		return "", fmt.Errorf("encode the template: %w", err)
	}
	revision := &appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: machine.Namespace, Name: revisionName(machine, machine.Generation),
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(machine, kubevirtv1.VirtualMachineGroupVersionKind)},
		},
		Data:     runtime.RawExtension{Raw: raw},
		Revision: machine.Generation,
	}
	if err := a.client.Create(ctx, revision); err != nil && !apierrors.IsAlreadyExists(err) {
		return "", fmt.Errorf("store the template: %w", err)
	}
	return revision.Name, nil
}

func revisionName(machine *kubevirtv1.VirtualMachine, generation int64) string {
	return fmt.Sprintf("revision-start-vm-%s-%d", machine.UID, generation)
}

// startGeneration is the generation of the machine that an instance was started from, if a machine started it.
func startGeneration(vmi *kubevirtv1.VirtualMachineInstance) (int64, bool) {
	generation, err := strconv.ParseInt(vmi.Annotations[kubevirtv1.VirtualMachineGenerationAnnotation], 10, 64)
	return generation, err == nil
}

// startedFrom reads the template that the instance of a machine was started from, or nil if there is none.
func (a *Actor) startedFrom(ctx context.Context, s *scene) (*kubevirtv1.VirtualMachineInstanceSpec, error) {
	generation, started := startGeneration(s.vmi)
	if !started {
		return nil, nil
	}
	revision := &appsv1.ControllerRevision{}
	err := a.client.Get(ctx, key{Namespace: s.key.Namespace, Name: revisionName(s.machine, generation)}, revision)
	if err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	var stored struct {
		Spec kubevirtv1.VirtualMachineSpec `json:"spec"`
	}
	if err := json.Unmarshal(revision.Data.Raw, &stored); err != nil {
		return nil, fmt.Errorf("decode the template: %w", err)
	}
	if stored.Spec.Template == nil {
		return nil, nil
	}
	return &stored.Spec.Template.Spec, nil
}

// update lets edits of the template reach the running instance, or says why they wait for a restart.
func (a *Actor) update(ctx context.Context, s *scene) (string, error) {
	if s.vmi == nil || s.vmi.IsFinal() || s.vmi.DeletionTimestamp != nil || s.machine.Spec.Template == nil {
		return "", nil
	}
	started, err := a.startedFrom(ctx, s)
	if err != nil || started == nil {
		return "", err
	}
	wanted := &s.machine.Spec.Template.Spec
	if reason := restartReason(started, wanted, s.vmi); reason != "" {
		return reason, nil
	}
	return "", acting.Edit(ctx, a.client, s.vmi, managerController, func(vmi *kubevirtv1.VirtualMachineInstance) { propagate(wanted, vmi) })
}
