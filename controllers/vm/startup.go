// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
)

// startup returns how long each stage of the first start took, as far as it has come. What was told before stays, and of a
// machine that ran before anybody told it nothing is known.
func startup(seen *observed) *vmv1alpha1.StartupStatus {
	status := &seen.wukong.Status
	if status.Startup == nil && status.VirtualMachine != nil && status.VirtualMachine.NodeName != "" {
		return nil
	}
	if seen.machine == nil || !metav1.IsControlledBy(seen.machine, seen.wukong) {
		return status.Startup
	}
	told := &vmv1alpha1.StartupStatus{}
	if status.Startup != nil {
		told = status.Startup.DeepCopy()
	}
	since := func(seconds *int64, at time.Time) *int64 {
		if seconds != nil || at.IsZero() {
			return seconds
		}
		return new(max(int64(at.Sub(seen.wukong.CreationTimestamp.Time)/time.Second), 0))
	}
	told.NetworksReadySeconds = since(told.NetworksReadySeconds, attachedAt(seen.networks))
	told.CreatedSeconds = since(told.CreatedSeconds, seen.machine.CreationTimestamp.Time)
	if seen.instance != nil {
		told.RunningSeconds = since(told.RunningSeconds, runningAt(seen.instance))
		if agent := instanceCondition(seen.instance, kubevirtv1.VirtualMachineInstanceAgentConnected); agent != nil && agent.Status == corev1.ConditionTrue {
			told.GuestReportedSeconds = since(told.GuestReportedSeconds, agent.LastTransitionTime.Time)
		}
	}
	return told
}

// attachedAt returns when the last network got its attachment, zero while one has none or there is none.
func attachedAt(networks []vmv1alpha1.WukongNetwork) time.Time {
	var last time.Time
	for i := range networks {
		network := &networks[i]
		attached := conditions.Current(network.Status.Conditions, vmv1alpha1.ConditionAttachmentReady, network.Generation)
		if attached == nil || attached.Status != metav1.ConditionTrue {
			return time.Time{}
		}
		if attached.LastTransitionTime.After(last) {
			last = attached.LastTransitionTime.Time
		}
	}
	return last
}

func runningAt(instance *kubevirtv1.VirtualMachineInstance) time.Time {
	for _, transition := range instance.Status.PhaseTransitionTimestamps {
		if transition.Phase == kubevirtv1.Running {
			return transition.PhaseTransitionTimestamp.Time
		}
	}
	return time.Time{}
}
