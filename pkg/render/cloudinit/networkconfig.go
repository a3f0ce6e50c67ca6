// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"fmt"
	"slices"
	"strings"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/naming"
	"github.com/novasphere/wukong/pkg/render/document"
)

// NIC is one NIC of the guest.
type NIC struct {
	// Network is the network's name.
	Network string
	// MACAddress is the NIC's address, which the guest finds it by.
	MACAddress string
	// Pod marks the pod network, whose DHCP route comes after every declared one.
	Pod bool
	// MTU is in bytes; 0 leaves it to the guest.
	MTU int32
	// IPConfig is the declared configuration; nil means DHCP on the pod network, else no address.
	IPConfig *vmv1alpha1.IPConfig
}

// dhcp reports whether a DHCP server is asked, of whichever family.
func (n NIC) dhcp() bool {
	if n.IPConfig == nil {
		return n.Pod
	}
	return n.IPConfig.Mode == vmv1alpha1.IPModeDHCP
}

func (n NIC) dhcp4() bool {
	return n.dhcp() && (n.IPConfig == nil || len(n.IPConfig.IPFamilies) == 0 || slices.Contains(n.IPConfig.IPFamilies, vmv1alpha1.IPFamilyIPv4))
}

func (n NIC) dhcp6() bool {
	return n.dhcp() && n.IPConfig != nil && slices.Contains(n.IPConfig.IPFamilies, vmv1alpha1.IPFamilyIPv6)
}

// The types below are the part of cloud-init's network-config version 2 that Wukong writes. It is written
// without netplan's outer "network:", the form that every version of cloud-init reads.

type networkConfig struct {
	Version   int                 `json:"version"`
	Ethernets map[string]ethernet `json:"ethernets"`
}

type ethernet struct {
	Match          match          `json:"match"`
	SetName        string         `json:"set-name"`
	MTU            int32          `json:"mtu,omitempty"`
	DHCP4          bool           `json:"dhcp4"`
	DHCP6          bool           `json:"dhcp6,omitempty"`
	DHCPOverrides  *dhcpOverrides `json:"dhcp4-overrides,omitempty"`
	DHCP6Overrides *dhcpOverrides `json:"dhcp6-overrides,omitempty"`
	Addresses      []string       `json:"addresses,omitempty"`
	Routes         []route        `json:"routes,omitempty"`
	Nameservers    *nameservers   `json:"nameservers,omitempty"`
}

type match struct {
	MACAddress string `json:"macaddress"`
}

type dhcpOverrides struct {
	RouteMetric int32 `json:"route-metric"`
}

type route struct {
	To     string `json:"to"`
	Via    string `json:"via"`
	Metric int32  `json:"metric,omitempty"`
}

type nameservers struct {
	Addresses []string `json:"addresses,omitempty"`
	Search    []string `json:"search,omitempty"`
}

// NetworkConfig returns the guest's network-config, with one entry for each NIC. The NICs' order is that of the
// machine's networks and decides about metrics. The error is that of marshalling.
func NetworkConfig(nics []NIC) (string, error) {
	metrics := defaultRouteMetrics(nics)
	config := networkConfig{Version: 2, Ethernets: make(map[string]ethernet, len(nics))}
	for i, nic := range nics {
		config.Ethernets[naming.GuestInterface(nic.Network)] = nic.ethernet(metrics[i])
	}
	text, err := document.Marshal(config)
	if err != nil {
		return "", fmt.Errorf("marshalling the network-config: %w", err)
	}
	return text, nil
}

func (n NIC) ethernet(metric int32) ethernet {
	e := ethernet{
		// cloud-init compares addresses as text, in lower case; one that it does not find costs the guest
		// every NIC, not only this one.
		Match:   match{MACAddress: strings.ToLower(n.MACAddress)},
		SetName: naming.GuestInterface(n.Network),
		MTU:     n.MTU,
		DHCP4:   n.dhcp4(),
		DHCP6:   n.dhcp6(),
		Routes:  n.routes(metric),
	}
	if e.DHCP4 {
		e.DHCPOverrides = &dhcpOverrides{RouteMetric: metric}
	}
	if e.DHCP4 && e.DHCP6 {
		// netplan wants both families to say the same; one alone has no route that DHCPv6 would announce.
		e.DHCP6Overrides = &dhcpOverrides{RouteMetric: metric}
	}
	if n.IPConfig == nil {
		return e
	}
	for _, address := range n.IPConfig.AllAddresses() {
		e.Addresses = append(e.Addresses, string(address))
	}
	if len(n.IPConfig.DNSServers)+len(n.IPConfig.SearchDomains) > 0 {
		e.Nameservers = &nameservers{}
		for _, server := range n.IPConfig.DNSServers {
			e.Nameservers.Addresses = append(e.Nameservers.Addresses, string(server))
		}
		for _, domain := range n.IPConfig.SearchDomains {
			e.Nameservers.Search = append(e.Nameservers.Search, string(domain))
		}
	}
	return e
}

// routes returns the NIC's declared routes, that through the gateway first. Default routes without a metric get the
// NIC's; a second one of the same family comes after the first.
func (n NIC) routes(metric int32) []route {
	if n.IPConfig == nil {
		return nil
	}
	var declared []route
	if n.IPConfig.Gateway != "" {
		declared = append(declared, route{
			To: defaultRoute(string(n.IPConfig.Gateway)), Via: string(n.IPConfig.Gateway), Metric: metric,
		})
	}
	for _, r := range n.IPConfig.Routes {
		next := route{To: string(r.To), Via: string(r.Via)}
		switch {
		case r.Metric != nil:
			next.Metric = *r.Metric
		case isDefault(next.To):
			next.Metric = metric
			for slices.ContainsFunc(declared, func(other route) bool { return other.To == next.To && other.Metric == next.Metric }) {
				next.Metric++
			}
		}
		declared = append(declared, next)
	}
	return declared
}

// isDefault reports whether a destination is that of a default route.
func isDefault(to string) bool { return strings.HasSuffix(to, "/0") }

// defaultRoute returns the destination of a default route through a gateway. The word "default" would leave
// guests whose cloud-init is older than 25.3 and that have no netplan without any network.
func defaultRoute(gateway string) string {
	if strings.Contains(gateway, ":") {
		return "::/0"
	}
	return "0.0.0.0/0"
}
