// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"maps"
	"net/netip"
	"slices"
)

// State is the whole network of a node. Treat it as a value: Apply and the With methods return a new one.
type State struct {
	// Address is the node's InternalIP; losing it is losing the node.
	Address string
	// Interfaces by name.
	Interfaces map[string]Interface
	// Routes are the running routes of the main table.
	Routes []Route
	// DNS are the name servers.
	DNS []string
	// Leases say which address a DHCP server answers with on the segment that a NIC is plugged into.
	Leases map[string]Lease
}

// Route is one running route.
type Route struct {
	Destination string
	Interface   string
	Gateway     string
	Table       int
	Metric      int
}

// Lease is what DHCP gives on one segment.
type Lease struct {
	// Address is in CIDR notation.
	Address string
	Gateway string
}

// mainTable is the kernel's main routing table, where the default route is looked for (kubernetes-nmstate, pkg/probe/probes.go).
const mainTable = 254

// New is a freshly installed node: a management NIC with its address and the default route, and NICs that are up,
// cabled and unused.
func New(management, address, gateway string, free ...string) State {
	nic := Interface{
		Name: management, Type: TypeEthernet, State: StateUp, MAC: deriveMAC(address, management), MTU: DefaultMTU,
		IPv4: IP{Enabled: true, Addresses: []string{address}},
	}
	state := State{
		Address:    withoutPrefix(address),
		Interfaces: map[string]Interface{management: nic},
		Routes:     []Route{{Destination: defaultIPv4, Interface: management, Gateway: gateway, Table: mainTable}},
		DNS:        []string{gateway},
		Leases:     map[string]Lease{management: {Address: address, Gateway: gateway}},
	}
	for _, name := range free {
		state.Interfaces[name] = Interface{
			Name: name, Type: TypeEthernet, State: StateUp, MAC: deriveMAC(address, name), MTU: DefaultMTU,
		}
	}
	return state
}

// Clone copies the state so deeply that no edit of one shows in the other.
func (s State) Clone() State {
	interfaces := make(map[string]Interface, len(s.Interfaces))
	for name, link := range s.Interfaces {
		interfaces[name] = link.clone()
	}
	s.Interfaces = interfaces
	s.Routes = slices.Clone(s.Routes)
	s.DNS = slices.Clone(s.DNS)
	s.Leases = maps.Clone(s.Leases)
	return s
}

// List returns the interfaces sorted by name.
func (s State) List() []Interface {
	list := make([]Interface, 0, len(s.Interfaces))
	for _, name := range slices.Sorted(maps.Keys(s.Interfaces)) {
		list = append(list, s.Interfaces[name].clone())
	}
	return list
}

// WithInterface puts a link on the node by hand, as an administrator would outside of any policy. Ports that it names
// are moved to it, whatever held them before.
func (s State) WithInterface(link Interface) State {
	next := s.Clone()
	link = link.clone()
	if link.State == "" {
		link.State = StateUp
	}
	if link.MTU == 0 {
		link.MTU = DefaultMTU
	}
	if link.MAC == "" {
		link.MAC = deriveMAC(s.Address, link.Name)
	}
	ports := link.Ports
	link.Ports = nil
	next.Interfaces[link.Name] = link
	next.setPorts(link.Name, ports)
	return next
}

// WithoutInterface takes a link off the node by hand: a virtual one is deleted, a physical one is unplugged.
func (s State) WithoutInterface(name string) State {
	next := s.Clone()
	next.remove(name)
	delete(next.Interfaces, name)
	return next
}

func withoutPrefix(cidr string) string {
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		return cidr
	}
	return prefix.Addr().String()
}
