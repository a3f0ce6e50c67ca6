// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/containernetworking/cni/libcni"

	"github.com/novasphere/wukong/e2e/debian"
	"github.com/novasphere/wukong/e2e/guest/netns"
	"github.com/novasphere/wukong/e2e/qemu"
)

// Addresses of KubeVirt's masquerade binding (KubeVirt 1.9, api.DefaultVMCIDR).
const (
	podNetwork = "10.0.2.0/24"
	podGateway = "10.0.2.1"
	podDNS     = "10.0.2.3"
	podGuest   = "10.0.2.2"
	sshPort    = 22
)

// Node is where pods are started.
type Node struct {
	// Namespace has the node's bridges and NICs.
	Namespace *netns.Namespace
	// Plugins is the folder of the CNI plugins.
	Plugins string
}

// Pod is a machine that runs.
type Pod struct {
	*qemu.VM
	folder    string
	node      *netns.Namespace
	namespace *netns.Namespace
	cni       *libcni.CNIConfig
	machine   Machine
	// plugged are the NICs that a CNI plugin has plugged, and macvtaps those that are the guest's as they are, with the files
	// that QEMU has of them.
	plugged, macvtaps []NIC
	files             []*os.File
}

// Start makes the machine's pod and starts the machine in it, from a root disk that it writes to. Disk has the kernel. Stop
// the pod.
func (n Node) Start(ctx context.Context, machine Machine, disk debian.Disk, root string) (*Pod, error) {
	folder, err := os.MkdirTemp("", "wukong-guest-*")
	if err != nil {
		return nil, err
	}
	p := &Pod{folder: folder, node: n.Namespace, machine: machine}
	if err := p.start(ctx, n, disk, root); err != nil {
		return nil, errors.Join(err, p.Stop(ctx))
	}
	return p, nil
}

func (p *Pod) start(ctx context.Context, node Node, disk debian.Disk, root string) error {
	var err error
	if p.namespace, err = netns.New(ctx, "pod"); err != nil {
		return err
	}
	p.cni = libcni.NewCNIConfigWithCacheDir([]string{node.Plugins}, filepath.Join(p.folder, "cni"), &nodeExec{node: node.Namespace})
	seed, err := writeSeed(ctx, p.folder, p.machine)
	if err != nil {
		return err
	}
	arguments := []string{
		"-machine", "q35", "-smbios", fmt.Sprintf("type=1,uuid=%s,serial=%s", p.machine.UUID, p.machine.Serial),
		"-drive", "if=virtio,format=raw,cache=unsafe,file=" + root,
		"-drive", "if=virtio,format=raw,readonly=on,file=" + seed,
	}
	for i, nic := range p.machine.NICs {
		netdev, err := p.plug(ctx, nic)
		if err != nil {
			return fmt.Errorf("plugging the network %s: %w", nic.Network, err)
		}
		id := fmt.Sprintf("net%d", i)
		arguments = append(arguments, "-netdev", netdev+",id="+id, "-device", fmt.Sprintf("virtio-net-pci,netdev=%s,mac=%s", id, nic.MAC))
	}
	p.VM, err = qemu.Start(qemu.Spec{Folder: p.folder, Disk: disk, Arguments: arguments, Namespace: p.namespace.Path(), Files: p.files})
	return err
}

// plug plugs a NIC and returns QEMU's end of it.
func (p *Pod) plug(ctx context.Context, nic NIC) (string, error) {
	switch {
	case len(nic.Config) == 0:
		return fmt.Sprintf("user,net=%s,host=%s,dhcpstart=%s,dns=%s,hostfwd=tcp:127.0.0.1:%d-%s:%d",
			podNetwork, podGateway, podGuest, podDNS, sshPort, podGuest, sshPort), nil
	case nic.Lower != "":
		p.macvtaps = append(p.macvtaps, nic)
		file, err := p.plugMacvtap(ctx, nic)
		if err != nil {
			return "", err
		}
		p.files = append(p.files, file)
		// File descriptors begin with the three standard ones.
		return fmt.Sprintf("tap,fd=%d", 2+len(p.files)), nil
	default:
		p.plugged = append(p.plugged, nic)
		if err := p.add(ctx, nic); err != nil {
			return "", err
		}
		return fmt.Sprintf("tap,ifname=%s,script=no,downscript=no", linksOf(nic.Network).tap), p.bind(ctx, nic)
	}
}

// Dial opens a connection to the guest's SSH server by way of the pod network, as from within the cluster.
func (p *Pod) Dial(ctx context.Context) (net.Conn, error) {
	return p.namespace.Dial(ctx, netip.Addr{}, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), sshPort))
}

// UUID returns the firmware's, which cloud-init knows the machine by.
func (p *Pod) UUID() string { return p.machine.UUID }

// Stop ends the machine if it still runs, has the CNI plugins unplug its NICs, and removes the pod. The root disk stays.
func (p *Pod) Stop(ctx context.Context) error {
	// What is started is also to be stopped when there is no more time.
	ctx = context.WithoutCancel(ctx)
	var failures []error
	if p.VM != nil {
		failures = append(failures, p.VM.Stop())
	}
	for _, file := range p.files {
		failures = append(failures, file.Close())
	}
	for _, nic := range p.plugged {
		failures = append(failures, p.remove(ctx, nic))
	}
	for _, nic := range p.macvtaps {
		// The namespace's links go later than the namespace, and the node's NIC takes the MAC only once.
		failures = append(failures, p.namespace.IP(ctx, "link", "delete", linksOf(nic.Network).pod))
	}
	if p.namespace != nil {
		failures = append(failures, p.namespace.Delete(ctx))
	}
	return errors.Join(append(failures, os.RemoveAll(p.folder))...)
}
