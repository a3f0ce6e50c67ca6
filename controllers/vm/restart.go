// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/capability"
	"github.com/novasphere/wukong/pkg/conditions"
	"github.com/novasphere/wukong/pkg/naming"
	"github.com/novasphere/wukong/pkg/render/cloudinit"
	"github.com/novasphere/wukong/pkg/render/vm"
)

// restartRequired tells whether something that was declared waits for the machine's next start, and what. It is not known
// while KubeVirt brings it into the running machine.
func restartRequired(seen *observed, res result) metav1.Condition {
	const conditionType = vmv1alpha1.ConditionRestartRequired
	if seen.machine == nil || seen.instance == nil {
		return conditions.False(conditionType, vmv1alpha1.ReasonNotRunning, "there is no running machine to restart")
	}
	name := seen.machine.Namespace + " " + seen.machine.Name
	restart := "restart the machine with: virtctl restart -n " + name
	var reasons, messages []string
	wait := func(reason, message string) {
		reasons, messages = append(reasons, reason), append(messages, message)
	}
	fixed, live := pending(seen)
	if len(fixed) > 0 {
		wait(vmv1alpha1.ReasonTemplateChanged, "the next start is waited for by "+strings.Join(fixed, ", "))
	}
	if networks := movedNetworks(seen); len(networks) > 0 {
		wait(vmv1alpha1.ReasonAttachmentChanged, fmt.Sprintf(
			"the running machine has the earlier attachment of network %s until it is migrated, which KubeVirt does by itself where its workloadUpdateStrategy "+
				"has LiveMigrate", strings.Join(networks, ", ")))
	}
	if changed := guestDataChanged(seen, res); changed != "" {
		wait(vmv1alpha1.ReasonGuestDataChanged, changed)
	}
	switch {
	case len(reasons) > 0:
		return conditions.True(conditionType, reasons[0], strings.Join(messages, "; ")+": "+restart)
	case len(live) > 0:
		return conditions.Unknown(conditionType, vmv1alpha1.ReasonLiveUpdating, fmt.Sprintf(
			"KubeVirt changes the running machine: %s; where that takes a migration, it begins one by itself only if its workloadUpdateStrategy has LiveMigrate, "+
				"else begin it with: virtctl migrate -n %s", strings.Join(live, ", "), name))
	}
	return conditions.False(conditionType, vmv1alpha1.ReasonUpToDate, "the running machine is what was declared")
}

// pending returns what waits for the next start, and what KubeVirt is changing in the running machine. KubeVirt brings
// nothing into a machine of which it says that it has to be restarted, but NICs; nor what takes a migration into one that
// cannot migrate.
func pending(seen *observed) (fixed, live []string) {
	refused := kubeVirtWantsRestart(seen.machine)
	for _, difference := range differences(seen.machine, seen.instance) {
		if difference.live && refused == nil {
			live = append(live, difference.text)
			continue
		}
		fixed = append(fixed, difference.text)
	}
	if refused != nil && len(fixed) == 0 {
		fixed = append(fixed, fmt.Sprintf("what KubeVirt says: %s", refused.Message))
	}
	moving := underWay(seen.machine, seen.instance)
	if len(moving) > 0 && cannotMigrate(seen.instance) {
		return append(fixed, moving...), live
	}
	return fixed, append(live, moving...)
}

func kubeVirtWantsRestart(machine *kubevirtv1.VirtualMachine) *kubevirtv1.VirtualMachineCondition {
	for i := range machine.Status.Conditions {
		if c := &machine.Status.Conditions[i]; c.Type == kubevirtv1.VirtualMachineRestartRequired && c.Status == corev1.ConditionTrue {
			return c
		}
	}
	return nil
}

// cannotMigrate reports whether a machine that has to migrate for a change cannot.
func cannotMigrate(instance *kubevirtv1.VirtualMachineInstance) bool {
	migratable := instanceCondition(instance, kubevirtv1.VirtualMachineInstanceIsMigratable)
	return migratable != nil && migratable.Status == corev1.ConditionFalse && slices.ContainsFunc([]kubevirtv1.VirtualMachineInstanceConditionType{
		kubevirtv1.VirtualMachineInstanceMigrationRequired, kubevirtv1.VirtualMachineInstanceVCPUChange, kubevirtv1.VirtualMachineInstanceMemoryChange,
	}, func(kind kubevirtv1.VirtualMachineInstanceConditionType) bool { return isTrue(instance, kind) })
}

// movedNetworks names the networks whose attachment is another one in the machine than in its pod, in alphabetical order. The
// instance says what is wanted, as the machine does, before it has moved; so it counts only where the pod says nothing.
func movedNetworks(seen *observed) []string {
	if seen.machine.Spec.Template == nil {
		return nil
	}
	running := map[string]string{}
	for _, network := range seen.instance.Spec.Networks {
		if network.Multus != nil {
			running[network.Name] = capability.AttachmentKey(seen.instance.Namespace, network.Multus.NetworkName).String()
		}
	}
	links := map[string]string{}
	if seen.launcher != nil {
		for _, link := range capability.LinksOf(seen.launcher) {
			links[link.Interface] = link.Name
		}
	}
	for _, nic := range seen.instance.Status.Interfaces {
		if link, linked := links[nic.PodInterfaceName]; linked && nic.Name != "" {
			running[nic.Name] = link
		}
	}
	var moved []string
	for _, n := range byName(nicsOf(&seen.machine.Spec.Template.Spec)) {
		before, attached := running[n.device.Name]
		if attached && n.network.Multus != nil && n.device.State != kubevirtv1.InterfaceStateAbsent &&
			capability.AttachmentKey(seen.machine.Namespace, n.network.Multus.NetworkName).String() != before {
			moved = append(moved, n.device.Name)
		}
	}
	return moved
}

// guestDataChanged says what of the guest's data is another than the guest was started with, empty for nothing. What it was told
// of a network that is gone does not matter any more.
func guestDataChanged(seen *observed, res result) string {
	started, declared := seen.instance.Annotations, map[string]string{
		vm.AnnotationCloudInitHash: res.cloudInitHash, vm.AnnotationCloudInitParts: res.cloudInitParts,
	}
	if res.cloudInitHash == "" && seen.machine.Spec.Template != nil {
		// Nothing new could be rendered, so what was applied last is what the next start reads.
		declared = seen.machine.Spec.Template.ObjectMeta.Annotations
	}
	was, is := started[vm.AnnotationCloudInitHash], declared[vm.AnnotationCloudInitHash]
	if was == "" || is == "" || was == is {
		return ""
	}
	before, after := cloudinit.ReadParts(started[vm.AnnotationCloudInitParts]), cloudinit.ReadParts(declared[vm.AnnotationCloudInitParts])
	if before == nil || after == nil {
		return "the guest was started with an earlier configuration"
	}
	return wordsFor(before.Until(*after), seen.wukong.Spec.EffectiveNetworks())
}

// wordsFor says what changes mean, with the networks' names instead of the NICs'.
func wordsFor(changes cloudinit.Changes, networks []vmv1alpha1.Network) string {
	namesOf := func(nics []string) string {
		var names []string
		for _, network := range networks {
			if slices.Contains(nics, naming.GuestInterface(network.Name)) {
				names = append(names, network.Name)
			}
		}
		slices.Sort(names)
		return strings.Join(names, ", ")
	}
	var earlier, messages []string
	if changes.UserData {
		earlier = append(earlier, "user-data")
	}
	if len(changes.Changed) > 0 {
		earlier = append(earlier, "configuration of network "+namesOf(changes.Changed))
	}
	if changes.Network {
		earlier = append(earlier, "network-config")
	}
	if len(earlier) > 0 {
		messages = append(messages, "the guest was started with an earlier "+strings.Join(earlier, " and "))
	}
	if len(changes.Added) > 0 {
		messages = append(messages, "the guest configures network "+namesOf(changes.Added)+" when it starts, and was started without")
	}
	return strings.Join(messages, "; ")
}
