// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2eguest

package guest

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"github.com/novasphere/wukong/e2e/guest/netns"
)

// world is a node and what its NICs' cables lead to.
type world struct {
	node     *netns.Namespace
	switches map[string]*netns.Namespace
	macs     byte
}

// newWorld makes a node without NICs. It ends with the test.
func newWorld(t *testing.T) *world {
	t.Helper()
	return &world{node: newNamespace(t, "node"), switches: map[string]*netns.Namespace{}}
}

func newNamespace(t *testing.T, label string) *netns.Namespace {
	t.Helper()
	namespace, err := netns.New(t.Context(), label)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := namespace.Delete(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return namespace
}

// mac returns a hardware address that nothing here has yet. What the kernel picks may be changed by udev later.
func (w *world) mac() string {
	w.macs++
	return net.HardwareAddr{0x02, 0x57, 0, 0, 0, w.macs}.String()
}

// do runs ip in a namespace.
func do(t *testing.T, namespace *netns.Namespace, arguments ...string) {
	t.Helper()
	if err := namespace.IP(t.Context(), arguments...); err != nil {
		t.Fatal(err)
	}
}

// connect connects two namespaces with a cable.
func (w *world) connect(t *testing.T, a *netns.Namespace, inA string, b *netns.Namespace, inB string) {
	t.Helper()
	do(t, a, "link", "add", inA, "address", w.mac(), "type", "veth", "peer", "name", inB, "netns", b.Name(), "address", w.mac())
	do(t, a, "link", "set", inA, "up")
	do(t, b, "link", "set", inB, "up")
}

// nic gives the node a NIC whose cable leads to a switch, unless it has it.
func (w *world) nic(t *testing.T, name string) {
	t.Helper()
	if w.switches[name] != nil {
		return
	}
	w.switches[name] = newNamespace(t, "switch-"+name)
	do(t, w.switches[name], "link", "add", "switch", "address", w.mac(), "type", "bridge")
	do(t, w.switches[name], "link", "set", "switch", "up")
	w.connect(t, w.node, name, w.switches[name], "node")
	do(t, w.switches[name], "link", "set", "node", "master", "switch")
}

// needs skips the test, and says why, where the kernel cannot make links of a kind on a NIC. Nothing that is installed helps.
func (w *world) needs(t *testing.T, kind, nic string) {
	t.Helper()
	w.nic(t, nic)
	err := w.node.IP(t.Context(), "link", "add", "link", nic, "name", "probe", "address", w.mac(), "type", kind, "mode", "bridge")
	if err != nil {
		t.Skipf("this machine's kernel has no %s, so its data path is not tried: %v", kind, err)
	}
	do(t, w.node, "link", "delete", "probe")
}

// bridge gives the node a bridge with a NIC as its port, as the policy of a WukongNodeBridge does.
func (w *world) bridge(t *testing.T, name, port string) {
	t.Helper()
	w.nic(t, port)
	do(t, w.node, "link", "add", name, "address", w.mac(), "type", "bridge")
	do(t, w.node, "link", "set", name, "up")
	do(t, w.node, "link", "set", port, "master", name)
}

// station is a computer on the switch that a NIC's cable leads to.
type station struct {
	*netns.Namespace
	// far is an address of the station in no network of the switch: it is reached through the station as a gateway.
	far netip.Addr
}

// station puts a station on a NIC's switch, with addresses in the switch's networks.
func (w *world) station(t *testing.T, label, nic string, far netip.Addr, addresses ...netip.Prefix) station {
	t.Helper()
	w.nic(t, nic)
	s := station{Namespace: newNamespace(t, label), far: far}
	w.connect(t, s.Namespace, "eth0", w.switches[nic], label)
	do(t, w.switches[nic], "link", "set", label, "master", "switch")
	for _, address := range addresses {
		do(t, s.Namespace, "address", "add", address.String(), "dev", "eth0", "nodad")
	}
	do(t, s.Namespace, "address", "add", far.String(), "dev", "lo", "nodad")
	return s
}
