// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// bind connects a NIC that a CNI plugin has plugged to the guest's tap, as KubeVirt's bridge binding does: the guest has the
// NIC's MAC, so the NIC itself gets that of the bridge between the two, and the bridge learns nothing of the NIC.
func (p *Pod) bind(ctx context.Context, nic NIC) error {
	names := linksOf(nic.Network)
	mtu, err := p.mtu(names.pod)
	if err != nil {
		return err
	}
	for _, arguments := range [][]string{
		{"link", "add", names.bridge, "address", names.bridgeMAC(), "type", "bridge"},
		{"link", "set", names.pod, "down"},
		{"link", "set", names.pod, "name", names.nic},
		{"address", "flush", "dev", names.nic},
		{"link", "set", names.nic, "address", names.bridgeMAC(), "master", names.bridge},
		{"link", "set", names.nic, "type", "bridge_slave", "learning", "off"},
		{"tuntap", "add", "dev", names.tap, "mode", "tap"},
		{"link", "set", names.tap, "mtu", strconv.Itoa(mtu), "master", names.bridge},
		{"link", "set", names.bridge, "up"},
		{"link", "set", names.nic, "up"},
		{"link", "set", names.tap, "up"},
	} {
		if err := p.namespace.IP(ctx, arguments...); err != nil {
			return err
		}
	}
	return p.withoutIPv6(names.nic)
}

// withoutIPv6 keeps a link of the pod from having an address of its own in the guest's network.
func (p *Pod) withoutIPv6(link string) error {
	return p.namespace.Do(func() error {
		return os.WriteFile(filepath.Join("/proc/sys/net/ipv6/conf", link, "disable_ipv6"), []byte("1"), 0o644)
	})
}

// mtu returns a link's MTU in bytes.
func (p *Pod) mtu(link string) (int, error) {
	var mtu int
	err := p.namespace.Do(func() error {
		found, err := net.InterfaceByName(link)
		if err != nil {
			return fmt.Errorf("the CNI plugin plugged no %s: %w", link, err)
		}
		mtu = found.MTU
		return nil
	})
	return mtu, err
}
