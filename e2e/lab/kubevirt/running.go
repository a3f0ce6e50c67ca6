// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"

	"github.com/novasphere/wukong/e2e/lab/kubevirt/guest"
)

// withoutSELinux is what virt-handler says of a node that has no SELinux (KubeVirt, pkg/virt-handler/vm.go).
const withoutSELinux = "none"

// boot starts the guest: it reads its cloud-init data once, here, and keeps what it made of them until the next start.
func (a *Actor) boot(ctx context.Context, s *scene) (time.Duration, error) {
	if s.pod == nil {
		return 0, a.enter(ctx, s.vmi, kubevirtv1.Failed, nil)
	}
	if s.script.crashes > 0 {
		return 0, a.crash(ctx, s)
	}
	if err := a.enter(ctx, s.vmi, kubevirtv1.Scheduled, withMACs); err != nil {
		return 0, err
	}
	data, err := a.guestData(ctx, s.vmi)
	if err != nil {
		return 0, err
	}
	m := a.machine(s.key)
	disk := guest.Disk{}
	if bootsPersistently(s.vmi) {
		disk = s.script.persistentDisk
	}
	networkData, disk := disk.Effective(data)
	outcome := guest.Boot(networkData, plugged(s.vmi, podAddress(s.pod), s.script.dhcp), s.script.image)
	m.mu.Lock()
	m.booted, m.script.persistentDisk = outcome, disk
	m.mu.Unlock()
	return a.options.AgentDelay, a.enter(ctx, s.vmi, kubevirtv1.Running, func(vmi *kubevirtv1.VirtualMachineInstance) {
		if !a.options.NodesOnly {
			setCondition(vmi, kubevirtv1.VirtualMachineInstanceReady, corev1.ConditionTrue, "", "")
		}
		setMigratable(vmi)
		setTopology(vmi)
		// The target of a migration is labelled like its source, which therefore has to say that it is not labelled.
		vmi.Status.SelinuxContext = withoutSELinux
		vmi.Status.Interfaces = a.report(s.vmi, s.pod, outcome, s.script, false)
	})
}

// crash uses up one scripted crash.
func (a *Actor) crash(ctx context.Context, s *scene) error {
	m := a.machine(s.key)
	m.mu.Lock()
	m.script.crashes--
	m.mu.Unlock()
	return a.enter(ctx, s.vmi, kubevirtv1.Failed, func(vmi *kubevirtv1.VirtualMachineInstance) {
		setCondition(vmi, kubevirtv1.VirtualMachineInstanceReady, corev1.ConditionFalse, "GuestNotRunning", "Guest VM is not reported as running")
	})
}

// attend keeps the report of a running instance in line with its agent and its script.
func (a *Actor) attend(ctx context.Context, s *scene) (time.Duration, error) {
	if s.pod == nil {
		return 0, a.enter(ctx, s.vmi, kubevirtv1.Failed, stopped)
	}
	if left := a.options.AgentDelay - a.phaseAge(s.vmi); left > 0 && condition(s.vmi, kubevirtv1.VirtualMachineInstanceAgentConnected) == nil {
		return left, nil
	}
	if err := a.follow(ctx, s); err != nil {
		return 0, err
	}
	connected := a.hasAgent(s.script)
	inside := a.machine(s.key).plugIntoGuest(s.vmi, s.pod)
	var after time.Duration
	err := a.writeInstance(ctx, s.vmi, func(vmi *kubevirtv1.VirtualMachineInstance) {
		vmi.Status.Interfaces = a.report(vmi, s.pod, inside, s.script, connected)
		if !a.options.NodesOnly {
			judgeGrowth(vmi)
			after = judgeMigration(vmi, s.pod, time.Now())
		}
		if !connected {
			dropCondition(vmi, kubevirtv1.VirtualMachineInstanceAgentConnected)
			vmi.Status.GuestOSInfo = kubevirtv1.VirtualMachineInstanceGuestOSInfo{}
			return
		}
		setCondition(vmi, kubevirtv1.VirtualMachineInstanceAgentConnected, corev1.ConditionTrue, "", "")
		vmi.Status.GuestOSInfo = kubevirtv1.VirtualMachineInstanceGuestOSInfo{ID: "fedora", Name: "Fedora Linux", PrettyName: "Fedora Linux 41"}
	})
	return after, err
}

// follow brings the pod's links in line with the instance's NICs, and the guest to another pod when that was asked for. With
// KubeVirt's own control plane that is virt-controller's, but for the links themselves.
func (a *Actor) follow(ctx context.Context, s *scene) error {
	switch {
	case a.options.NodesOnly && a.options.DynamicNetworks:
		return a.relink(ctx, s.pod)
	case a.options.NodesOnly:
		return nil
	}
	if err := a.linkNICs(ctx, s); err != nil {
		return err
	}
	return a.migrate(ctx, s)
}

func (a *Actor) hasAgent(s script) bool {
	if s.agent != nil {
		return *s.agent
	}
	return !a.options.WithoutAgent
}

// bootsPersistently is true if the first disk outlives a restart, and with it what cloud-init remembers.
func bootsPersistently(vmi *kubevirtv1.VirtualMachineInstance) bool {
	for _, volume := range vmi.Spec.Volumes {
		if volume.DataVolume != nil || volume.PersistentVolumeClaim != nil {
			return true
		}
		if volume.ContainerDisk != nil {
			return false
		}
	}
	return false
}

// setMigratable judges what the model knows: a pod network through a bridge blocks migration (KubeVirt, pkg/network/vmispec).
func setMigratable(vmi *kubevirtv1.VirtualMachineInstance) {
	for _, network := range vmi.Spec.Networks {
		if network.Pod != nil && interfaceOf(vmi, network.Name).Bridge != nil {
			setCondition(vmi, kubevirtv1.VirtualMachineInstanceIsMigratable, corev1.ConditionFalse,
				kubevirtv1.VirtualMachineInstanceReasonInterfaceNotMigratable,
				"cannot migrate VMI which does not use masquerade, bridge with "+
					"kubevirt.io/allow-pod-bridge-network-live-migration VM annotation or a migratable plugin to connect to the pod network")
			return
		}
	}
	setCondition(vmi, kubevirtv1.VirtualMachineInstanceIsMigratable, corev1.ConditionTrue, "", "")
}

// lowerMAC is the form in which a guest's kernel writes an address.
func lowerMAC(mac string) string {
	return strings.ToLower(strings.ReplaceAll(mac, "-", ":"))
}
