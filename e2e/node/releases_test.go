// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2enode

package node

import (
	"net"
	"net/netip"

	"github.com/novasphere/wukong/e2e/node/image"
)

// release is a system that nodes run.
type release struct {
	name   string
	recipe image.Recipe
	// ovs says that NetworkManager can make Open vSwitch bridges, which NMState leaves to it.
	ovs bool
}

// The NICs of a node, and what is special about each.
const (
	// management has the node's address, its default route and its name server.
	management = "ens160"
	// spare is as it came: no profile, so NetworkManager looks for a DHCP server that is not there.
	spare = "ens192"
	// addressed has an address and a route of its own.
	addressed = "ens224"
	// bare has a profile without addresses.
	bare = "ens256"
)

var (
	nodeAddress    = netip.MustParseAddr("10.0.2.15")
	nodeGateway    = netip.MustParseAddr("10.0.2.2")
	storageAddress = netip.MustParseAddr("192.168.50.2")
)

const nameServer = "10.0.2.3"

var nics = []image.NIC{
	{Name: management, MAC: "52:54:00:ab:cd:60", Profile: `[connection]
id=management
type=ethernet
interface-name=ens160

[ipv4]
method=manual
address1=10.0.2.15/24,10.0.2.2
dns=10.0.2.3;
dns-search=example.org;

[ipv6]
method=disabled
`},
	{Name: spare, MAC: "52:54:00:ab:cd:92"},
	{Name: addressed, MAC: "52:54:00:ab:cd:24", Profile: `[connection]
id=storage
type=ethernet
interface-name=ens224

[ipv4]
method=manual
address1=192.168.50.2/24
route1=172.20.0.0/16,192.168.50.1
never-default=true

[ipv6]
method=link-local
addr-gen-mode=0
`},
	{Name: bare, MAC: "52:54:00:ab:cd:56", Profile: `[connection]
id=bare
type=ethernet
interface-name=ens256

[ipv4]
method=disabled

[ipv6]
method=disabled
`},
}

// releases are the oldest NetworkManager that is promised to work, and a new one.
var releases = []release{
	{name: "NetworkManager-1.42", recipe: recipe("bookworm")},
	{name: "NetworkManager-1.58", recipe: recipe("forky", "network-manager-ovs"), ovs: true},
}

func recipe(suite string, packages ...string) image.Recipe {
	return image.Recipe{Suite: suite, Packages: packages, Hostname: "node-1", NICs: nics}
}

// outsideMAC returns a hardware address that no NIC has.
func outsideMAC(last byte) net.HardwareAddr { return net.HardwareAddr{0x02, 0, 0, 0, 1, last} }
