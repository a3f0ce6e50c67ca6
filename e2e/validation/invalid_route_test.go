// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

const routeField = "spec.networks[0].ipConfig.routes"

// invalidRoutes are about routes.
var invalidRoutes = []invalid{
	{"route without a router", route("to: 10.0.0.0/8"), refused(routeField+"[0].via", "Required value")},
	{"route with host bits", route("to: 10.1.2.3/8, via: 192.168.100.1"), refused(routeField+"[0].to", "must have no host bits; for example 10.0.0.0/8 instead of 10.1.2.3/8")},
	{"route to default", route("to: default, via: 192.168.100.1"), refused(routeField+"[0].to", "write 0.0.0.0/0 or ::/0 for a default route")},
	{"route to an address", route("to: 10.1.2.3, via: 192.168.100.1"), refused(routeField+"[0].to", "must be a subnet in CIDR notation, for example 10.0.0.0/8")},
	{"route of two families", route("to: '2001:db8::/32', via: 192.168.100.1"), refused(routeField+"[0].via", "must be of the same family as to: both IPv4 or both IPv6")},
	{"route via the other family", route("to: 0.0.0.0/0, via: 'fd00::1'"), refused(routeField+"[0].via", "must be of the same family as to")},
	{"route via a router elsewhere", route("to: 10.0.0.0/8, via: 192.168.101.1"),
		refused(routeField, "each via must be inside the subnet of an address of this network; for 192.168.100.10/24 for example 192.168.100.1")},
	{"route via a subnet", route("to: 10.0.0.0/8, via: 192.168.100.1/24"), refused(routeField+"[0].via", "must be an IPv4 or IPv6 address without a prefix length")},
	{"route via a group", dhcp("routes: [{to: 10.0.0.0/8, via: 239.0.0.1}]"), refused(routeField+"[0].via", "must be a unicast address")},
	{"route with metric zero", route("to: 10.0.0.0/8, via: 192.168.100.1, metric: 0"), refused(routeField+"[0].metric", "must be at least 1")},
	{"route in one line", static("address: 10.0.0.10/24, routes: ['10.0.0.0/8 via 10.0.0.1']"), refused(routeField+"[0]", `must be of type object: "string"`)},
}
