// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import "strconv"

// mergeInterfaces creates and edits the links that stay; their ports are assigned afterwards, because a port may be
// declared after its bridge.
func (s *State) mergeInterfaces(desired desiredState) error {
	for _, wanted := range desired.interfaces {
		if wanted.State == StateAbsent || wanted.State == StateIgnore {
			continue
		}
		if err := s.mergeInterface(wanted); err != nil {
			return err
		}
	}
	return s.mergeMACs(desired)
}

func (s *State) mergeInterface(wanted desiredInterface) error {
	link, exists := s.Interfaces[wanted.Name]
	if !exists {
		created, err := s.create(wanted)
		if err != nil {
			return err
		}
		link = created
	}
	if wanted.Type != "" && wanted.Type != link.Type {
		return invalid("Interface %s has type %s, cannot change it to %s", wanted.Name, link.Type, wanted.Type)
	}
	link.State = StateUp
	if wanted.State == StateDown {
		link.State, link.IPv4, link.IPv6 = StateDown, IP{}, IP{}
	}
	if wanted.MTU != nil {
		link.MTU = *wanted.MTU
	}
	if err := mergeVLAN(&link, wanted.VLAN); err != nil {
		return err
	}
	if wanted.Bridge != nil {
		link.STP = wanted.Bridge.Options.stp(link.STP)
	}
	link.IPv4 = mergeIP(link.IPv4, wanted.IPv4)
	link.IPv6 = mergeIP(link.IPv6, wanted.IPv6)
	s.Interfaces[wanted.Name] = link
	return nil
}

// create makes a link that the node does not have yet. A NIC cannot be made.
func (s *State) create(wanted desiredInterface) (Interface, error) {
	switch wanted.Type {
	case "":
		return Interface{}, invalid("Failed to find unknown type interface %s in desired state", wanted.Name)
	case TypeEthernet:
		return Interface{}, &RefusalError{Kind: KindPlugin, Message: "Interface " + wanted.Name + " of type ethernet does not exist"}
	case TypeVLAN:
		if wanted.VLAN == nil || wanted.VLAN.Base == "" {
			return Interface{}, invalid("VLAN interface %s: base-iface is missing", wanted.Name)
		}
	case TypeOVSBridge:
		if wanted.MAC != "" {
			return Interface{}, invalid("OVS bridge %s cannot hold mac-address", wanted.Name)
		}
	case TypeLinuxBridge, TypeOVSInterface, TypeBond, TypeDummy:
	default:
		return Interface{}, invalid("Interface %s: type %s is not supported", wanted.Name, wanted.Type)
	}
	return Interface{
		Name: wanted.Name, Type: wanted.Type, State: StateUp, MTU: DefaultMTU,
		MAC: deriveMAC(s.Address, wanted.Name),
		// NetworkManager turns STP on for a new bridge unless it is told not to (nmstate, rust/src/lib/ifaces).
		STP: wanted.Type == TypeLinuxBridge,
	}, nil
}

func mergeVLAN(link *Interface, wanted *desiredVLAN) error {
	if wanted == nil || link.Type != TypeVLAN {
		return nil
	}
	if link.VLAN == nil {
		if wanted.ID == nil {
			return invalid("VLAN interface %s: id is missing", link.Name)
		}
		link.VLAN = &VLAN{}
	}
	if wanted.Base != "" {
		link.VLAN.Base = wanted.Base
	}
	if wanted.ID != nil {
		link.VLAN.ID = *wanted.ID
	}
	return nil
}

// mergeIP keeps what a policy does not mention and drops every address of a family that it disables.
func mergeIP(current IP, wanted *desiredIP) IP {
	if wanted == nil {
		return current
	}
	if wanted.Enabled != nil {
		current.Enabled = *wanted.Enabled
	}
	if !current.Enabled {
		return IP{}
	}
	if wanted.DHCP != nil {
		current.DHCP = *wanted.DHCP
	}
	if wanted.Address != nil || current.DHCP {
		current.Addresses = nil
	}
	for _, address := range wanted.Address {
		current.Addresses = append(current.Addresses, address.IP+"/"+strconv.Itoa(address.Prefix))
	}
	return current
}

// mergeMACs runs once all links exist: a bridge takes the address of its first port, a VLAN that of its base.
func (s *State) mergeMACs(desired desiredState) error {
	for _, wanted := range desired.interfaces {
		link, ok := s.Interfaces[wanted.Name]
		if !ok || wanted.State == StateAbsent {
			continue
		}
		source := macSource(wanted, link)
		if wanted.CopyMACFrom != "" {
			if _, exists := s.Interfaces[wanted.CopyMACFrom]; !exists {
				return invalid("Interface %s: copy-mac-from interface %s does not exist", wanted.Name, wanted.CopyMACFrom)
			}
			source = wanted.CopyMACFrom
		}
		if from, ok := s.Interfaces[source]; ok {
			link.MAC = from.MAC
		}
		if wanted.MAC != "" {
			link.MAC = wanted.MAC
		}
		s.Interfaces[wanted.Name] = link
	}
	return nil
}

// macSource names the link whose address the kernel gives to a stacked one.
func macSource(wanted desiredInterface, link Interface) string {
	switch {
	case link.VLAN != nil:
		return link.VLAN.Base
	case link.isBridge() && wanted.Bridge != nil && wanted.Bridge.Port != nil && len(*wanted.Bridge.Port) > 0:
		return (*wanted.Bridge.Port)[0].Name
	default:
		return ""
	}
}
