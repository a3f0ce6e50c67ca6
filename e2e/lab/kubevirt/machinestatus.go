package kubevirt

import (
	"context"
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	virtv1 "kubevirt.io/api/core/v1"
)

// reportMachine writes the status of a machine.
func (a *Actor) reportMachine(ctx context.Context, s *scene, restart string) error {
	err := patchStatus(ctx, a.client, s.machine, managerController, func(machine *virtv1.VirtualMachine) {
		status := &machine.Status
		status.Conditions = machineConditions(status.Conditions, s.vmi, restart)
		status.Created = s.vmi != nil
		ready := condition(s.vmi, virtv1.VirtualMachineInstanceReady)
		status.Ready = ready != nil && ready.Status == corev1.ConditionTrue
		status.PrintableStatus = printable(machine, s.vmi)
		status.DesiredGeneration = machine.Generation
		status.ObservedGeneration = observed(machine, s.vmi, restart)
		if strategy, err := machine.RunStrategy(); err == nil && (strategy != virtv1.RunStrategyOnce || s.vmi != nil) {
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
func observed(machine *virtv1.VirtualMachine, vmi *virtv1.VirtualMachineInstance, restart string) int64 {
	if vmi == nil || restart == "" {
		return machine.Generation
	}
	generation, err := strconv.ParseInt(vmi.Annotations[virtv1.VirtualMachineGenerationAnnotation], 10, 64)
	if err != nil {
		return machine.Generation
	}
	return generation
}

// printable is the one-word status; the first that applies wins (fact sheet 6).
func printable(machine *virtv1.VirtualMachine, vmi *virtv1.VirtualMachineInstance) virtv1.VirtualMachinePrintableStatus {
	scheduled := condition(vmi, podScheduled)
	switch {
	case machine.DeletionTimestamp != nil:
		return virtv1.VirtualMachineStatusTerminating
	case vmi == nil:
		return printableWithoutInstance(machine)
	case vmi.IsFinal():
		if failing(machine) {
			return virtv1.VirtualMachineStatusCrashLoopBackOff
		}
		return virtv1.VirtualMachineStatusStopped
	case vmi.DeletionTimestamp != nil:
		return virtv1.VirtualMachineStatusStopping
	case vmi.IsRunning():
		return virtv1.VirtualMachineStatusRunning
	case scheduled != nil && scheduled.Status == corev1.ConditionFalse && scheduled.Reason == corev1.PodReasonUnschedulable:
		return virtv1.VirtualMachineStatusUnschedulable
	default:
		return virtv1.VirtualMachineStatusStarting
	}
}

func printableWithoutInstance(machine *virtv1.VirtualMachine) virtv1.VirtualMachinePrintableStatus {
	strategy, err := machine.RunStrategy()
	switch {
	case failing(machine):
		return virtv1.VirtualMachineStatusCrashLoopBackOff
	case err == nil && (strategy == virtv1.RunStrategyAlways || strategy == virtv1.RunStrategyRerunOnFailure):
		return virtv1.VirtualMachineStatusStarting
	default:
		return virtv1.VirtualMachineStatusStopped
	}
}

func failing(machine *virtv1.VirtualMachine) bool {
	strategy, err := machine.RunStrategy()
	return err == nil && strategy != virtv1.RunStrategyHalted && strategy != virtv1.RunStrategyManual &&
		machine.Status.StartFailure != nil && machine.Status.StartFailure.ConsecutiveFailCount > 0
}
