// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"crypto/rand"
	"net"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"

	"github.com/novasphere/wukong/e2e/lab/kubevirt/guest"
)

// masqueradeAddress is what KubeVirt's DHCP server gives every guest behind a masquerade binding.
const masqueradeAddress = "10.0.2.2/24"

// Where KubeVirt learned of an interface (KubeVirt, pkg/network/vmispec/infosource.go).
const (
	sourceDomain = "domain"
	sourceAgent  = "guest-agent"
	sourceMultus = "multus-status"
)

// withMACs gives a NIC without an address one in the instance's status: another one at each start, as KubeVirt
// does.
func withMACs(vmi *kubevirtv1.VirtualMachineInstance) {
	for _, nic := range vmi.Spec.Domain.Devices.Interfaces {
		if nic.MacAddress == "" && macOf(vmi, nic.Name) == "" {
			vmi.Status.Interfaces = append(vmi.Status.Interfaces,
				kubevirtv1.VirtualMachineInstanceNetworkInterface{Name: nic.Name, MAC: randomMAC(), InfoSource: "domain"})
		}
	}
}

func randomMAC() string {
	mac := make(net.HardwareAddr, 6)
	_, _ = rand.Read(mac)
	mac[0] = mac[0]&^0x01 | 0x02
	return mac.String()
}

// macOf is the address of a NIC: that of the spec, else the one it was given at this start.
func macOf(vmi *kubevirtv1.VirtualMachineInstance, name string) string {
	if mac := interfaceOf(vmi, name).MacAddress; mac != "" {
		return lowerMAC(mac)
	}
	for _, nic := range vmi.Status.Interfaces {
		if nic.Name == name {
			return nic.MAC
		}
	}
	return ""
}

// plugged lists the NICs of an instance as the guest finds them, with what DHCP would give on each.
func plugged(vmi *kubevirtv1.VirtualMachineInstance, podIP string, dhcp map[string][]string) []guest.NIC {
	nics := make([]guest.NIC, 0, len(vmi.Spec.Domain.Devices.Interfaces))
	for _, nic := range vmi.Spec.Domain.Devices.Interfaces {
		if nic.State == kubevirtv1.InterfaceStateAbsent {
			continue
		}
		answer := dhcp[nic.Name]
		if onPodNetwork(vmi, nic.Name) {
			answer = []string{podIP + "/24"}
			if nic.Masquerade != nil {
				answer = []string{masqueradeAddress}
			}
		}
		nics = append(nics, guest.NIC{Network: nic.Name, MAC: macOf(vmi, nic.Name), DHCP: answer})
	}
	return nics
}

func onPodNetwork(vmi *kubevirtv1.VirtualMachineInstance, name string) bool {
	for _, network := range vmi.Spec.Networks {
		if network.Name == name {
			return network.Pod != nil
		}
	}
	return false
}

// report is the list of interfaces in the status of an instance. Addresses of secondary NICs are known only through the
// agent. On the pod network the pod's address is reported, unless the agent sees none on that NIC (KubeVirt, pkg/network/setup/netstat.go).
func (a *Actor) report(
	vmi *kubevirtv1.VirtualMachineInstance, pod *corev1.Pod, inside guest.Network, s script, agent bool,
) []kubevirtv1.VirtualMachineInstanceNetworkInterface {
	var list []kubevirtv1.VirtualMachineInstanceNetworkInterface
	links := podLinks(pod)
	for _, network := range podNetworkFirst(vmi.Spec.Networks) {
		link, found := inside.Link(network.Name)
		_, linked := links[podNIC(network)]
		sources := sourcesOf(found || network.Pod != nil, found && agent, linked || network.Pod != nil)
		if sources == "" {
			continue
		}
		nic := kubevirtv1.VirtualMachineInstanceNetworkInterface{
			Name: network.Name, MAC: macOf(vmi, network.Name), PodInterfaceName: podNIC(network),
			InfoSource: sources, QueueCount: 1, LinkState: "up",
		}
		if interfaceOf(vmi, network.Name).State == kubevirtv1.InterfaceStateLinkDown {
			nic.LinkState = "down"
		}
		if network.Pod != nil {
			nic.IPs = []string{podAddress(pod)}
		}
		if agent && found {
			nic.InterfaceName = link.Name
			addresses := plain(link.Addresses)
			if told, scripted := s.reported[network.Name]; scripted {
				addresses = told
			}
			if network.Pod == nil || len(addresses) == 0 || len(s.reported[network.Name]) > 0 {
				nic.IPs = addresses
			}
		}
		if len(nic.IPs) > 0 {
			nic.IP = nic.IPs[0]
		}
		list = append(list, nic)
	}
	return list
}

// podNetworkFirst is the order in which virt-controller keeps the interfaces of an instance's status.
func podNetworkFirst(networks []kubevirtv1.Network) []kubevirtv1.Network {
	ordered := slices.Clone(networks)
	slices.SortStableFunc(ordered, func(a, b kubevirtv1.Network) int {
		switch {
		case a.Pod != nil && b.Pod == nil:
			return -1
		case a.Pod == nil && b.Pod != nil:
			return 1
		default:
			return 0
		}
	})
	return ordered
}

// sourcesOf lists who knows of a NIC.
func sourcesOf(domain, agent, multus bool) string {
	var sources []string
	for _, source := range []struct {
		name  string
		knows bool
	}{{sourceDomain, domain}, {sourceAgent, agent}, {sourceMultus, multus}} {
		if source.knows {
			sources = append(sources, source.name)
		}
	}
	return strings.Join(sources, ", ")
}

// plain drops the prefix lengths, which KubeVirt does not report.
func plain(cidrs []string) []string {
	addresses := make([]string, 0, len(cidrs))
	for _, cidr := range cidrs {
		if prefix, err := netip.ParsePrefix(cidr); err == nil {
			addresses = append(addresses, prefix.Addr().String())
		}
	}
	return addresses
}
