// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	kubevirtv1 "kubevirt.io/api/core/v1"

	"github.com/novasphere/wukong/e2e/lab/acting"
)

// MigrateVM is `virtctl migrate`: the guest moves into a new pod, which has the NICs and attachments of now. The machine need
// not be able to: that is the caller's to know, unless virt-api is there to refuse it.
func (a *Actor) MigrateVM(ctx context.Context, namespace, name string) error {
	if a.options.NodesOnly {
		return a.ask(ctx, namespace, name, "migrate")
	}
	vmi := &kubevirtv1.VirtualMachineInstance{}
	if err := a.client.Get(ctx, key{Namespace: namespace, Name: name}, vmi); err != nil {
		return fmt.Errorf("read the instance: %w", err)
	}
	a.VM(namespace, name).change(func(s *script) { s.migrate = true })
	return nil
}

// migrate moves the guest of a running instance into a new pod, when that was asked for.
func (a *Actor) migrate(ctx context.Context, s *scene) error {
	if !s.script.migrate {
		return nil
	}
	if s.script.migrationHeld {
		return acting.Edit(ctx, a.client, s.vmi, managerController, func(vmi *kubevirtv1.VirtualMachineInstance) {
			if !isMigrating(vmi) {
				vmi.Status.MigrationState = &kubevirtv1.VirtualMachineInstanceMigrationState{StartTimestamp: new(metav1.Now()), SourceNode: vmi.Status.NodeName}
			}
		})
	}
	source := s.pod
	target, err := a.createPod(ctx, s.vmi, awayFromSource)
	if err != nil {
		return err
	}
	s.pod = target
	placed, err := a.bind(ctx, s)
	if err != nil {
		return err
	}
	if !placed {
		a.wait(s.key)
		s.pod = source
		return a.killPod(ctx, target)
	}
	if err := a.runPod(ctx, s); err != nil {
		return err
	}
	err = acting.Edit(ctx, a.client, s.vmi, managerController, func(vmi *kubevirtv1.VirtualMachineInstance) {
		vmi.Status.NodeName = s.pod.Spec.NodeName
		vmi.Status.ActivePods = map[types.UID]string{s.pod.UID: s.pod.Spec.NodeName}
		state := vmi.Status.MigrationState
		if state == nil || !isMigrating(vmi) {
			state = &kubevirtv1.VirtualMachineInstanceMigrationState{StartTimestamp: new(metav1.Now()), SourceNode: source.Spec.NodeName}
			vmi.Status.MigrationState = state
		}
		state.EndTimestamp, state.Completed, state.TargetNode = new(metav1.Now()), true, vmi.Status.NodeName
		grow(vmi)
	})
	if err != nil {
		return fmt.Errorf("move the instance: %w", err)
	}
	m := a.machine(s.key)
	m.mu.Lock()
	m.script.migrate = false
	m.mu.Unlock()
	return a.killPod(ctx, source)
}

func isMigrating(vmi *kubevirtv1.VirtualMachineInstance) bool {
	state := vmi.Status.MigrationState
	return state != nil && !state.Completed && !state.Failed && state.EndTimestamp == nil
}
