// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package guest

import "fmt"

// NIC is one network card as the hypervisor plugs it, in the order of the bus.
type NIC struct {
	// Network is the name KubeVirt knows the NIC by.
	Network string
	MAC     string
	// DHCP are the addresses in CIDR notation that a DHCP client on this NIC is given; empty where nothing answers.
	DHCP []string
}

// Link is what became of a NIC inside the guest.
type Link struct {
	Network string
	MAC     string
	// Name is the interface's name in the guest.
	Name string
	// Addresses are in CIDR notation.
	Addresses []string
}

// Image says what the guest is made of, as far as it matters here.
type Image struct {
	// WithoutNetplan is a guest whose cloud-init renders for networkd, ifupdown or NetworkManager directly, at a version
	// before 25.3.
	WithoutNetplan bool
}

// Network is the outcome of a boot.
type Network struct {
	Links []Link
	// Problem says why cloud-init configured nothing, or less than it was asked to; empty when all is well.
	Problem string
}

// Link returns what became of the NIC of a network.
func (n Network) Link(network string) (Link, bool) {
	for _, link := range n.Links {
		if link.Network == network {
			return link, true
		}
	}
	return Link{}, false
}

// Hotplugged is a NIC that is plugged into a guest which runs: it has a name and nothing else, since the guest reads its
// network data when it boots. index counts the NICs that were there before.
func Hotplugged(network, mac string, index int) Link {
	return Link{Network: network, MAC: mac, Name: kernelName(index)}
}

// bare are the NICs without any configuration, under the kernel's names.
func bare(nics []NIC) []Link {
	links := make([]Link, 0, len(nics))
	for i, nic := range nics {
		links = append(links, Link{Network: nic.Network, MAC: nic.MAC, Name: kernelName(i)})
	}
	return links
}

// kernelName counts PCI buses from 1, which is where KubeVirt's root ports start.
func kernelName(index int) string {
	return fmt.Sprintf("enp%ds0", index+1)
}
