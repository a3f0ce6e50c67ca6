// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package hostnet

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// errNoInterfaces is returned for a state without interfaces. Every node has some; taking an empty report for a node
// without NICs would blame the node for what NMState has not said yet.
var errNoInterfaces = errors.New("the network state names no interface")

// Parse reads NodeNetworkState.status.currentState, in JSON or YAML (nmstate.io, "YAML API"). Keys that it does not
// know are ignored. It returns an error for what is not a state, and for a state without any interface.
func Parse(raw []byte) (Network, error) {
	s, err := read(raw)
	if err != nil {
		return Network{}, err
	}
	return s.network()
}

// Trim returns the same state as JSON with nothing but what Parse reads. It returns an error where Parse does.
func Trim(raw []byte) ([]byte, error) {
	s, err := read(raw)
	if err != nil {
		return nil, err
	}
	if _, err := s.network(); err != nil {
		return nil, err
	}
	// Of the other routes, of which a node may have thousands, one an interface tells enough.
	routed := map[string]bool{}
	s.Routes.Running = slices.DeleteFunc(s.Routes.Running, func(r route) bool {
		known := r.Interface == "" || routed[r.Interface]
		routed[r.Interface] = true
		return known && !r.isDefault()
	})
	trimmed, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("writing the trimmed network state: %w", err)
	}
	return trimmed, nil
}

func (s state) network() (Network, error) {
	n := Network{Interfaces: map[string]Interface{}}
	for _, l := range s.Interfaces {
		if l.Name == "" {
			continue
		}
		i, err := l.asInterface()
		if err != nil {
			return Network{}, err
		}
		if other, twice := n.Interfaces[l.Name]; twice {
			i = other.joinedWith(i)
		}
		n.Interfaces[l.Name] = i
	}
	if len(n.Interfaces) == 0 {
		return Network{}, errNoInterfaces
	}
	n.completeControllers()
	for _, r := range s.Routes.Running {
		if r.Interface != "" {
			n.Routed = append(n.Routed, r.Interface)
		}
		if r.isDefault() {
			n.DefaultRoutes = append(n.DefaultRoutes, r.Interface)
		}
	}
	n.DefaultRoutes, n.Routed = sorted(n.DefaultRoutes), sorted(n.Routed)
	return n, nil
}

// mainTable is the kernel's main routing table; 0 stands for it where no table is written (kubernetes-nmstate,
// pkg/probe/probes.go).
const mainTable = 254

func (r route) isDefault() bool {
	everywhere := r.Destination == "0.0.0.0/0" || r.Destination == "::/0"
	return everywhere && r.Interface != "" && (r.Table == 0 || r.Table == mainTable)
}

func (l link) asInterface() (Interface, error) {
	i := Interface{
		Name: l.Name, Type: l.Type, State: l.State, Controller: l.Controller, MAC: l.MAC, MTU: int32Of(l.MTU),
		Ports: l.ports(),
	}
	if l.VLAN != nil {
		i.VLANBase, i.VLANID = l.VLAN.Base, int32Of(l.VLAN.ID)
	}
	for _, family := range []*ip{l.IPv4, l.IPv6} {
		if family == nil || family.Enabled != nil && !*family.Enabled {
			continue
		}
		i.DHCP = i.DHCP || family.DHCP
		for _, a := range family.Addresses {
			prefix, err := a.prefix()
			if err != nil {
				return Interface{}, fmt.Errorf("reading an address of interface %s: %w", l.Name, err)
			}
			if !prefix.Addr().IsLinkLocalUnicast() {
				i.Addresses = append(i.Addresses, prefix)
			}
		}
	}
	i.Addresses = sortedAddresses(i.Addresses)
	return i, nil
}

func (a address) prefix() (netip.Prefix, error) {
	addr, err := netip.ParseAddr(a.IP)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is not an IP address: %w", a.IP, err)
	}
	addr = addr.WithZone("")
	prefix := netip.PrefixFrom(addr, a.Prefix)
	if !prefix.IsValid() {
		return netip.Prefix{}, fmt.Errorf("%s has no prefix of %d bits", addr, a.Prefix)
	}
	return prefix, nil
}

func (l link) ports() []string {
	var names []string
	if l.Bridge != nil {
		for _, p := range slices.Concat(l.Bridge.Port, l.Bridge.Ports) {
			names = append(append(names, p.Name), p.Bond.names()...)
		}
	}
	return sorted(append(names, l.Bond.names()...))
}

func (m *members) names() []string {
	if m == nil {
		return nil
	}
	var names []string
	for _, name := range slices.Concat(m.Port, m.Ports) {
		names = append(names, string(name))
	}
	return names
}

// joinedWith makes one interface of two that are reported under one name: an Open vSwitch bridge and its internal
// interface (nmstate, rust/src/lib/ifaces). The bridge is what the name stands for; the addresses, which only the
// internal interface has, are the host's all the same.
func (i Interface) joinedWith(other Interface) Interface {
	if other.Type == string(vmv1alpha1.BridgeTypeOVS) && i.Type != other.Type {
		i, other = other, i
	}
	i.Addresses = sortedAddresses(slices.Concat(i.Addresses, other.Addresses))
	i.DHCP = i.DHCP || other.DHCP
	i.MAC, i.MTU = cmp.Or(i.MAC, other.MAC), cmp.Or(i.MTU, other.MTU)
	return i
}

// completeControllers names the controller on ports whose own report does not: old versions of nmstate write the list
// of ports alone.
func (n Network) completeControllers() {
	for _, name := range slices.Sorted(maps.Keys(n.Interfaces)) {
		for _, p := range n.Interfaces[name].Ports {
			if i, reported := n.Interfaces[p]; reported && i.Controller == "" && p != name {
				i.Controller = name
				n.Interfaces[p] = i
			}
		}
	}
}

// sorted returns the names in order, each once, without empty ones; nil for none.
func sorted(names []string) []string {
	names = slices.DeleteFunc(names, func(name string) bool { return name == "" })
	slices.Sort(names)
	return slices.Clip(slices.Compact(names))
}

func sortedAddresses(addresses []netip.Prefix) []netip.Prefix {
	slices.SortFunc(addresses, netip.Prefix.Compare)
	return slices.Compact(addresses)
}

// int32Of keeps a number that no interface can have from turning into one that it can have.
func int32Of(number int64) int32 {
	return int32(min(max(number, 0), math.MaxInt32))
}
