// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/nodenet/hostnet"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// network is the network of a node of a simulated world, and what nmstate makes of it. It does what the model in
// e2e/lab/nmstate/host does with what Wukong writes, and no more: TestWorldsApplyAsTheLabDoes holds them together.
type network struct {
	hostnet.Network
	internal netip.Addr
}

// captured is what a policy that moves a host's address found on the node when it was first applied.
type captured struct {
	addresses []netip.Prefix
	route     bool
}

func (n *network) clone() *network {
	return &network{internal: n.internal, Network: hostnet.Network{
		Interfaces: maps.Clone(n.Interfaces), DefaultRoutes: slices.Clone(n.DefaultRoutes), Routed: slices.Clone(n.Routed),
	}}
}

// capture finds what a policy moves.
func (n *network) capture(bridge nncp.Bridge, form Form) *captured {
	from := bridge.Uplink
	switch {
	case form == FormRestore:
		from = bridge.Name
	case form == FormAbsent || !bridge.HostIP:
		return &captured{}
	}
	i, found := n.Interfaces[from]
	if !found {
		return nil
	}
	return &captured{addresses: i.Addresses, route: bridge.HostRoutes && slices.Contains(n.DefaultRoutes, from)}
}

// apply returns the network as a policy makes it, or why nmstate refuses.
func (n *network) apply(bridge nncp.Bridge, form Form, found *captured) (*network, error) {
	if found == nil {
		return n, fmt.Errorf("failed to resolve capture expression")
	}
	next := n.clone()
	var err error
	switch form {
	case FormPresent:
		err = next.present(bridge, found)
	default:
		err = next.absent(bridge)
		if err == nil && form == FormRestore {
			err = next.restore(bridge, found)
		}
	}
	if err == nil {
		err = next.probe(n)
	}
	if err != nil {
		return n, err
	}
	next.Routed = next.DefaultRoutes
	return next, nil
}

// probe is what kubernetes-nmstate asks after a change.
func (n *network) probe(before *network) error {
	switch {
	case len(before.DefaultRoutes) > 0 && len(n.DefaultRoutes) == 0:
		return fmt.Errorf("failed running probe 'ping'")
	case before.holds(before.internal) && !n.holds(before.internal):
		return fmt.Errorf("failed running probe 'api-server'")
	}
	return nil
}

func (n *network) holds(address netip.Addr) bool {
	for _, i := range n.Interfaces {
		if i.State != "down" && slices.ContainsFunc(i.Addresses, func(p netip.Prefix) bool { return p.Addr() == address }) {
			return true
		}
	}
	return false
}

func (n *network) present(bridge nncp.Bridge, found *captured) error {
	if bridge.VLANID != 0 {
		if err := n.makeVLAN(bridge); err != nil {
			return err
		}
	}
	if err := n.makeBridge(bridge, found); err != nil {
		return err
	}
	if _, exists := n.Interfaces[bridge.Port()]; !exists {
		return fmt.Errorf("controller interface %s is holding unknown port %s", bridge.Name, bridge.Port())
	}
	n.setPorts(bridge.Name, bridge.Port())
	n.dropRoutesWithoutAddress()
	if found.route {
		if len(n.Interfaces[bridge.Name].Addresses) == 0 {
			return fmt.Errorf("route next hop to an interface without IP")
		}
		n.addRoute(bridge.Name)
	}
	return nil
}

func (n *network) makeVLAN(bridge nncp.Bridge) error {
	name := bridge.Port()
	base, found := n.Interfaces[bridge.Uplink]
	if !found {
		return fmt.Errorf("VLAN interface %s: base interface %s does not exist", name, bridge.Uplink)
	}
	vlan, exists := n.Interfaces[name]
	if exists && vlan.Type != "vlan" {
		return fmt.Errorf("interface %s has type %s, cannot change it to vlan", name, vlan.Type)
	}
	if !exists {
		vlan = hostnet.Interface{Name: name, Type: "vlan", MTU: 1500}
	}
	vlan.State, vlan.VLANBase, vlan.VLANID, vlan.Addresses = "up", bridge.Uplink, bridge.VLANID, nil
	if mtu := cmp.Or(bridge.MTU, bridge.MTUBefore); mtu != 0 {
		vlan.MTU = mtu
	}
	if vlan.MTU > base.MTU {
		return fmt.Errorf("%s.interface.mtu is larger than the MTU of its base interface", name)
	}
	for _, other := range n.Interfaces {
		if other.Name != name && other.Type == "vlan" && other.VLANBase == bridge.Uplink && other.VLANID == bridge.VLANID {
			return fmt.Errorf("failed to activate %s: File exists", name)
		}
	}
	n.Interfaces[name] = vlan
	return nil
}

func (n *network) makeBridge(bridge nncp.Bridge, found *captured) error {
	made, exists := n.Interfaces[bridge.Name]
	if exists && made.Type != string(bridge.Type) {
		return fmt.Errorf("interface %s has type %s, cannot change it to %s", made.Name, made.Type, bridge.Type)
	}
	linux := bridge.Type == vmv1alpha1.BridgeTypeLinux
	if !exists {
		made = hostnet.Interface{Name: bridge.Name, Type: string(bridge.Type)}
		if linux {
			made.MTU = 1500
		}
	}
	made.State = "up"
	if linux {
		made.Addresses = nil
		if mtu := cmp.Or(bridge.MTU, bridge.MTUBefore); mtu != 0 {
			made.MTU = mtu
		}
	}
	if bridge.HostIP {
		made.Addresses = found.addresses
	}
	n.Interfaces[bridge.Name] = made
	return nil
}

// setPorts makes exactly these the bridge's ports, whoever held them.
func (n *network) setPorts(bridge string, ports ...string) {
	for _, old := range n.Interfaces[bridge].Ports {
		if !slices.Contains(ports, old) {
			n.detach(old)
		}
	}
	for _, name := range ports {
		port, exists := n.Interfaces[name]
		if !exists || port.Controller == bridge {
			continue
		}
		n.detach(name)
		port = n.Interfaces[name]
		port.Controller, port.State, port.Addresses = bridge, "up", nil
		n.Interfaces[name] = port
		n.dropRoutes(name)
	}
	made := n.Interfaces[bridge]
	made.Ports = slices.Sorted(slices.Values(ports))
	n.Interfaces[bridge] = made
}

func (n *network) detach(name string) {
	n.release(name)
	if port, exists := n.Interfaces[name]; exists && port.Controller != "" {
		port.Controller, port.Addresses = "", nil
		n.Interfaces[name] = port
	}
}

func (n *network) release(name string) {
	holder, held := n.Interfaces[n.Interfaces[name].Controller]
	if held {
		holder.Ports = slices.DeleteFunc(slices.Clone(holder.Ports), func(port string) bool { return port == name })
		if len(holder.Ports) == 0 {
			holder.Ports = nil
		}
		n.Interfaces[holder.Name] = holder
	}
}

func (n *network) absent(bridge nncp.Bridge) error {
	removed := []string{bridge.Name}
	types := []string{string(bridge.Type)}
	if bridge.VLANID != 0 {
		removed, types = append(removed, bridge.Port()), append(types, "vlan")
	}
	for k, name := range removed {
		i, exists := n.Interfaces[name]
		if exists && i.Type != types[k] {
			return fmt.Errorf("interface %s has type %s, cannot remove it as %s", name, i.Type, types[k])
		}
		if exists {
			n.remove(name)
		}
	}
	n.dropRoutesWithoutAddress()
	return nil
}

// remove deletes a virtual interface and what cannot live without it.
func (n *network) remove(name string) {
	n.release(name)
	for _, port := range n.Interfaces[name].Ports {
		n.detach(port)
	}
	n.dropRoutes(name)
	delete(n.Interfaces, name)
	for _, child := range slices.Sorted(maps.Keys(n.Interfaces)) {
		if n.Interfaces[child].VLANBase == name {
			n.remove(child)
		}
	}
}

// restore gives a bridge's addresses back to the NIC.
func (n *network) restore(bridge nncp.Bridge, found *captured) error {
	nic, exists := n.Interfaces[bridge.Uplink]
	switch {
	case !exists:
		return fmt.Errorf("interface %s of type ethernet does not exist", bridge.Uplink)
	case nic.Type != cmp.Or(bridge.UplinkType, "ethernet"):
		return fmt.Errorf("interface %s has type %s, cannot change it", bridge.Uplink, nic.Type)
	case nic.Controller != "" && len(found.addresses) > 0:
		return fmt.Errorf("interface %s cannot have IP enabled as it is attached to a controller", bridge.Uplink)
	}
	nic.State, nic.Addresses = "up", found.addresses
	n.Interfaces[nic.Name] = nic
	n.dropRoutesWithoutAddress()
	if found.route {
		n.addRoute(nic.Name)
	}
	return nil
}

func (n *network) addRoute(name string) {
	n.DefaultRoutes = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(n.DefaultRoutes), name))))
}

func (n *network) dropRoutes(name string) {
	n.keepRoutes(func(i string) bool { return i != name })
}

func (n *network) dropRoutesWithoutAddress() {
	n.keepRoutes(func(i string) bool { return n.Interfaces[i].State == "up" && len(n.Interfaces[i].Addresses) > 0 })
}

func (n *network) keepRoutes(keep func(string) bool) {
	var kept []string
	for _, name := range n.DefaultRoutes {
		if keep(name) {
			kept = append(kept, name)
		}
	}
	n.DefaultRoutes = kept
}
