// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package image builds the disk that a node boots from: Debian with its own kernel, NetworkManager and Open vSwitch.
package image

import "fmt"

// NIC is a NIC of the node.
type NIC struct {
	// Name is what the node calls the NIC.
	Name string
	// MAC finds it.
	MAC string
	// Profile is NetworkManager's profile of the NIC in its keyfile format; empty leaves the NIC to NetworkManager.
	Profile string
}

// Recipe says what is on a disk. Two equal recipes share one.
type Recipe struct {
	// Suite is the Debian release.
	Suite string
	// Packages are installed beside those of every node.
	Packages []string
	// Hostname is the node's name.
	Hostname string
	// NICs are the node's.
	NICs []NIC
}

// packages are on every node.
var packages = []string{
	"dbus", "iproute2", "iputils-ping", "kmod", "linux-image-amd64", "network-manager", "openssh-server",
	"openvswitch-switch", "systemd-sysv", "udev",
}

// files are those that make the disk this node's, by path.
func (r Recipe) files() map[string]string {
	files := map[string]string{
		"etc/hostname": r.Hostname + "\n",
		// NetworkManager writes it.
		"etc/resolv.conf": "",
	}
	for _, nic := range r.NICs {
		files["etc/systemd/network/10-"+nic.Name+".link"] = fmt.Sprintf("[Match]\nPermanentMACAddress=%s\n\n[Link]\nName=%s\n", nic.MAC, nic.Name)
		if nic.Profile != "" {
			files["etc/NetworkManager/system-connections/"+nic.Name+".nmconnection"] = nic.Profile
		}
	}
	return files
}
