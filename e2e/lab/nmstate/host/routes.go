// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"net/netip"
	"slices"
)

const (
	defaultIPv4 = "0.0.0.0/0"
	defaultIPv6 = "::/0"
)

// mergeRoutes drops the routes of links that lost their address and applies those the policy names.
func (s *State) mergeRoutes(desired desiredState) error {
	s.Routes = slices.DeleteFunc(s.Routes, func(route Route) bool {
		link, exists := s.Interfaces[route.Interface]
		return !exists || link.State == StateDown || !link.HasAddress()
	})
	if desired.Routes == nil {
		return nil
	}
	for _, wanted := range desired.Routes.Config {
		if wanted.State == StateAbsent {
			s.Routes = slices.DeleteFunc(s.Routes, wanted.matches)
			continue
		}
		link, exists := s.Interfaces[wanted.Interface]
		if !exists || !link.HasAddress() {
			return invalid("Route %s next hop to unknown interface %s or one without IP", wanted.Destination, wanted.Interface)
		}
		s.addRoute(Route{
			Destination: wanted.Destination, Interface: wanted.Interface, Gateway: wanted.Gateway,
			Table: tableOf(wanted.Table), Metric: max(wanted.Metric, 0),
		})
	}
	return nil
}

// matches treats what an absent route leaves out as a wildcard, as nmstate does.
func (d desiredRoute) matches(route Route) bool {
	return (d.Destination == "" || d.Destination == route.Destination) &&
		(d.Interface == "" || d.Interface == route.Interface) &&
		(d.Gateway == "" || d.Gateway == route.Gateway) &&
		(d.Table <= 0 || d.Table == route.Table)
}

func (s *State) addRoute(route Route) {
	if !slices.Contains(s.Routes, route) {
		s.Routes = append(s.Routes, route)
	}
}

func (s *State) dropRoutes(name string) {
	s.Routes = slices.DeleteFunc(s.Routes, func(route Route) bool { return route.Interface == name })
}

// tableOf reads nmstate's wish for no table in particular, 0 or below, as the main one.
func tableOf(wanted int) int {
	if wanted <= 0 {
		return mainTable
	}
	return wanted
}

// assignLeases gives each link with DHCP the address that the server on its segment hands out.
func (s *State) assignLeases(desiredState) error {
	for name, link := range s.Interfaces {
		if !link.IPv4.Enabled || !link.IPv4.DHCP || len(link.IPv4.Addresses) > 0 {
			continue
		}
		lease, answered := s.leaseOn(link)
		if !answered {
			continue
		}
		link.IPv4.Addresses = []string{lease.Address}
		s.Interfaces[name] = link
		s.addRoute(Route{Destination: defaultIPv4, Interface: name, Gateway: lease.Gateway, Table: mainTable})
	}
	return nil
}

// leaseOn looks for a server on the untagged segment that a link is on: its own, or that of a bridge's port.
func (s *State) leaseOn(link Interface) (Lease, bool) {
	if lease, ok := s.Leases[link.Name]; ok {
		return lease, true
	}
	for _, port := range link.PortNames() {
		if lease, ok := s.Leases[port]; ok {
			return lease, true
		}
	}
	return Lease{}, false
}

// DefaultRouteInterface names the link that carries a default route of the main table, or is empty.
func (s State) DefaultRouteInterface() string {
	for _, route := range s.Routes {
		if route.Table == mainTable && (route.Destination == defaultIPv4 || route.Destination == defaultIPv6) {
			return route.Interface
		}
	}
	return ""
}

// holds reports whether some link that is up and no port carries the address.
func (s State) holds(address string) bool {
	wanted, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	for _, link := range s.Interfaces {
		if link.State == StateDown {
			continue
		}
		for _, cidr := range slices.Concat(link.IPv4.Addresses, link.IPv6.Addresses) {
			if prefix, err := netip.ParsePrefix(cidr); err == nil && prefix.Addr() == wanted {
				return true
			}
		}
	}
	return false
}
