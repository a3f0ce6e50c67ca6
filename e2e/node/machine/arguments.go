// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"fmt"
	"net"
)

const (
	loopback = "127.0.0.1"
	// management is the address of the node's first NIC, as QEMU's user network has it.
	management = "10.0.2.15"
)

// arguments are what the node's QEMU is given beside those of every machine.
func (m *Machine) arguments(spec Spec, port int) []string {
	arguments := []string{
		"-no-reboot",
		// What the node writes goes to a file that is gone with QEMU.
		"-drive", "if=virtio,format=raw,snapshot=on,file=" + spec.Image.Image(),
	}
	for i, nic := range spec.NICs {
		cable := fmt.Sprintf("dgram,id=cable%d,local.type=unix,local.path=%s,remote.type=unix,remote.path=%s",
			i, m.socket(nic.Name, "inside"), m.socket(nic.Name, "outside"))
		network := fmt.Sprintf("cable%d", i)
		arguments = append(arguments, "-netdev", cable)
		if i == 0 {
			// A hub: the way in for the logins, and the cable that the other NICs have, too.
			network = "hub"
			arguments = append(arguments,
				"-netdev", fmt.Sprintf("user,id=user,hostfwd=tcp:%s:%d-%s:22", loopback, port, management),
				"-netdev", "hubport,hubid=0,id=hub-user,netdev=user",
				"-netdev", "hubport,hubid=0,id=hub-cable,netdev=cable0",
				"-netdev", "hubport,hubid=0,id=hub")
		}
		arguments = append(arguments, "-device", fmt.Sprintf("virtio-net-pci,id=%s,netdev=%s,mac=%s", nic.Name, network, nic.MAC))
	}
	return arguments
}

// freePort returns a port that was free a moment ago.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		return 0, fmt.Errorf("picking a free port: %w", err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
