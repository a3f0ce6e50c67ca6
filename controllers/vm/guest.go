// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
)

// guest is what is declared of the guest's networks beside what is reported of them.
type guest struct {
	networks []vmv1alpha1.Network
	running  bool
	// agent tells whether a guest agent reports; without it KubeVirt knows no address of a network that has
	// no IPAM.
	agent    bool
	reported map[string]kubevirtv1.VirtualMachineInstanceNetworkInterface
}

func guestOf(seen *observed) guest {
	g := guest{
		networks: seen.wukong.Spec.EffectiveNetworks(),
		reported: map[string]kubevirtv1.VirtualMachineInstanceNetworkInterface{},
	}
	if seen.instance == nil {
		return g
	}
	g.running = seen.instance.Status.Phase == kubevirtv1.Running
	g.agent = isTrue(seen.instance, kubevirtv1.VirtualMachineInstanceAgentConnected)
	for _, nic := range seen.instance.Status.Interfaces {
		if nic.Name != "" {
			g.reported[nic.Name] = nic
		}
	}
	return g
}

// hasSource reports whether KubeVirt knows of a NIC from a source: "domain", "guest-agent" or "multus-status".
func hasSource(nic kubevirtv1.VirtualMachineInstanceNetworkInterface, source string) bool {
	return slices.ContainsFunc(strings.Split(nic.InfoSource, ","), func(known string) bool { return strings.TrimSpace(known) == source })
}

// seenByAgent reports whether what KubeVirt says of a NIC comes from the guest.
func seenByAgent(nic kubevirtv1.VirtualMachineInstanceNetworkInterface) bool {
	return hasSource(nic, "guest-agent")
}

// inSync is GuestNetworkInSync: each declared address is on the NIC with the declared MAC.
func (g guest) inSync() metav1.Condition {
	const conditionType = vmv1alpha1.ConditionGuestNetworkInSync
	switch {
	case !g.running:
		return conditions.Unknown(conditionType, vmv1alpha1.ReasonNotRunning, "the machine does not run")
	case !g.agent:
		return conditions.Unknown(conditionType, vmv1alpha1.ReasonGuestAgentNotConnected,
			"no guest agent reports the guest's addresses; install qemu-guest-agent in the guest to have them checked")
	}
	var differences []string
	for i := range g.networks {
		if difference := g.difference(&g.networks[i]); difference != "" {
			differences = append(differences, difference)
		}
	}
	if len(differences) > 0 {
		return conditions.False(conditionType, vmv1alpha1.ReasonAddressesDiffer, fmt.Sprintf(
			"%s; cloud-init configures the declared addresses at each start: restart the machine, or look at its cloud-init log", strings.Join(differences, "; ")))
	}
	return conditions.True(conditionType, vmv1alpha1.ReasonAddressesObserved, "each declared address was seen in the guest")
}

// difference returns how a network in the guest differs from its declaration, empty when it does not.
func (g guest) difference(network *vmv1alpha1.Network) string {
	nic := g.reported[network.Name]
	var missing []string
	for _, declared := range network.IPConfig.AllAddresses() {
		prefix, err := netip.ParsePrefix(string(declared))
		if err != nil || !hasAddress(nic, prefix.Addr()) {
			missing = append(missing, string(declared))
		}
	}
	if len(missing) == 0 {
		return ""
	}
	observed := "none"
	if len(nic.IPs) > 0 {
		observed = strings.Join(slices.Sorted(slices.Values(nic.IPs)), ", ")
	}
	return fmt.Sprintf("network %s: declared %s, the guest has %s", network.Name, strings.Join(missing, ", "), observed)
}

// hasAddress compares addresses as addresses, since there are many ways to write an IPv6 one.
func hasAddress(nic kubevirtv1.VirtualMachineInstanceNetworkInterface, address netip.Addr) bool {
	return slices.ContainsFunc(nic.IPs, func(text string) bool {
		observed, err := netip.ParseAddr(text)
		return err == nil && observed == address
	})
}

// reachableAt returns the guest's addresses for a person to use: those of the declared networks first, and the pod
// network's last, which only the cluster reaches.
func (g guest) reachableAt() []string {
	var declared, pod []string
	for i := range g.networks {
		network := &g.networks[i]
		addresses := g.addressesOf(network)
		if network.IsPodNetwork() {
			pod = append(pod, addresses...)
			continue
		}
		declared = append(declared, addresses...)
	}
	return append(declared, pod...)
}

// addressesOf returns what the guest agent reports of a network, else what is declared.
func (g guest) addressesOf(network *vmv1alpha1.Network) []string {
	if nic, ok := g.reported[network.Name]; ok && (seenByAgent(nic) || network.IsPodNetwork()) {
		return withoutLinkLocal(nic.IPs)
	}
	var declared []string
	for _, address := range network.IPConfig.AllAddresses() {
		declared = append(declared, strings.Split(string(address), "/")[0])
	}
	return declared
}

func withoutLinkLocal(addresses []string) []string {
	return slices.DeleteFunc(slices.Clone(addresses), func(text string) bool {
		address, err := netip.ParseAddr(text)
		return err == nil && address.IsLinkLocalUnicast()
	})
}

// interfaces returns what KubeVirt reports of the declared networks' NICs. While the guest agent is silent they keep what it
// reported last, which before tells.
func (g guest) interfaces(before *vmv1alpha1.VirtualMachineStatus) []vmv1alpha1.InterfaceStatus {
	var statuses []vmv1alpha1.InterfaceStatus
	for i := range g.networks {
		nic, ok := g.reported[g.networks[i].Name]
		if !ok {
			continue
		}
		status := vmv1alpha1.InterfaceStatus{
			Name:          nic.Name,
			MACAddress:    strings.ToLower(nic.MAC),
			InterfaceName: nic.InterfaceName,
			IPAddresses:   slices.Sorted(slices.Values(nic.IPs)),
		}
		if last := lastSeen(before, status); last != nil && g.running && !g.agent && !g.networks[i].IsPodNetwork() {
			status.InterfaceName, status.IPAddresses = last.InterfaceName, last.IPAddresses
		}
		statuses = append(statuses, status)
	}
	return statuses
}

// lastSeen returns what was told of a NIC before, nil where that was nothing or another NIC.
func lastSeen(before *vmv1alpha1.VirtualMachineStatus, nic vmv1alpha1.InterfaceStatus) *vmv1alpha1.InterfaceStatus {
	if before == nil {
		return nil
	}
	for i := range before.Interfaces {
		if last := &before.Interfaces[i]; last.Name == nic.Name && last.MACAddress == nic.MACAddress {
			return last
		}
	}
	return nil
}

// silentSince returns since when the guest agent is missed: it reported before, as only it tells the NICs' names, and does not
// now. It is nil while it reports, and of one that never did.
func (g guest) silentSince(before *vmv1alpha1.VirtualMachineStatus, now metav1.Time) *metav1.Time {
	if before == nil || !g.running || g.agent {
		return nil
	}
	if before.AgentSilentSince != nil {
		return before.AgentSilentSince
	}
	if slices.ContainsFunc(before.Interfaces, func(nic vmv1alpha1.InterfaceStatus) bool { return nic.InterfaceName != "" }) {
		return new(now.Rfc3339Copy())
	}
	return nil
}
