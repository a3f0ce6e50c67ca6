// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// IPMode is the way a guest gets its addresses.
//
// +kubebuilder:validation:Enum=static;dhcp
type IPMode string

const (
	// IPModeStatic configures the declared addresses in the guest.
	IPModeStatic IPMode = "static"
	// IPModeDHCP asks the network's DHCP server.
	IPModeDHCP IPMode = "dhcp"
)

// The rules below are worded for the API server's cost estimate: addresses and subnets are compared with == alone,
// because it takes != for a comparison of unbounded length, and an address is split from the declared text,
// whose length has a bound, rather than from string(ip).

// InterfaceAddress is the address of an interface together with its subnet, in CIDR notation.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=49
// +kubebuilder:validation:XValidation:rule="isCIDR(self)",message="must be an address with its prefix length, for example 192.168.100.10/24 or 2001:db8::10/64"
// +kubebuilder:validation:XValidation:rule="!isCIDR(self) || (cidr(self).ip().isGlobalUnicast() && !self.startsWith('0.'))",message="must be a unicast address, not a loopback, link-local, multicast or broadcast one; for example 192.168.100.10/24"
// +kubebuilder:validation:XValidation:rule="!isCIDR(self) || cidr(self).prefixLength() > 0",message="must have a prefix length above 0, for example /24"
// +kubebuilder:validation:XValidation:rule="!isCIDR(self) || cidr(self).prefixLength() >= (cidr(self).ip().family() == 4 ? 31 : 127) || !(cidr(self) == cidr(self).masked())",message="must be the address of a host, not that of the network itself; for example 192.168.100.10/24 instead of 192.168.100.0/24"
// +kubebuilder:validation:XValidation:rule="!isCIDR(self) || cidr(self).ip().family() != 4 || cidr(self).prefixLength() >= 31 || [self.split('/')[0].split('.')].all(o, [[4294967296, 2147483648, 1073741824, 536870912, 268435456, 134217728, 67108864, 33554432, 16777216, 8388608, 4194304, 2097152, 1048576, 524288, 262144, 131072, 65536, 32768, 16384, 8192, 4096, 2048, 1024, 512, 256, 128, 64, 32, 16, 8, 4][cidr(self).prefixLength()]].all(size, (int(o[0]) * 16777216 + int(o[1]) * 65536 + int(o[2]) * 256 + int(o[3])) % size != size - 1))",message="must be the address of a host, not the broadcast address of its subnet; for example 192.168.100.10/24 instead of 192.168.100.255/24"
type InterfaceAddress string

// IPAddress is an IPv4 or IPv6 address without a prefix length.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=45
// +kubebuilder:validation:XValidation:rule="isIP(self)",message="must be an IPv4 or IPv6 address without a prefix length, for example 192.168.100.1"
// +kubebuilder:validation:XValidation:rule="!isIP(self) || ip(self).isLinkLocalUnicast() || (ip(self).isGlobalUnicast() && !self.startsWith('0.'))",message="must be a unicast address, for example 192.168.100.1"
type IPAddress string

// CIDR is a block of addresses, such as the destination of a route.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=49
// +kubebuilder:validation:XValidation:rule="isCIDR(self)",message="must be a subnet in CIDR notation, for example 10.0.0.0/8; write 0.0.0.0/0 or ::/0 for a default route"
// +kubebuilder:validation:XValidation:rule="!isCIDR(self) || cidr(self) == cidr(self).masked()",message="must have no host bits; for example 10.0.0.0/8 instead of 10.1.2.3/8"
type CIDR string

// IPFamily is a version of the Internet Protocol.
//
// +kubebuilder:validation:Enum=IPv4;IPv6
type IPFamily string

const (
	// IPFamilyIPv4 is version 4.
	IPFamilyIPv4 IPFamily = "IPv4"
	// IPFamilyIPv6 is version 6.
	IPFamilyIPv6 IPFamily = "IPv6"
)

// DomainName is a DNS domain.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?([.][a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$')",message="must be a DNS domain: labels of lower-case letters, digits and '-', separated by single dots, for example example.org"
type DomainName string

// IPConfig is the guest's configuration of one NIC.
//
// +kubebuilder:validation:XValidation:rule="self.mode != 'static' || has(self.address) || (has(self.addresses) && size(self.addresses) > 0)",message="must be set when mode is static, for example 192.168.100.10/24; write mode dhcp if the network's DHCP server gives the address",fieldPath=".address"
// +kubebuilder:validation:XValidation:rule="self.mode != 'dhcp' || (!has(self.address) && (!has(self.addresses) || size(self.addresses) == 0))",message="may only be set when mode is static; leave it out, or write mode static",fieldPath=".address"
// +kubebuilder:validation:XValidation:rule="self.mode != 'dhcp' || !has(self.gateway)",message="may only be set when mode is static; with dhcp the server names the gateway",fieldPath=".gateway"
// +kubebuilder:validation:XValidation:rule="!has(self.ipFamilies) || self.mode == 'dhcp'",message="may only be set when mode is dhcp; with static the addresses say which families there are",fieldPath=".ipFamilies"
// +kubebuilder:validation:XValidation:rule="((has(self.address) ? [self.address] : []) + (has(self.addresses) ? self.addresses : [])).all(a, !isCIDR(a) || ((has(self.address) ? [self.address] : []) + (has(self.addresses) ? self.addresses : [])).filter(b, isCIDR(b) && cidr(a).ip() == cidr(b).ip()).size() == 1)",message="must not repeat an address, whatever its prefix length; list only further addresses",fieldPath=".addresses"
// +kubebuilder:validation:XValidation:rule="!has(self.metric) || has(self.gateway)",message="is the metric of the default route and must not be set without a gateway",fieldPath=".metric"
// +kubebuilder:validation:XValidation:rule="!has(self.gateway) || !isIP(self.gateway) || self.mode != 'static' || (has(self.address) && isCIDR(self.address) && cidr(self.address).containsIP(ip(self.gateway))) || (has(self.addresses) && self.addresses.exists(a, isCIDR(a) && cidr(a).containsIP(ip(self.gateway))))",message="must be inside the subnet of an address of this network; for 192.168.100.10/24 for example 192.168.100.1",fieldPath=".gateway"
// +kubebuilder:validation:XValidation:rule="!has(self.gateway) || !isIP(self.gateway) || !((has(self.address) && isCIDR(self.address) && cidr(self.address).ip() == ip(self.gateway)) || (has(self.addresses) && self.addresses.exists(a, isCIDR(a) && cidr(a).ip() == ip(self.gateway))))",message="must not be the machine's own address; write the router's",fieldPath=".gateway"
// +kubebuilder:validation:XValidation:rule="!has(self.gateway) || !isIP(self.gateway) || !((has(self.address) && isCIDR(self.address) && cidr(self.address).prefixLength() < (cidr(self.address).ip().family() == 4 ? 31 : 127) && cidr(self.address).masked().ip() == ip(self.gateway)) || (has(self.addresses) && self.addresses.exists(a, isCIDR(a) && cidr(a).prefixLength() < (cidr(a).ip().family() == 4 ? 31 : 127) && cidr(a).masked().ip() == ip(self.gateway))))",message="must be the address of a router, not that of the network itself; for 192.168.100.0/24 for example 192.168.100.1",fieldPath=".gateway"
// +kubebuilder:validation:XValidation:rule="!has(self.gateway) || !isIP(self.gateway) || ip(self.gateway).family() != 4 || [self.gateway.split('.')].all(o, ((has(self.address) ? [self.address] : []) + (has(self.addresses) ? self.addresses : [])).all(a, !isCIDR(a) || cidr(a).prefixLength() >= 31 || !cidr(a).containsIP(ip(self.gateway)) || [[4294967296, 2147483648, 1073741824, 536870912, 268435456, 134217728, 67108864, 33554432, 16777216, 8388608, 4194304, 2097152, 1048576, 524288, 262144, 131072, 65536, 32768, 16384, 8192, 4096, 2048, 1024, 512, 256, 128, 64, 32, 16, 8, 4][cidr(a).prefixLength()]].all(size, (int(o[0]) * 16777216 + int(o[1]) * 65536 + int(o[2]) * 256 + int(o[3])) % size != size - 1)))",message="must be the address of a router, not the broadcast address of the subnet; for 192.168.100.0/24 for example 192.168.100.1",fieldPath=".gateway"
// +kubebuilder:validation:XValidation:rule="!has(self.routes) || self.mode != 'static' || self.routes.all(r, !isIP(r.via) || (has(self.address) && isCIDR(self.address) && cidr(self.address).containsIP(ip(r.via))) || (has(self.addresses) && self.addresses.exists(a, isCIDR(a) && cidr(a).containsIP(ip(r.via)))))",message="each via must be inside the subnet of an address of this network; for 192.168.100.10/24 for example 192.168.100.1",fieldPath=".routes"
type IPConfig struct {
	// mode is "static" or "dhcp".
	// +required
	Mode IPMode `json:"mode"`

	// address is the guest's address with its prefix length, for example 192.168.100.10/24. It must be set,
	// here or in addresses, when mode is static.
	// +optional
	Address InterfaceAddress `json:"address,omitempty"`

	// addresses are further addresses, for example an IPv6 address beside an IPv4 one.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=8
	Addresses []InterfaceAddress `json:"addresses,omitempty"`

	// gateway is the router of this network's default route. The first network with a gateway gets the
	// metric 100, the next one 200 and so on.
	// +optional
	Gateway IPAddress `json:"gateway,omitempty"`

	// metric is the metric of the default route; the lowest one wins.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self >= 1",message="must be at least 1"
	Metric *int32 `json:"metric,omitempty"`

	// ipFamilies says, when mode is dhcp, which DHCP servers are asked: IPv4's, IPv6's (DHCPv6), or both. Left
	// out, IPv4's alone.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=2
	IPFamilies []IPFamily `json:"ipFamilies,omitempty"`

	// dnsServers are the name servers to ask, in this order.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	DNSServers []IPAddress `json:"dnsServers,omitempty"`

	// searchDomains are the domains in which names without a domain are looked for, in this order.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=8
	SearchDomains []DomainName `json:"searchDomains,omitempty"`

	// routes are further routes through this network.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Routes []Route `json:"routes,omitempty"`
}

// AllAddresses returns address and addresses as one list, in that order.
func (c *IPConfig) AllAddresses() []InterfaceAddress {
	if c == nil {
		return nil
	}
	all := make([]InterfaceAddress, 0, 1+len(c.Addresses))
	if c.Address != "" {
		all = append(all, c.Address)
	}
	return append(all, c.Addresses...)
}

// Route is a route of the guest.
//
// +kubebuilder:validation:XValidation:rule="!isIP(self.via) || !isCIDR(self.to) || ip(self.via).family() == cidr(self.to).ip().family()",message="must be of the same family as to: both IPv4 or both IPv6",fieldPath=".via"
type Route struct {
	// to is the destination, for example 10.0.0.0/8. Use 0.0.0.0/0 or ::/0 for a default route.
	// +required
	To CIDR `json:"to"`

	// via is the router on this network.
	// +required
	Via IPAddress `json:"via"`

	// metric orders routes to the same destination; the lowest one wins.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self >= 1",message="must be at least 1"
	Metric *int32 `json:"metric,omitempty"`
}
