// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
	"github.com/novasphere/wukong/pkg/render/vm"
)

// report writes our part of the status, if it changed.
func (r *reconciler) report(ctx context.Context, seen *observed, res result) (time.Duration, error) {
	wukong := seen.wukong
	guest := guestOf(seen)
	own := conditions.Own(wukong.Status.Conditions, wukong.Generation,
		res.cloudInit,
		disksReady(seen),
		machineReady(seen, res),
		restartRequired(seen, res),
		guest.inSync(),
	)
	machine := machineStatus(seen, guest)
	if equality.Semantic.DeepEqual(own, conditions.Owned(wukong.Status.Conditions, own)) &&
		equality.Semantic.DeepEqual(machine, wukong.Status.VirtualMachine) {
		return 0, nil
	}
	sameData := meta.IsStatusConditionTrue(wukong.Status.Conditions, vmv1alpha1.ConditionCloudInitReady) ==
		meta.IsStatusConditionTrue(own, vmv1alpha1.ConditionCloudInitReady)
	disks := conditions.OnlyProgress(wukong.Status.Conditions, own, vmv1alpha1.ConditionDisksReady) ||
		meta.IsStatusConditionTrue(own, vmv1alpha1.ConditionDisksReady)
	progress := sameData && disks && conditions.OnlyProgress(wukong.Status.Conditions, own, vmv1alpha1.ConditionVirtualMachineReady)
	return r.writer.Status(ctx, &vmv1alpha1.Wukong{
		ObjectMeta: metav1.ObjectMeta{Namespace: wukong.Namespace, Name: wukong.Name, UID: wukong.UID},
		Status:     vmv1alpha1.WukongStatus{Conditions: own, VirtualMachine: machine},
	}, progress)
}

const noNode = "no node can take the machine; look at its node selector, affinity and tolerations, at the nodes that have its bridges, " +
	"and at their free memory; virtctl restart lets it use nodes that got the bridges since it was started"

// failures are KubeVirt's words for a machine that does not come up by itself.
var failures = map[kubevirtv1.VirtualMachinePrintableStatus]string{
	kubevirtv1.VirtualMachineStatusUnschedulable:      noNode,
	kubevirtv1.VirtualMachineStatusErrImagePull:       "the image cannot be pulled; correct spec.osImage",
	kubevirtv1.VirtualMachineStatusImagePullBackOff:   "the image cannot be pulled; correct spec.osImage",
	kubevirtv1.VirtualMachineStatusCrashLoopBackOff:   "the machine fails again and again; look at the log of its virt-launcher pod",
	kubevirtv1.VirtualMachineStatusPvcNotFound:        "a disk's claim does not exist; DisksReady says which",
	kubevirtv1.VirtualMachineStatusDataVolumeError:    "a disk cannot be filled; DisksReady says why",
	kubevirtv1.VirtualMachineStatusUnknown:            "the machine's node does not answer; look at the node",
	kubevirtv1.VirtualMachineStatusWaitingForReceiver: "the machine waits for a migration that was not asked for here",
}

// machineReady is VirtualMachineReady. A running machine runs, also while a changed network waits for its attachment.
func machineReady(seen *observed, res result) metav1.Condition {
	const conditionType = vmv1alpha1.ConditionVirtualMachineReady
	machine := seen.machine
	switch {
	case res.blocked != nil && (machine == nil || !waits(res.blocked.Reason)):
		return *res.blocked
	case machine == nil:
		return conditions.False(conditionType, vmv1alpha1.ReasonStarting, "the VirtualMachine was just made; nothing needs to be done")
	}
	status := machine.Status.PrintableStatus
	if awaited := awaitsDisks(status); awaited != "" {
		return conditions.False(conditionType, vmv1alpha1.ReasonStarting, awaited)
	}
	if refusal := synchronizedRefusal(seen.instance); refusal != "" {
		return conditions.False(conditionType, vmv1alpha1.ReasonVirtualMachineFailed, "KubeVirt cannot start the machine: "+refusal)
	}
	if status == kubevirtv1.VirtualMachineStatusUnschedulable && res.nowhere != nil {
		return *res.nowhere
	}
	if advice, failed := failures[status]; failed {
		return conditions.False(conditionType, vmv1alpha1.ReasonVirtualMachineFailed, fmt.Sprintf("KubeVirt says %s: %s", status, advice))
	}
	if status == kubevirtv1.VirtualMachineStatusStopped && startsByItself(machine) {
		return conditions.False(conditionType, vmv1alpha1.ReasonStarting, "KubeVirt is about to start the machine; nothing needs to be done")
	}
	switch status {
	case kubevirtv1.VirtualMachineStatusRunning, kubevirtv1.VirtualMachineStatusMigrating:
		return conditions.True(conditionType, vmv1alpha1.ReasonRunning, "the machine runs")
	case kubevirtv1.VirtualMachineStatusStopped, kubevirtv1.VirtualMachineStatusStopping:
		return conditions.False(conditionType, vmv1alpha1.ReasonStopped,
			fmt.Sprintf("the machine is stopped; start it with: virtctl start -n %s %s", machine.Namespace, machine.Name))
	case kubevirtv1.VirtualMachineStatusPaused:
		return conditions.False(conditionType, vmv1alpha1.ReasonStopped,
			fmt.Sprintf("the machine is paused; resume it with: virtctl unpause vm -n %s %s", machine.Namespace, machine.Name))
	}
	return conditions.False(conditionType, vmv1alpha1.ReasonStarting, "KubeVirt is starting the machine; nothing needs to be done")
}

// startsByItself reports whether a stopped machine is only on its way to its first or next start.
func startsByItself(machine *kubevirtv1.VirtualMachine) bool {
	return machine.Spec.RunStrategy != nil && *machine.Spec.RunStrategy == kubevirtv1.RunStrategyAlways
}

// waits reports whether a machine that exists is kept as it is for a reason that another condition tells.
func waits(reason string) bool {
	return reason == vmv1alpha1.ReasonWaitingForNetworks || reason == vmv1alpha1.ReasonWaitingForCloudInit || reason == vmv1alpha1.ReasonWaitingForDisks
}

// synchronizedRefusal returns why virt-controller could not make the machine's pod, as when a network binding
// plugin is not registered.
func synchronizedRefusal(instance *kubevirtv1.VirtualMachineInstance) string {
	if instance == nil {
		return ""
	}
	for _, condition := range instance.Status.Conditions {
		if condition.Type == kubevirtv1.VirtualMachineInstanceSynchronized && condition.Status == corev1.ConditionFalse {
			return condition.Message
		}
	}
	return ""
}

// restartRequired tells whether something that was declared waits for the machine's next start.
func restartRequired(seen *observed, res result) metav1.Condition {
	const conditionType = vmv1alpha1.ConditionRestartRequired
	if seen.machine == nil || seen.instance == nil {
		return conditions.False(conditionType, vmv1alpha1.ReasonNotRunning, "there is no running machine to restart")
	}
	restart := fmt.Sprintf("restart the machine with: virtctl restart -n %s %s", seen.machine.Namespace, seen.machine.Name)
	for _, condition := range seen.machine.Status.Conditions {
		if condition.Type == kubevirtv1.VirtualMachineRestartRequired && condition.Status == corev1.ConditionTrue {
			return conditions.True(conditionType, vmv1alpha1.ReasonTemplateChanged, "a change waits for the next start: "+restart)
		}
	}
	if networks := movedNetworks(seen); len(networks) > 0 {
		return conditions.True(conditionType, vmv1alpha1.ReasonAttachmentChanged, fmt.Sprintf(
			"the running machine has the earlier attachment of network %s until KubeVirt has migrated it; where it cannot migrate, %s",
			strings.Join(networks, ", "), restart))
	}
	started, declared := seen.instance.Annotations[vm.AnnotationCloudInitHash], res.cloudInitHash
	if declared == "" && seen.machine.Spec.Template != nil {
		// Nothing new could be rendered, so what was applied last is what the next start reads.
		declared = seen.machine.Spec.Template.ObjectMeta.Annotations[vm.AnnotationCloudInitHash]
	}
	if started != "" && declared != "" && started != declared {
		return conditions.True(conditionType, vmv1alpha1.ReasonGuestDataChanged, "the guest was started with an earlier configuration: "+restart)
	}
	return conditions.False(conditionType, vmv1alpha1.ReasonUpToDate, "the running machine is what was declared")
}

// movedNetworks names the networks whose attachment is another one in the machine than in its running instance.
func movedNetworks(seen *observed) []string {
	if seen.machine.Spec.Template == nil {
		return nil
	}
	running := map[string]string{}
	for _, network := range seen.instance.Spec.Networks {
		if network.Multus != nil {
			running[network.Name] = network.Multus.NetworkName
		}
	}
	var moved []string
	for _, network := range seen.machine.Spec.Template.Spec.Networks {
		if before, ok := running[network.Name]; ok && network.Multus != nil && network.Multus.NetworkName != before {
			moved = append(moved, network.Name)
		}
	}
	return moved
}

// machineStatus is what is told of the machine.
func machineStatus(seen *observed, guest guest) *vmv1alpha1.VirtualMachineStatus {
	if seen.machine == nil || !metav1.IsControlledBy(seen.machine, seen.wukong) {
		return nil
	}
	status := &vmv1alpha1.VirtualMachineStatus{
		Name:            seen.machine.Name,
		PrintableStatus: string(seen.machine.Status.PrintableStatus),
		Addresses:       strings.Join(guest.reachableAt(), ","),
		Interfaces:      guest.interfaces(),
	}
	if seen.instance != nil && seen.instance.Status.Phase == kubevirtv1.Running {
		status.NodeName = seen.instance.Status.NodeName
	}
	return status
}
