// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

const (
	addressField = "spec.networks[0].ipConfig.address"
	gatewayField = "spec.networks[0].ipConfig.gateway"
	furtherField = "spec.networks[0].ipConfig.addresses"

	notCIDR      = "must be an address with its prefix length, for example 192.168.100.10/24 or 2001:db8::10/64"
	notUnicast   = "must be a unicast address, not a loopback, link-local, multicast or broadcast one"
	notNetwork   = "must be the address of a host, not that of the network itself; for example 192.168.100.10/24 instead of 192.168.100.0/24"
	notBroadcast = "must be the address of a host, not the broadcast address of its subnet; for example 192.168.100.10/24"
)

// invalidAddresses are about addresses, gateways and name servers.
var invalidAddresses = []invalid{
	{"ipConfig without a mode", network("ipConfig: {address: 10.0.0.10/24}"), refused("spec.networks[0].ipConfig.mode", "Required value")},
	{"mode in capitals", network("ipConfig: {mode: DHCP}"), refused("spec.networks[0].ipConfig.mode", `supported values: "static", "dhcp"`)},
	{"static without an address", static(""), refused(addressField, "must be set when mode is static, for example 192.168.100.10/24; write mode dhcp if")},
	{"static with no further address", static("addresses: []"), refused(addressField, "must be set when mode is static")},
	{"dhcp with an address", dhcp("address: 10.0.0.10/24"), refused(addressField, "may only be set when mode is static; leave it out, or write mode static")},
	{"dhcp with addresses", dhcp("addresses: [10.0.0.10/24]"), refused(addressField, "may only be set when mode is static")},
	{"static with families", static("address: 10.0.0.10/24, ipFamilies: [IPv4]"),
		refused("spec.networks[0].ipConfig.ipFamilies", "may only be set when mode is dhcp; with static the addresses say which families there are")},
	{"dhcp for no family", dhcp("ipFamilies: []"), refused("spec.networks[0].ipConfig.ipFamilies", "at least 1 items")},
	{"dhcp for a family in lower case", dhcp("ipFamilies: [ipv6]"), refused("spec.networks[0].ipConfig.ipFamilies[0]", `supported values: "IPv4", "IPv6"`)},
	{"search domain with a capital", dhcp("searchDomains: [Example.org]"), refused("spec.networks[0].ipConfig.searchDomains[0]", "must be a DNS domain")},
	{"search domain that ends with a dot", dhcp("searchDomains: [example.org.]"), refused("spec.networks[0].ipConfig.searchDomains[0]", "must be a DNS domain")},
	{"search domain with a newline", dhcp(`searchDomains: ["example.org\nnameserver 10.0.0.1"]`),
		refused("spec.networks[0].ipConfig.searchDomains[0]", "must be a DNS domain")},
	{"search domains as a text", dhcp("searchDomains: a b"), refused("spec.networks[0].ipConfig.searchDomains", `must be of type array: "string"`)},
	{"dhcp with a gateway", dhcp("gateway: 10.0.0.1"), refused(gatewayField, "may only be set when mode is static; with dhcp the server names the gateway")},

	{"address without a prefix length", address("192.168.100.10"), refused(addressField, notCIDR)},
	{"address with a netmask", address("192.168.100.10/255.255.255.0"), refused(addressField, notCIDR)},
	{"address with a prefix length beyond 32", address("192.168.100.10/33"), refused(addressField, notCIDR)},
	{"address with an octet beyond 255", address("192.168.100.256/24"), refused(addressField, notCIDR)},
	{"address with leading zeros", address("192.168.100.010/24"), refused(addressField, notCIDR)},
	{"address that is a name", address("vm.example.org/24"), refused(addressField, notCIDR)},
	{"address with a newline", static(`address: "10.0.0.10/24\n"`), refused(addressField, notCIDR)},
	{"address that is IPv4 mapped to IPv6", address("::ffff:192.168.100.10/120"), refused(addressField, notCIDR)},
	{"address with a zone", address("fe80::10%eth0/64"), refused(addressField, notCIDR)},
	{"address too long for any", address("2001:0db8:0000:0000:0000:0000:0000:0000:0000:0010/64"), refused(addressField, "may not be more than 49")},
	{"address of a group", address("224.0.0.10/24"), refused(addressField, notUnicast)},
	{"address of a group, IPv6", address("ff02::10/64"), refused(addressField, notUnicast)},
	{"address of the loopback", address("127.0.0.10/8"), refused(addressField, notUnicast)},
	{"address of the link", address("169.254.0.10/16"), refused(addressField, notUnicast)},
	{"address of the link, IPv6", address("fe80::10/64"), refused(addressField, notUnicast)},
	{"address of no network", address("0.0.0.10/8"), refused(addressField, notUnicast)},
	{"address of everybody", address("255.255.255.255/32"), refused(addressField, notUnicast)},
	{"address in a subnet of everything", address("192.168.100.10/0"), refused(addressField, "must have a prefix length above 0, for example /24")},
	{"network's address, /24", address("192.168.100.0/24"), refused(addressField, notNetwork)},
	{"network's address, /23", address("192.168.100.0/23"), refused(addressField, notNetwork)},
	{"network's address, /30", address("192.168.100.4/30"), refused(addressField, notNetwork)},
	{"network's address, /8", address("10.0.0.0/8"), refused(addressField, notNetwork)},
	{"network's address, /1", address("128.0.0.0/1"), refused(addressField, notNetwork)},
	{"network's address, IPv6", address("2001:db8::/64"), refused(addressField, notNetwork)},
	{"broadcast address, /24", address("192.168.100.255/24"), refused(addressField, notBroadcast)},
	{"broadcast address, /23", address("192.168.101.255/23"), refused(addressField, notBroadcast)},
	{"broadcast address, /25", address("192.168.100.127/25"), refused(addressField, notBroadcast)},
	{"broadcast address, /30", address("192.168.100.7/30"), refused(addressField, notBroadcast)},
	{"broadcast address, /16", address("172.16.255.255/16"), refused(addressField, notBroadcast)},
	{"broadcast address, /8", address("10.255.255.255/8"), refused(addressField, notBroadcast)},
	{"broadcast address, /1", address("127.255.255.255/1"), findings{{addressField, notUnicast}, {addressField, notBroadcast}}},

	{"further address without a prefix length", static("addresses: [10.0.0.10]"), refused(furtherField+"[0]", notCIDR)},
	{"further address of a group", static("addresses: ['ff02::10/64']"), refused(furtherField+"[0]", notUnicast)},
	{"further address in a subnet of everything", static("addresses: [10.0.0.10/0]"), refused(furtherField+"[0]", "must have a prefix length above 0")},
	{"further address of the network", static("address: 10.0.0.10/24, addresses: ['fd00::/64']"), refused(furtherField+"[0]", notNetwork)},
	{"further address of the broadcast", static("addresses: [10.0.1.255/24]"), refused(furtherField+"[0]", notBroadcast)},
	{"further address twice", static("addresses: [10.0.0.10/24, 10.0.0.10/24]"), findings{
		{furtherField + "[1]", "Duplicate value"},
		{furtherField, "must not repeat an address"},
	}},
	{"further address is the address", static("address: 10.0.0.10/24, addresses: [10.0.0.10/24]"),
		refused(furtherField, "must not repeat an address, whatever its prefix length; list only further addresses")},
	{"further address is the address in another subnet", static("address: 10.0.0.10/24, addresses: [10.0.0.10/16]"), refused(furtherField, "must not repeat an address")},
	{"further address in another spelling", static("addresses: ['fd00::10/64', 'FD00:0::10/64']"), refused(furtherField, "must not repeat an address")},
	{"one address in two networks", wukong("networks: [{name: a, ipConfig: {mode: static, address: 10.0.0.10/24}}, {name: b, ipConfig: {mode: static, address: 10.0.0.10/16}}]"),
		refused("spec.networks", "each address must be used only once in a machine")},
	{"one further address in two networks", wukong("networks: [{name: a, ipConfig: {mode: static, addresses: ['fd00::10/64']}}, {name: b, ipConfig: {mode: static, addresses: ['fd00::0:10/64']}}]"),
		refused("spec.networks", "each address must be used only once in a machine")},

	{"gateway outside the subnet", gateway("192.168.100.10/24", "192.168.101.1"),
		refused(gatewayField, "must be inside the subnet of an address of this network; for 192.168.100.10/24 for example 192.168.100.1")},
	{"gateway of the other family", gateway("192.168.100.10/24", "fd00::1"), refused(gatewayField, "must be inside the subnet")},
	{"gateway of the link", gateway("2001:db8::10/64", "fe80::1"), refused(gatewayField, "must be inside the subnet")},
	{"gateway is the address", gateway("192.168.100.10/24", "192.168.100.10"), refused(gatewayField, "must not be the machine's own address; write the router's")},
	{"gateway is a further address", static("address: 10.0.0.10/24, addresses: [10.0.0.11/24], gateway: 10.0.0.11"), refused(gatewayField, "must not be the machine's own address")},
	{"gateway is the network", gateway("192.168.100.10/24", "192.168.100.0"), refused(gatewayField, "must be the address of a router, not that of the network itself; for 192.168.100.0/24 for example 192.168.100.1")},
	{"gateway is the network, IPv6", gateway("2001:db8::10/64", "2001:db8::"), refused(gatewayField, "must be the address of a router, not that of the network itself")},
	{"gateway is the broadcast address", gateway("192.168.100.10/23", "192.168.101.255"),
		refused(gatewayField, "must be the address of a router, not the broadcast address of the subnet; for 192.168.100.0/24 for example 192.168.100.1")},
	{"gateway is the broadcast address of a further subnet", static("address: 10.0.0.10/24, addresses: [10.0.1.10/30], gateway: 10.0.1.11"), refused(gatewayField, "not the broadcast address")},
	{"gateway with a prefix length", gateway("192.168.100.10/24", "192.168.100.1/24"), refused(gatewayField, "must be an IPv4 or IPv6 address without a prefix length, for example 192.168.100.1")},
	{"gateway that is a name", gateway("192.168.100.10/24", "router"), refused(gatewayField, "without a prefix length")},
	{"gateway of nobody", gateway("192.168.100.10/24", "0.0.0.0"), findings{
		{gatewayField, "must be a unicast address, for example 192.168.100.1"},
		{gatewayField, "must be inside the subnet"},
	}},
	{"gateway of a misspelled address", gateway("192.168.100.10", "192.168.100.1"), findings{
		{addressField, notCIDR},
		{gatewayField, "must be inside the subnet"},
	}},
	{"metric without a gateway", static("address: 10.0.0.10/24, metric: 100"), refused("spec.networks[0].ipConfig.metric", "must not be set without a gateway")},
	{"metric zero", static("address: 10.0.0.10/24, gateway: 10.0.0.1, metric: 0"), refused("spec.networks[0].ipConfig.metric", "must be at least 1")},

	{"name server that is a name", dhcp("dnsServers: [dns.example.org]"), refused("spec.networks[0].ipConfig.dnsServers[0]", "must be an IPv4 or IPv6 address")},
	{"name server of a group", dhcp("dnsServers: [8.8.8.8, 239.1.1.1]"), refused("spec.networks[0].ipConfig.dnsServers[1]", "must be a unicast address")},
	{"name server of a group, IPv6", dhcp("dnsServers: ['ff02::fb']"), refused("spec.networks[0].ipConfig.dnsServers[0]", "must be a unicast address")},
	{"name server on the loopback", dhcp("dnsServers: [127.0.0.53]"), refused("spec.networks[0].ipConfig.dnsServers[0]", "must be a unicast address")},
	{"name server that is IPv4 mapped to IPv6", dhcp("dnsServers: ['::ffff:8.8.8.8']"), refused("spec.networks[0].ipConfig.dnsServers[0]", "must be an IPv4 or IPv6 address")},
	{"name servers as a string", dhcp("dnsServers: 8.8.8.8"), refused("spec.networks[0].ipConfig.dnsServers", `must be of type array: "string"`)},
}
