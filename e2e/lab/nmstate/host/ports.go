// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import "slices"

// assignPorts overrides the port list of each bridge that states one (nmstate, rust/src/lib/ifaces). A port that another bridge holds
// moves without a word: nmstate has no notion of who asked first (kubernetes-nmstate, controllers/handler).
func (s *State) assignPorts(desired desiredState) error {
	claimed := map[string]string{}
	for _, wanted := range desired.interfaces {
		ports, stated := wanted.ports()
		if wanted.State == StateAbsent || !stated {
			continue
		}
		for _, port := range ports {
			if _, exists := s.Interfaces[port.Name]; !exists && !s.makesInternalPort(wanted, port.Name) {
				return invalid("Controller interface %s is holding unknown port %s", wanted.Name, port.Name)
			}
			if holder, taken := claimed[port.Name]; taken && holder != wanted.Name {
				return invalid("Port %s is held by more than one controller: %s, %s", port.Name, holder, wanted.Name)
			}
			claimed[port.Name] = wanted.Name
		}
		s.setPorts(wanted.Name, ports)
	}
	return s.assignControllers(desired)
}

// ports returns the port list that a desired interface states, if it states one.
func (d desiredInterface) ports() ([]Port, bool) {
	var ports []Port
	switch {
	case d.Bridge != nil && d.Bridge.Port != nil:
		for _, port := range *d.Bridge.Port {
			ports = append(ports, Port{Name: port.Name, VLAN: port.VLAN})
		}
		return ports, true
	case d.Bond != nil && d.Bond.Port != nil:
		for _, name := range *d.Bond.Port {
			ports = append(ports, Port{Name: name})
		}
		return ports, true
	default:
		return nil, false
	}
}

// makesInternalPort is true for the port of an OVS bridge that has the bridge's own name: nmstate makes it.
func (s *State) makesInternalPort(bridge desiredInterface, port string) bool {
	return bridge.Type == TypeOVSBridge && port == bridge.Name
}

// assignControllers handles the other spelling, where the port names its bridge.
func (s *State) assignControllers(desired desiredState) error {
	for _, wanted := range desired.interfaces {
		if wanted.Controller == nil || wanted.State == StateAbsent {
			continue
		}
		s.detach(wanted.Name)
		if *wanted.Controller == "" {
			continue
		}
		bridge, exists := s.Interfaces[*wanted.Controller]
		if !exists || !bridge.holdsPorts() {
			return invalid("Interface %s desired controller %s not found", wanted.Name, *wanted.Controller)
		}
		s.setPorts(bridge.Name, append(bridge.clone().Ports, Port{Name: wanted.Name}))
	}
	return nil
}

// setPorts makes exactly these links the ports of a bridge.
func (s *State) setPorts(bridge string, ports []Port) {
	for _, old := range s.Interfaces[bridge].PortNames() {
		if !slices.ContainsFunc(ports, func(port Port) bool { return port.Name == old }) {
			s.detach(old)
		}
	}
	for _, port := range ports {
		s.attach(port.Name, bridge)
	}
	link := s.Interfaces[bridge]
	link.Ports = slices.Clone(ports)
	s.Interfaces[bridge] = link
}

// attach makes a link a port. Its addresses go: a port carries none, and nmstate takes them away silently when the
// policy does not mention the port (kubernetes-nmstate, pkg/client).
func (s *State) attach(name, bridge string) {
	port, exists := s.Interfaces[name]
	// The internal port of an OVS bridge shares its name and is not a link of its own in this model.
	if !exists || name == bridge || port.Controller == bridge {
		return
	}
	s.detach(name)
	port = s.Interfaces[name]
	port.Controller, port.State, port.IPv4, port.IPv6 = bridge, StateUp, IP{}, IP{}
	s.Interfaces[name] = port
	s.dropRoutes(name)
}

// detach frees a port. It stays up and has no address: the profile it had as a port says so (nmstate, rust/src/lib/ifaces).
func (s *State) detach(name string) {
	s.release(name)
	link, exists := s.Interfaces[name]
	if !exists || link.Controller == "" {
		return
	}
	link.Controller, link.IPv4, link.IPv6 = "", IP{}, IP{}
	s.Interfaces[name] = link
}

// release takes a link out of the port list that holds it.
func (s *State) release(name string) {
	holder, held := s.Interfaces[s.Interfaces[name].Controller]
	if !held {
		return
	}
	holder.Ports = slices.DeleteFunc(slices.Clone(holder.Ports), func(port Port) bool { return port.Name == name })
	s.Interfaces[holder.Name] = holder
}

// checkPortAddresses refuses an address that a policy writes on a link it makes a port, or that is one already.
func (s *State) checkPortAddresses(desired desiredState) error {
	for _, wanted := range desired.interfaces {
		link := s.Interfaces[wanted.Name]
		if link.Controller == "" {
			continue
		}
		if enables(wanted.IPv4) || enables(wanted.IPv6) {
			return invalid("Interface %s cannot have IP enabled as it is attached to a controller where IP is not allowed", wanted.Name)
		}
	}
	return nil
}

func enables(ip *desiredIP) bool {
	return ip != nil && ip.Enabled != nil && *ip.Enabled
}
