// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import "slices"

// maxNameBytes is the kernel's limit for the name of a link. nmstate does not check it: NetworkManager refuses at apply
// (nmstate, rust/src/lib/ifaces).
const maxNameBytes = 15

// Apply is one `nmstatectl apply` of a desired state in YAML or JSON, followed by the probes of kubernetes-nmstate. On
// an error the node is as it was, which is what the checkpoint and its rollback see to (kubernetes-nmstate, pkg/client).
func Apply(current State, document []byte) (State, error) {
	desired, err := parse(document)
	if err != nil {
		return current, err
	}
	next := current.Clone()
	for _, step := range []func(desiredState) error{
		next.checkNames,
		next.removeAbsent,
		next.mergeInterfaces,
		next.checkVLANs,
		next.assignPorts,
		next.checkPortAddresses,
		next.assignLeases,
		next.mergeRoutes,
		next.mergeDNS,
		next.verify,
	} {
		if err := step(desired); err != nil {
			return current, err
		}
	}
	if err := probe(current, next); err != nil {
		return current, err
	}
	return next, nil
}

func (s *State) checkNames(desired desiredState) error {
	for _, link := range desired.interfaces {
		if link.Name == "" {
			return invalid("Interface name is empty")
		}
		if len(link.Name) > maxNameBytes && link.State != StateAbsent {
			return &RefusalError{Kind: KindPlugin, Message: "Failed to add connection " + link.Name +
				": connection.interface-name: '" + link.Name + "': interface name is longer than 15 characters"}
		}
	}
	return nil
}

// removeAbsent comes before everything else, so that a link can be replaced by one of another type or by a new holder
// of its port within one desired state.
func (s *State) removeAbsent(desired desiredState) error {
	for _, link := range desired.interfaces {
		if link.State != StateAbsent {
			continue
		}
		present, ok := s.Interfaces[link.Name]
		if !ok {
			continue
		}
		if link.Type != "" && link.Type != present.Type {
			return invalid("Interface %s has type %s, cannot remove it as %s", link.Name, present.Type, link.Type)
		}
		s.remove(link.Name)
	}
	return nil
}

// remove deletes a virtual link with what cannot live without it, and empties a physical one.
func (s *State) remove(name string) {
	link, ok := s.Interfaces[name]
	if !ok {
		return
	}
	s.release(name)
	for _, port := range link.PortNames() {
		s.detach(port)
		if link.Type == TypeOVSBridge && s.Interfaces[port].Type == TypeOVSInterface {
			s.remove(port)
		}
	}
	s.dropRoutes(name)
	if !link.isVirtual() {
		link = s.Interfaces[name]
		link.State, link.IPv4, link.IPv6 = StateDown, IP{}, IP{}
		s.Interfaces[name] = link
		return
	}
	delete(s.Interfaces, name)
	for _, child := range s.vlansOver(name) {
		s.remove(child)
	}
}

func (s *State) vlansOver(base string) []string {
	var children []string
	for name, link := range s.Interfaces {
		if link.VLAN != nil && link.VLAN.Base == base {
			children = append(children, name)
		}
	}
	slices.Sort(children)
	return children
}

func (s *State) checkVLANs(desired desiredState) error {
	for _, wanted := range desired.interfaces {
		link, ok := s.Interfaces[wanted.Name]
		if !ok || link.VLAN == nil {
			continue
		}
		if _, ok := s.Interfaces[link.VLAN.Base]; !ok {
			return invalid("VLAN interface %s: base interface %s does not exist", link.Name, link.VLAN.Base)
		}
		for _, other := range s.vlansOver(link.VLAN.Base) {
			if other != link.Name && s.Interfaces[other].VLAN.ID == link.VLAN.ID {
				return &RefusalError{Kind: KindPlugin, Message: "Failed to activate " + link.Name +
					": the kernel holds the same VLAN as " + other + " (File exists)"}
			}
		}
	}
	return nil
}

func (s *State) mergeDNS(desired desiredState) error {
	if desired.DNS != nil && desired.DNS.Config != nil && len(desired.DNS.Config.Server) > 0 {
		s.DNS = slices.Clone(desired.DNS.Config.Server)
	}
	return nil
}

// verify compares what was asked for with what the kernel would have made of it.
func (s *State) verify(desired desiredState) error {
	for _, wanted := range desired.interfaces {
		link, ok := s.Interfaces[wanted.Name]
		if !ok {
			continue
		}
		if base, isVLAN := s.baseOf(link); isVLAN && link.MTU > base.MTU {
			return &RefusalError{Kind: KindVerification, Message: "Verification failure: " + link.Name +
				".interface.mtu is larger than the MTU of its base interface " + base.Name}
		}
		if link.IPv6.Enabled && link.MTU < minIPv6MTU {
			return invalid("Interface %s: IPv6 requires an MTU of at least %d", link.Name, minIPv6MTU)
		}
	}
	return nil
}

// minIPv6MTU is the smallest link that IPv6 runs on (nmstate, rust/src/lib/ifaces).
const minIPv6MTU = 1280

func (s *State) baseOf(link Interface) (Interface, bool) {
	if link.VLAN == nil {
		return Interface{}, false
	}
	base, ok := s.Interfaces[link.VLAN.Base]
	return base, ok
}
