// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
)

// podScheduled is the pod's condition that virt-controller copies to the instance.
const podScheduled = kubevirtv1.VirtualMachineInstanceConditionType(corev1.PodScheduled)

// setCondition writes a condition of an instance; its time changes only when the status flips.
func setCondition(
	vmi *kubevirtv1.VirtualMachineInstance, kind kubevirtv1.VirtualMachineInstanceConditionType,
	status corev1.ConditionStatus, reason, message string,
) {
	now := metav1.Now()
	wanted := kubevirtv1.VirtualMachineInstanceCondition{
		Type: kind, Status: status, Reason: reason, Message: message, LastProbeTime: now, LastTransitionTime: now,
	}
	for i, old := range vmi.Status.Conditions {
		if old.Type != kind {
			continue
		}
		if old.Status == status {
			wanted.LastTransitionTime = old.LastTransitionTime
		}
		if old.Status == status && old.Reason == reason && old.Message == message {
			return
		}
		vmi.Status.Conditions[i] = wanted
		return
	}
	vmi.Status.Conditions = append(vmi.Status.Conditions, wanted)
}

func dropCondition(vmi *kubevirtv1.VirtualMachineInstance, kind kubevirtv1.VirtualMachineInstanceConditionType) {
	vmi.Status.Conditions = slices.DeleteFunc(vmi.Status.Conditions, func(c kubevirtv1.VirtualMachineInstanceCondition) bool {
		return c.Type == kind
	})
}

func condition(vmi *kubevirtv1.VirtualMachineInstance, kind kubevirtv1.VirtualMachineInstanceConditionType) *kubevirtv1.VirtualMachineInstanceCondition {
	if vmi == nil {
		return nil
	}
	for i := range vmi.Status.Conditions {
		if vmi.Status.Conditions[i].Type == kind {
			return &vmi.Status.Conditions[i]
		}
	}
	return nil
}

func without(list []string, unwanted ...string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(entry string) bool { return slices.Contains(unwanted, entry) })
}

// machineConditions are the conditions of a machine: Ready from its instance, RestartRequired from the comparison with
// what it started with, and every other condition of the instance as it is (KubeVirt, pkg/virt-controller/watch/vm).
func machineConditions(
	old []kubevirtv1.VirtualMachineCondition, vmi *kubevirtv1.VirtualMachineInstance, restart string,
) []kubevirtv1.VirtualMachineCondition {
	fresh := []kubevirtv1.VirtualMachineCondition{machineReady(vmi)}
	if vmi != nil {
		for _, c := range vmi.Status.Conditions {
			if c.Type == kubevirtv1.VirtualMachineInstanceReady {
				continue
			}
			fresh = append(fresh, kubevirtv1.VirtualMachineCondition{
				Type: kubevirtv1.VirtualMachineConditionType(c.Type), Status: c.Status, Reason: c.Reason, Message: c.Message,
				LastProbeTime: c.LastProbeTime, LastTransitionTime: c.LastTransitionTime,
			})
		}
	}
	if restart != "" {
		fresh = append(fresh, kubevirtv1.VirtualMachineCondition{
			Type: kubevirtv1.VirtualMachineRestartRequired, Status: corev1.ConditionTrue, Reason: "RestartRequired", Message: restart,
		})
	}
	for i := range fresh {
		keepTimes(&fresh[i], old)
	}
	return fresh
}

func machineReady(vmi *kubevirtv1.VirtualMachineInstance) kubevirtv1.VirtualMachineCondition {
	ready := kubevirtv1.VirtualMachineCondition{Type: kubevirtv1.VirtualMachineReady, Status: corev1.ConditionFalse}
	found := condition(vmi, kubevirtv1.VirtualMachineInstanceReady)
	switch {
	case vmi == nil:
		ready.Reason, ready.Message = "VMINotExists", "VMI does not exist"
	case found == nil:
		ready.Reason, ready.Message = "VMIConditionMissing", "VMI is missing the Ready condition"
	default:
		ready.Status, ready.Reason, ready.Message = found.Status, found.Reason, found.Message
	}
	return ready
}

// keepTimes leaves the times of a condition that says what it said, so that an unchanged status is not written.
func keepTimes(c *kubevirtv1.VirtualMachineCondition, old []kubevirtv1.VirtualMachineCondition) {
	now := metav1.Now()
	for _, before := range old {
		if before.Type != c.Type {
			continue
		}
		if before.Status == c.Status && before.Reason == c.Reason && before.Message == c.Message {
			*c = before
			return
		}
		if before.Status == c.Status {
			c.LastTransitionTime = before.LastTransitionTime
		}
	}
	if c.LastTransitionTime.IsZero() {
		c.LastTransitionTime = now
	}
	if c.LastProbeTime.IsZero() {
		c.LastProbeTime = now
	}
}
