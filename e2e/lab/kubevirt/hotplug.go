// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/e2e/lab/acting"
	"github.com/novasphere/wukong/e2e/lab/kubevirt/guest"
)

// migrationGrace is how long a machine waits for whoever plugs links into pods before it asks for a migration; upstream's is
// 15 seconds (KubeVirt, pkg/network/migration).
const migrationGrace = 100 * time.Millisecond

// syncNICs lets the NICs of a machine reach its instance, and takes those that were unplugged out of both (KubeVirt,
// pkg/network/controllers/vm.go).
func (a *Actor) syncNICs(ctx context.Context, s *scene) error {
	if s.machine.Spec.Template == nil || s.vmi != nil && s.vmi.DeletionTimestamp != nil {
		return nil
	}
	if s.vmi != nil {
		err := acting.Edit(ctx, a.client, s.vmi, managerController, func(vmi *kubevirtv1.VirtualMachineInstance) {
			followNICs(&s.machine.Spec.Template.Spec, vmi)
		})
		if err != nil {
			return fmt.Errorf("plug NICs into the instance: %w", err)
		}
	}
	before := s.machine.DeepCopy()
	dropUnplugged(&s.machine.Spec.Template.Spec, s.vmi)
	if equality.Semantic.DeepEqual(before.Spec, s.machine.Spec) {
		return nil
	}
	// An update, which fails when the machine has changed in the meantime.
	err := a.client.Patch(ctx, s.machine, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}), client.FieldOwner(managerController))
	if err != nil {
		return fmt.Errorf("take unplugged NICs out of the machine: %w", err)
	}
	return nil
}

// followNICs plugs new NICs with the bridge or SR-IOV binding, and no others; marks those that are to be unplugged; and points
// networks at their present attachments.
func followNICs(machine *kubevirtv1.VirtualMachineInstanceSpec, vmi *kubevirtv1.VirtualMachineInstance) {
	for _, wanted := range machine.Domain.Devices.Interfaces {
		index := slices.IndexFunc(vmi.Spec.Domain.Devices.Interfaces, func(nic kubevirtv1.Interface) bool { return nic.Name == wanted.Name })
		switch {
		case index >= 0:
			if nic := &vmi.Spec.Domain.Devices.Interfaces[index]; nic.State != kubevirtv1.InterfaceStateAbsent {
				nic.State = wanted.State
			}
		case wanted.State != kubevirtv1.InterfaceStateAbsent && (wanted.Bridge != nil || wanted.SRIOV != nil):
			vmi.Spec.Domain.Devices.Interfaces = append(vmi.Spec.Domain.Devices.Interfaces, wanted)
			vmi.Spec.Networks = append(vmi.Spec.Networks, networkOf(machine, wanted.Name))
		}
	}
	vmi.Spec.Domain.Devices.Interfaces = slices.DeleteFunc(vmi.Spec.Domain.Devices.Interfaces, func(nic kubevirtv1.Interface) bool {
		return nic.State == kubevirtv1.InterfaceStateAbsent && !isReported(vmi, nic.Name)
	})
	dropNetworks(&vmi.Spec)
	for i := range vmi.Spec.Networks {
		if wanted := networkOf(machine, vmi.Spec.Networks[i].Name); wanted.Multus != nil && vmi.Spec.Networks[i].Multus != nil {
			vmi.Spec.Networks[i].Multus.NetworkName = wanted.Multus.NetworkName
		}
	}
}

// dropUnplugged takes NICs that are to be absent out of a machine, once nothing has them any more.
func dropUnplugged(machine *kubevirtv1.VirtualMachineInstanceSpec, vmi *kubevirtv1.VirtualMachineInstance) {
	machine.Domain.Devices.Interfaces = slices.DeleteFunc(machine.Domain.Devices.Interfaces, func(nic kubevirtv1.Interface) bool {
		plugged := vmi != nil && (interfaceOf(vmi, nic.Name).Name != "" || isReported(vmi, nic.Name))
		return nic.State == kubevirtv1.InterfaceStateAbsent && !plugged
	})
	dropNetworks(machine)
}

// dropNetworks takes out the networks that have no NIC.
func dropNetworks(spec *kubevirtv1.VirtualMachineInstanceSpec) {
	spec.Networks = slices.DeleteFunc(spec.Networks, func(network kubevirtv1.Network) bool {
		return !slices.ContainsFunc(spec.Domain.Devices.Interfaces, func(nic kubevirtv1.Interface) bool { return nic.Name == network.Name })
	})
}

func networkOf(spec *kubevirtv1.VirtualMachineInstanceSpec, name string) kubevirtv1.Network {
	for _, network := range spec.Networks {
		if network.Name == name {
			return network
		}
	}
	return kubevirtv1.Network{}
}

func isReported(vmi *kubevirtv1.VirtualMachineInstance, name string) bool {
	return slices.ContainsFunc(vmi.Status.Interfaces, func(nic kubevirtv1.VirtualMachineInstanceNetworkInterface) bool { return nic.Name == name })
}

// linkNICs asks Multus for the links of NICs that were plugged, and to take away those of NICs that are to be unplugged. It is
// done at once where somebody plugs links into running pods.
func (a *Actor) linkNICs(ctx context.Context, s *scene) error {
	networks, changes := toLink(s.vmi)
	if !changes {
		return nil
	}
	asked, err := multusAnnotation(s.vmi, networks)
	if err != nil {
		return err
	}
	err = acting.Edit(ctx, a.client, s.pod, managerController, func(pod *corev1.Pod) { pod.Annotations[networksAnnotation] = asked })
	if err != nil {
		return fmt.Errorf("change the links of pod %s: %w", s.pod.Name, err)
	}
	if !a.options.DynamicNetworks {
		return nil
	}
	return a.relink(ctx, s.pod)
}

// toLink returns the networks that a running pod is to be linked to, and whether that is a change. SR-IOV is not plugged into a
// pod that runs (KubeVirt, pkg/network/pod/annotations).
func toLink(vmi *kubevirtv1.VirtualMachineInstance) ([]kubevirtv1.Network, bool) {
	var networks []kubevirtv1.Network
	changes := false
	for _, network := range vmi.Spec.Networks {
		nic := interfaceOf(vmi, network.Name)
		if nic.State == kubevirtv1.InterfaceStateAbsent {
			changes = true
			continue
		}
		if !isReported(vmi, network.Name) {
			if nic.SRIOV != nil {
				continue
			}
			changes = true
		}
		networks = append(networks, network)
	}
	return networks, changes
}

// plugIntoGuest gives the guest the NICs whose links the pod has, without any configuration, and takes from it those that are
// to be absent.
func (m *Machine) plugIntoGuest(vmi *kubevirtv1.VirtualMachineInstance, pod *corev1.Pod) guest.Network {
	links := podLinks(pod)
	m.mu.Lock()
	defer m.mu.Unlock()
	keeps := m.script.unplugHeld
	m.booted.Links = slices.DeleteFunc(m.booted.Links, func(link guest.Link) bool {
		return !keeps && interfaceOf(vmi, link.Network).State == kubevirtv1.InterfaceStateAbsent
	})
	for _, network := range vmi.Spec.Networks {
		_, plugged := m.booted.Link(network.Name)
		_, linked := links[podNIC(network)]
		if !plugged && linked && interfaceOf(vmi, network.Name).State != kubevirtv1.InterfaceStateAbsent {
			m.booted.Links = append(m.booted.Links, guest.Hotplugged(network.Name, macOf(vmi, network.Name), len(m.booted.Links)))
		}
	}
	return guest.Network{Links: slices.Clone(m.booted.Links), Problem: m.booted.Problem}
}

// judgeMigration says whether the NICs want a migration, and when to look again (KubeVirt, pkg/network/migration).
func judgeMigration(vmi *kubevirtv1.VirtualMachineInstance, pod *corev1.Pod, now time.Time) time.Duration {
	const kind = kubevirtv1.VirtualMachineInstanceMigrationRequired
	needed, pending := migrationNeeded(vmi, pod)
	before := condition(vmi, kind)
	switch {
	case needed:
		setCondition(vmi, kind, corev1.ConditionTrue, kubevirtv1.VirtualMachineInstanceReasonAutoMigrationDueToLiveUpdate, "")
	case !pending:
		dropCondition(vmi, kind)
	case before == nil:
		setCondition(vmi, kind, corev1.ConditionFalse, kubevirtv1.VirtualMachineInstanceReasonAutoMigrationPending, "")
		return migrationGrace
	case before.Status == corev1.ConditionFalse:
		// The API server keeps whole seconds of the time, so that the grace is over by then.
		if left := migrationGrace - now.Sub(before.LastProbeTime.Time); left > 0 {
			return left
		}
		setCondition(vmi, kind, corev1.ConditionTrue, kubevirtv1.VirtualMachineInstanceReasonAutoMigrationDueToLiveUpdate, "")
	}
	return 0
}

func migrationNeeded(vmi *kubevirtv1.VirtualMachineInstance, pod *corev1.Pod) (needed, pending bool) {
	links := podLinks(pod)
	for _, network := range vmi.Spec.Networks {
		if network.Multus == nil || network.Multus.Default {
			continue
		}
		nic := interfaceOf(vmi, network.Name)
		absent := nic.State == kubevirtv1.InterfaceStateAbsent
		linkedTo, linked := links[podNIC(network)]
		switch {
		case !absent && !isReported(vmi, network.Name):
			needed, pending = needed || nic.SRIOV != nil, true
		case absent && linked:
			pending = true
		case linked && linkedTo != attachment(vmi.Namespace, network.Multus).String():
			needed = true
		}
	}
	return needed, pending
}
