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
	ctrl "sigs.k8s.io/controller-runtime"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
	"github.com/novasphere/wukong/pkg/metrics"
	"github.com/novasphere/wukong/pkg/story"
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
	machine, stages := machineStatus(seen, guest), startup(seen)
	if equality.Semantic.DeepEqual(own, conditions.Owned(wukong.Status.Conditions, own)) &&
		equality.Semantic.DeepEqual(machine, wukong.Status.VirtualMachine) && equality.Semantic.DeepEqual(stages, wukong.Status.Startup) {
		return 0, nil
	}
	sameData := meta.IsStatusConditionTrue(wukong.Status.Conditions, vmv1alpha1.ConditionCloudInitReady) ==
		meta.IsStatusConditionTrue(own, vmv1alpha1.ConditionCloudInitReady)
	disks := conditions.OnlyProgress(wukong.Status.Conditions, own, vmv1alpha1.ConditionDisksReady) ||
		meta.IsStatusConditionTrue(own, vmv1alpha1.ConditionDisksReady)
	progress := sameData && disks && conditions.OnlyProgress(wukong.Status.Conditions, own, vmv1alpha1.ConditionVirtualMachineReady)
	postponed, err := r.writer.Status(ctx, &vmv1alpha1.Wukong{
		ObjectMeta: metav1.ObjectMeta{Namespace: wukong.Namespace, Name: wukong.Name, UID: wukong.UID},
		Status:     vmv1alpha1.WukongStatus{Conditions: own, VirtualMachine: machine, Startup: stages},
	}, progress)
	if err == nil && postponed == 0 {
		metrics.Reached(wukong, own)
		r.tell(ctx, wukong, own)
	}
	return postponed, err
}

// tell tells in the log what turned.
func (r *reconciler) tell(ctx context.Context, wukong *vmv1alpha1.Wukong, written []metav1.Condition) {
	story.Tell(ctrl.LoggerFrom(ctx), "Wukong", wukong.Name, r.turns.Of(wukong.UID, wukong.Status.Conditions, written))
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
	if kept := keptFromRunning(seen, res); kept != nil {
		return *kept
	}
	switch machine.Status.PrintableStatus {
	case kubevirtv1.VirtualMachineStatusRunning, kubevirtv1.VirtualMachineStatusMigrating:
		return conditions.True(conditionType, vmv1alpha1.ReasonRunning, "the machine runs")
	case kubevirtv1.VirtualMachineStatusStopped, kubevirtv1.VirtualMachineStatusStopping:
		return conditions.False(conditionType, vmv1alpha1.ReasonStopped,
			fmt.Sprintf("the machine is stopped; start it with: virtctl start -n %s %s", machine.Namespace, machine.Name))
	case kubevirtv1.VirtualMachineStatusPaused:
		return conditions.False(conditionType, vmv1alpha1.ReasonStopped,
			fmt.Sprintf("the machine is paused; resume it with: virtctl unpause vm -n %s %s", machine.Namespace, machine.Name))
	}
	return starting(seen)
}

// keptFromRunning is VirtualMachineReady of a machine that something keeps from running, nil where nothing does.
func keptFromRunning(seen *observed, res result) *metav1.Condition {
	is := func(reason, message string) *metav1.Condition {
		condition := conditions.False(vmv1alpha1.ConditionVirtualMachineReady, reason, message)
		return &condition
	}
	status := seen.machine.Status.PrintableStatus
	if awaited := awaitsDisks(status); awaited != "" {
		return is(vmv1alpha1.ReasonStarting, awaited)
	}
	if refusal := refusalOf(seen.instance, kubevirtv1.VirtualMachineInstanceSynchronized); refusal != "" {
		return is(vmv1alpha1.ReasonVirtualMachineFailed, "KubeVirt cannot start the machine: "+refusal)
	}
	if status == kubevirtv1.VirtualMachineStatusUnschedulable && res.nowhere != nil {
		return res.nowhere
	}
	if advice, failed := failures[status]; failed {
		message := fmt.Sprintf("KubeVirt says %s: %s", status, advice)
		if words := refusalOf(seen.instance, kubevirtv1.VirtualMachineInstanceConditionType(corev1.PodScheduled)); words != "" {
			message += "; the scheduler says: " + words
		}
		return is(vmv1alpha1.ReasonVirtualMachineFailed, message)
	}
	if status == kubevirtv1.VirtualMachineStatusStopped && startsByItself(seen.machine) {
		return is(vmv1alpha1.ReasonStarting, "KubeVirt is about to start the machine; nothing needs to be done")
	}
	return nil
}

// starting is VirtualMachineReady of a machine that KubeVirt brings up, as far as its node can start its pod.
func starting(seen *observed) metav1.Condition {
	const conditionType = vmv1alpha1.ConditionVirtualMachineReady
	if seen.obstacle == "" {
		return conditions.False(conditionType, vmv1alpha1.ReasonStarting, "KubeVirt is starting the machine; nothing needs to be done")
	}
	return conditions.False(conditionType, vmv1alpha1.ReasonPodNotStarting, fmt.Sprintf(
		"the machine's pod %s cannot be started, which its node tries again and again; correct what it names: %s", seen.launcher.Name, seen.obstacle))
}

// startsByItself reports whether a stopped machine is only on its way to its first or next start.
func startsByItself(machine *kubevirtv1.VirtualMachine) bool {
	return machine.Spec.RunStrategy != nil && *machine.Spec.RunStrategy == kubevirtv1.RunStrategyAlways
}

// waits reports whether a machine that exists is kept as it is for a reason that another condition tells.
func waits(reason string) bool {
	return reason == vmv1alpha1.ReasonWaitingForNetworks || reason == vmv1alpha1.ReasonWaitingForCloudInit || reason == vmv1alpha1.ReasonWaitingForDisks
}

// refusalOf returns what a condition of an instance says that does not hold, empty where it holds or nobody says it: of
// Synchronized why virt-controller could not make the pod, as when a network binding plugin is not registered, and of PodScheduled
// why the scheduler finds no node.
func refusalOf(instance *kubevirtv1.VirtualMachineInstance, kind kubevirtv1.VirtualMachineInstanceConditionType) string {
	if instance == nil {
		return ""
	}
	if found := instanceCondition(instance, kind); found != nil && found.Status == corev1.ConditionFalse {
		return found.Message
	}
	return ""
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
		Interfaces:      guest.interfaces(seen.wukong.Status.VirtualMachine),
	}
	status.AgentSilentSince = guest.silentSince(seen.wukong.Status.VirtualMachine, metav1.Now())
	if seen.instance != nil && seen.instance.Status.Phase == kubevirtv1.Running {
		status.NodeName = seen.instance.Status.NodeName
	}
	return status
}
