// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"

	"github.com/novasphere/wukong/e2e/lab/acting"
)

// reportMachine writes the status of a machine.
func (a *Actor) reportMachine(ctx context.Context, s *scene, restart string) error {
	err := acting.EditStatus(ctx, a.client, s.machine, managerController, func(machine *kubevirtv1.VirtualMachine) {
		status := &machine.Status
		status.Conditions = machineConditions(status.Conditions, s.vmi, restart)
		status.Created = s.vmi != nil
		ready := condition(s.vmi, kubevirtv1.VirtualMachineInstanceReady)
		status.Ready = ready != nil && ready.Status == corev1.ConditionTrue
		status.PrintableStatus = printable(machine, s.vmi, s.storage)
		status.DesiredGeneration = machine.Generation
		status.ObservedGeneration = observed(machine, s.vmi, restart)
		if strategy, err := machine.RunStrategy(); err == nil && (strategy != kubevirtv1.RunStrategyOnce || s.vmi != nil) {
			status.RunStrategy = strategy
		}
	})
	if err != nil {
		return fmt.Errorf("write the status of the machine: %w", err)
	}
	return nil
}

// observed is the generation that the running instance has taken in: the machine's own, unless a change waits for a
// restart.
func observed(machine *kubevirtv1.VirtualMachine, vmi *kubevirtv1.VirtualMachineInstance, restart string) int64 {
	if vmi == nil || restart == "" {
		return machine.Generation
	}
	if generation, started := startGeneration(vmi); started {
		return generation
	}
	return machine.Generation
}

// printable is the one-word status; the first that applies wins (KubeVirt, pkg/virt-controller/watch/vm).
func printable(
	machine *kubevirtv1.VirtualMachine, vmi *kubevirtv1.VirtualMachineInstance, volumes storage,
) kubevirtv1.VirtualMachinePrintableStatus {
	active := vmi != nil && !vmi.IsFinal()
	switch {
	case machine.DeletionTimestamp != nil:
		return kubevirtv1.VirtualMachineStatusTerminating
	case active && vmi.DeletionTimestamp != nil:
		return kubevirtv1.VirtualMachineStatusStopping
	case active && vmi.IsRunning() && isMigrating(vmi):
		return kubevirtv1.VirtualMachineStatusMigrating
	case active && vmi.IsRunning():
		return kubevirtv1.VirtualMachineStatusRunning
	}
	if obstacle := printableObstacle(machine, vmi, volumes); obstacle != "" {
		return obstacle
	}
	switch {
	case vmi == nil:
		return printableWithoutInstance(machine)
	case active:
		return kubevirtv1.VirtualMachineStatusStarting
	case failing(machine):
		return kubevirtv1.VirtualMachineStatusCrashLoopBackOff
	default:
		return kubevirtv1.VirtualMachineStatusStopped
	}
}

// printableObstacle is the status of a machine that something keeps from running; empty if nothing does.
func printableObstacle(
	machine *kubevirtv1.VirtualMachine, vmi *kubevirtv1.VirtualMachineInstance, volumes storage,
) kubevirtv1.VirtualMachinePrintableStatus {
	active := vmi != nil && !vmi.IsFinal()
	switch {
	case isFalse(vmi, kubevirtv1.VirtualMachineInstanceSynchronized, failedPvcNotFound):
		return kubevirtv1.VirtualMachineStatusPvcNotFound
	case volumes.failed:
		return kubevirtv1.VirtualMachineStatusDataVolumeError
	case active && isFalse(vmi, podScheduled, corev1.PodReasonUnschedulable):
		return kubevirtv1.VirtualMachineStatusUnschedulable
	case volumes.provisioning:
		return kubevirtv1.VirtualMachineStatusProvisioning
	case volumes.unbound && (active || wantsToRun(machine)):
		return kubevirtv1.VirtualMachineStatusWaitingForVolumeBinding
	}
	return ""
}

func isFalse(vmi *kubevirtv1.VirtualMachineInstance, kind kubevirtv1.VirtualMachineInstanceConditionType, reason string) bool {
	found := condition(vmi, kind)
	return found != nil && found.Status == corev1.ConditionFalse && found.Reason == reason
}

func printableWithoutInstance(machine *kubevirtv1.VirtualMachine) kubevirtv1.VirtualMachinePrintableStatus {
	switch {
	case failing(machine):
		return kubevirtv1.VirtualMachineStatusCrashLoopBackOff
	case wantsToRun(machine):
		return kubevirtv1.VirtualMachineStatusStarting
	default:
		return kubevirtv1.VirtualMachineStatusStopped
	}
}

func wantsToRun(machine *kubevirtv1.VirtualMachine) bool {
	strategy, err := machine.RunStrategy()
	return err == nil && (strategy == kubevirtv1.RunStrategyAlways || strategy == kubevirtv1.RunStrategyRerunOnFailure)
}

func failing(machine *kubevirtv1.VirtualMachine) bool {
	strategy, err := machine.RunStrategy()
	return err == nil && strategy != kubevirtv1.RunStrategyHalted && strategy != kubevirtv1.RunStrategyManual &&
		machine.Status.StartFailure != nil && machine.Status.StartFailure.ConsecutiveFailCount > 0
}
