// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit_test

import (
	"strings"
	"testing"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/internal/golden"
	"github.com/novasphere/wukong/pkg/naming"
	"github.com/novasphere/wukong/pkg/render/cloudinit"
)

var (
	static = vmv1alpha1.IPModeStatic
	dhcp   = &vmv1alpha1.IPConfig{Mode: vmv1alpha1.IPModeDHCP}
)

// pod is the pod network as most machines have it.
var pod = cloudinit.NIC{Network: "default", MACAddress: "02:00:00:00:00:10", Pod: true}

func nic(network string, config *vmv1alpha1.IPConfig) cloudinit.NIC {
	return cloudinit.NIC{Network: network, MACAddress: naming.MACAddress("uid", network), IPConfig: config}
}

// networkConfigs are named after their golden files.
var networkConfigs = map[string][]cloudinit.NIC{
	"pod":       {pod},
	"no-config": {nic("lan", nil)},
	"static-v4": {nic("lan", &vmv1alpha1.IPConfig{Mode: static, Address: "192.168.100.10/24", Gateway: "192.168.100.1"})},
	"static-v6": {nic("lan", &vmv1alpha1.IPConfig{Mode: static, Address: "2001:db8::10/64", Gateway: "2001:db8::1"})},
	"dual": {nic("lan", &vmv1alpha1.IPConfig{
		Mode: static, Address: "192.168.100.10/24", Addresses: []vmv1alpha1.InterfaceAddress{"2001:db8::10/64", "192.168.100.11/24"}, Gateway: "192.168.100.1",
		Routes: []vmv1alpha1.Route{{To: "::/0", Via: "2001:db8::1"}},
	})},
	"dhcp":              {nic("lan", dhcp)},
	"dhcp-with-pod":     {pod, nic("lan", dhcp)},
	"without-gateway":   {nic("lan", &vmv1alpha1.IPConfig{Mode: static, Address: "192.168.100.10/24"})},
	"mac-in-upper-case": {{Network: "lan", MACAddress: "02:AB:CD:EF:00:01", IPConfig: dhcp}},
	// The seeds' order: 100 for the first gateway, 200 for the second, the pod network after them.
	"gateways": {
		pod,
		nic("management", &vmv1alpha1.IPConfig{Mode: static, Address: "192.168.100.10/24", Gateway: "192.168.100.1"}),
		nic("external", &vmv1alpha1.IPConfig{Mode: static, Address: "192.168.1.200/24", Gateway: "192.168.1.1"}),
	},
	"gateways-with-metrics": {
		nic("a", &vmv1alpha1.IPConfig{Mode: static, Address: "10.0.1.2/24", Gateway: "10.0.1.1"}),
		nic("bb", &vmv1alpha1.IPConfig{Mode: static, Address: "10.0.2.2/24", Gateway: "10.0.2.1", Metric: new(int32(100))}),
		nic("ccc", &vmv1alpha1.IPConfig{Mode: static, Address: "10.0.3.2/24", Gateway: "10.0.3.1"}),
		nic("dddd", &vmv1alpha1.IPConfig{Mode: static, Address: "10.0.4.2/24", Gateway: "10.0.4.1", Metric: new(int32(5))}),
		nic("eeeee", dhcp),
		pod,
	},
	"mtu": {{Network: "storage", MACAddress: "02:00:00:00:00:01", MTU: 9000, IPConfig: &vmv1alpha1.IPConfig{Mode: static, Address: "10.0.0.2/16"}}},
	"dns": {nic("lan", &vmv1alpha1.IPConfig{Mode: static, Address: "10.0.0.2/16", DNSServers: []vmv1alpha1.IPAddress{"10.0.0.1", "114.114.114.114", "2001:db8::53"}})},
	"dns-search": {nic("lan", &vmv1alpha1.IPConfig{
		Mode: static, Address: "10.0.0.2/16", DNSServers: []vmv1alpha1.IPAddress{"10.0.0.1"}, SearchDomains: []vmv1alpha1.DomainName{"example.org", "no", "1e3"},
	})},
	"dns-search-alone": {nic("lan", &vmv1alpha1.IPConfig{Mode: static, Address: "10.0.0.2/16", SearchDomains: []vmv1alpha1.DomainName{"example.org"}})},
	"dhcp6":            {nic("lan", &vmv1alpha1.IPConfig{Mode: vmv1alpha1.IPModeDHCP, IPFamilies: []vmv1alpha1.IPFamily{vmv1alpha1.IPFamilyIPv6}})},
	"dhcp-dual":        {nic("lan", &vmv1alpha1.IPConfig{Mode: vmv1alpha1.IPModeDHCP, IPFamilies: []vmv1alpha1.IPFamily{vmv1alpha1.IPFamilyIPv6, vmv1alpha1.IPFamilyIPv4}})},
	// Default routes of both families on each NIC, and two of one family on the second.
	"gateways-dual": {
		pod,
		nic("management", &vmv1alpha1.IPConfig{
			Mode: static, Address: "192.168.100.10/24", Addresses: []vmv1alpha1.InterfaceAddress{"2001:db8:1::10/64"}, Gateway: "192.168.100.1",
			Routes: []vmv1alpha1.Route{{To: "::/0", Via: "2001:db8:1::1"}},
		}),
		nic("external", &vmv1alpha1.IPConfig{
			Mode: static, Address: "192.168.1.200/24", Addresses: []vmv1alpha1.InterfaceAddress{"2001:db8:2::10/64"}, Gateway: "2001:db8:2::1",
			Routes: []vmv1alpha1.Route{{To: "0.0.0.0/0", Via: "192.168.1.1"}, {To: "::/0", Via: "2001:db8:2::2"}, {To: "10.0.0.0/8", Via: "192.168.1.254"}},
		}),
	},
	"routes": {nic("lan", &vmv1alpha1.IPConfig{
		Mode: static, Address: "192.168.100.10/24", Gateway: "192.168.100.1",
		Routes: []vmv1alpha1.Route{{To: "10.0.0.0/8", Via: "192.168.100.254"}, {To: "172.16.0.0/12", Via: "192.168.100.253", Metric: new(int32(50))}},
	})},
	// Names that are valid for a network and that the guest, or a reader of YAML, takes for something else.
	"names": {
		nic("all", nil), nic("eth0", nil), nic("no", nil), nic("123", nil), nic("0b1", nil), nic("1e3", nil), nic("2001-99-99", nil), nic("a-long-network-name", nil),
	},
}

func TestNetworkConfig(t *testing.T) {
	for name, nics := range networkConfigs {
		t.Run(name, func(t *testing.T) {
			text, err := cloudinit.NetworkConfig(nics)
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, "networkconfig/"+name+".yaml", text)
		})
	}
}

// Each of these costs some guest its whole network.
func TestNetworkConfigAvoidsWhatGuestsFailOn(t *testing.T) {
	for name, nics := range networkConfigs {
		text, err := cloudinit.NetworkConfig(nics)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(text, "\n") {
			switch line = strings.TrimSpace(line); {
			case strings.HasPrefix(line, "macaddress:") && line != strings.ToLower(line):
				t.Errorf("%s: a MAC address in upper case: %s", name, line)
			case strings.HasSuffix(line, "to: default"):
				t.Errorf("%s: a route to default instead of 0.0.0.0/0", name)
			case line == "set-name: default", line == "set-name: all", line == "set-name: lo":
				t.Errorf("%s: a name that the kernel keeps for itself: %s", name, line)
			}
		}
	}
}
