// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"context"

	"github.com/containernetworking/cni/libcni"
	"github.com/containernetworking/cni/pkg/invoke"
	"github.com/containernetworking/cni/pkg/version"

	"github.com/novasphere/wukong/e2e/guest/netns"
)

// nodeExec runs CNI plugins where the node's bridges are.
type nodeExec struct {
	invoke.RawExec
	version.PluginDecoder
	node *netns.Namespace
}

// ExecPlugin runs the plugin in the node's namespace.
func (e *nodeExec) ExecPlugin(ctx context.Context, plugin string, input []byte, environment []string) ([]byte, error) {
	var said []byte
	err := e.node.Do(func() error {
		var err error
		said, err = e.RawExec.ExecPlugin(ctx, plugin, input, environment)
		return err
	})
	return said, err
}

// attachment is what Multus asks of a NIC: KubeVirt names the NIC in the pod and requests the MAC, which reaches the plugin as
// an argument, and as a capability where the configuration has that.
func (p *Pod) attachment(nic NIC) *libcni.RuntimeConf {
	return &libcni.RuntimeConf{
		ContainerID:    p.namespace.Name(),
		NetNS:          p.namespace.Path(),
		IfName:         linksOf(nic.Network).pod,
		Args:           [][2]string{{"IgnoreUnknown", "true"}, {"MAC", nic.MAC}},
		CapabilityArgs: map[string]any{"mac": nic.MAC},
	}
}

func (p *Pod) add(ctx context.Context, nic NIC) error {
	config, err := libcni.NetworkPluginConfFromBytes(nic.Config)
	if err != nil {
		return err
	}
	_, err = p.cni.AddNetwork(ctx, config, p.attachment(nic))
	return err
}

func (p *Pod) remove(ctx context.Context, nic NIC) error {
	config, err := libcni.NetworkPluginConfFromBytes(nic.Config)
	if err != nil {
		return err
	}
	return p.cni.DelNetwork(ctx, config, p.attachment(nic))
}
