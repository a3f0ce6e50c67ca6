// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
)

func TestPrintable(t *testing.T) {
	now := metav1.Now()
	instance := func(phase kubevirtv1.VirtualMachineInstancePhase) *kubevirtv1.VirtualMachineInstance {
		return &kubevirtv1.VirtualMachineInstance{Status: kubevirtv1.VirtualMachineInstanceStatus{Phase: phase}}
	}
	deleted := instance(kubevirtv1.Running)
	deleted.DeletionTimestamp = &now
	unplaced := instance(kubevirtv1.Scheduling)
	setCondition(unplaced, podScheduled, corev1.ConditionFalse, corev1.PodReasonUnschedulable, "no node")
	unclaimed := instance(kubevirtv1.Pending)
	setCondition(unclaimed, kubevirtv1.VirtualMachineInstanceSynchronized, corev1.ConditionFalse, failedPvcNotFound, "PVC a/b does not exist")
	failure := &kubevirtv1.VirtualMachineStartFailure{ConsecutiveFailCount: 1}

	cases := map[string]struct {
		strategy   kubevirtv1.VirtualMachineRunStrategy
		failure    *kubevirtv1.VirtualMachineStartFailure
		terminates bool
		vmi        *kubevirtv1.VirtualMachineInstance
		volumes    storage
		want       kubevirtv1.VirtualMachinePrintableStatus
	}{
		"New":           {strategy: kubevirtv1.RunStrategyAlways, want: kubevirtv1.VirtualMachineStatusStarting},
		"Halted":        {strategy: kubevirtv1.RunStrategyHalted, want: kubevirtv1.VirtualMachineStatusStopped},
		"Pending":       {strategy: kubevirtv1.RunStrategyAlways, vmi: instance(kubevirtv1.Pending), want: kubevirtv1.VirtualMachineStatusStarting},
		"Unschedulable": {strategy: kubevirtv1.RunStrategyAlways, vmi: unplaced, want: kubevirtv1.VirtualMachineStatusUnschedulable},
		"Running":       {strategy: kubevirtv1.RunStrategyAlways, vmi: instance(kubevirtv1.Running), want: kubevirtv1.VirtualMachineStatusRunning},
		"Stopping":      {strategy: kubevirtv1.RunStrategyHalted, vmi: deleted, want: kubevirtv1.VirtualMachineStatusStopping},
		"Terminating":   {strategy: kubevirtv1.RunStrategyAlways, vmi: deleted, terminates: true, want: kubevirtv1.VirtualMachineStatusTerminating},
		"Crashing":      {strategy: kubevirtv1.RunStrategyAlways, failure: failure, want: kubevirtv1.VirtualMachineStatusCrashLoopBackOff},
		"Filling":       {strategy: kubevirtv1.RunStrategyAlways, volumes: storage{provisioning: true, unbound: true}, want: kubevirtv1.VirtualMachineStatusProvisioning},
		"Not filled":    {strategy: kubevirtv1.RunStrategyHalted, volumes: storage{failed: true, provisioning: true}, want: kubevirtv1.VirtualMachineStatusDataVolumeError},
		"Not bound":     {strategy: kubevirtv1.RunStrategyAlways, vmi: instance(kubevirtv1.Pending), volumes: storage{unbound: true}, want: kubevirtv1.VirtualMachineStatusWaitingForVolumeBinding},
		"Never started": {strategy: kubevirtv1.RunStrategyHalted, volumes: storage{unbound: true}, want: kubevirtv1.VirtualMachineStatusStopped},
		"Growing":       {strategy: kubevirtv1.RunStrategyAlways, vmi: instance(kubevirtv1.Running), volumes: storage{failed: true}, want: kubevirtv1.VirtualMachineStatusRunning},
		"Without claim": {strategy: kubevirtv1.RunStrategyAlways, vmi: unclaimed, want: kubevirtv1.VirtualMachineStatusPvcNotFound},
		"Completed":     {strategy: kubevirtv1.RunStrategyOnce, vmi: instance(kubevirtv1.Succeeded), want: kubevirtv1.VirtualMachineStatusStopped},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			machine := &kubevirtv1.VirtualMachine{Spec: kubevirtv1.VirtualMachineSpec{RunStrategy: &tc.strategy}}
			machine.Status.StartFailure = tc.failure
			if tc.terminates {
				machine.DeletionTimestamp = &now
			}
			if got := printable(machine, tc.vmi, tc.volumes); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}
