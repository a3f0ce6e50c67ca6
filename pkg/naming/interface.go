// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package naming

import (
	"regexp"
	"strconv"
	"strings"
)

// Bridge returns the default name of a network's bridge on the nodes, "br-" and the network's name.
func Bridge(network string) string {
	return kernelInterface("br-"+network, network)
}

// BridgeRevision returns the name of a bridge that is to be there beside the one of the given name, for a network whose
// declaration changed; the revision tells the declarations apart.
func BridgeRevision(bridge, revision string) string {
	return withHash(bridge, MaxInterface, interfaceHashLength, bridge, revision)
}

// VLANInterface returns the name of the VLAN interface on a NIC, "<nic>.<vlan>". Where that is too long for
// the kernel the NIC's part is shortened and the VLAN stays readable: "enp175s0f0np0" with VLAN 100 becomes
// "enp17-" and four characters of a hash and ".100".
func VLANInterface(nic string, vlan int32) string {
	suffix := "." + strconv.Itoa(int(vlan))
	if len(nic)+len(suffix) <= MaxInterface {
		return nic + suffix
	}
	return withHash(nic, MaxInterface-len(suffix), interfaceHashLength-1, nic) + suffix
}

// guestReserved matches names that a NIC in the guest must not be given: the kernel's sysctl names "all" and
// "default", the loopback's, names made of digits only, which udev refuses, and names the kernel or udev may
// give to another NIC in the meantime.
var guestReserved = regexp.MustCompile(`^(all|default|lo|[0-9]+|eth[0-9].*|en[opsx].*|net-.*)$`)

// GuestInterface returns the name that the guest's NIC of a network is given: the network's own name where
// the guest's kernel can take it, else "net-" and the name. Two networks never get the same one.
func GuestInterface(network string) string {
	switch {
	case network == "default":
		return "net-default"
	case guestReserved.MatchString(network):
		return withHash("net-"+strings.TrimPrefix(network, "net-"), MaxInterface, interfaceHashLength, network)
	default:
		return kernelInterface(network, network)
	}
}

func kernelInterface(name string, parts ...string) string {
	if len(name) <= MaxInterface {
		return name
	}
	return withHash(name, MaxInterface, interfaceHashLength, parts...)
}
