// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package naming_test

import (
	"net"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/novasphere/wukong/pkg/naming"
)

func TestPreferredNames(t *testing.T) {
	for name, tc := range map[string]struct{ got, want string }{
		"virtual machine":       {naming.VirtualMachine("ubuntu-vm-nmstate"), "ubuntu-vm-nmstate"},
		"cloud-init Secret":     {naming.CloudInitSecret("ubuntu-vm"), "ubuntu-vm-cloudinit"},
		"child":                 {naming.Child("ubuntu-vm-nmstate", "management"), "ubuntu-vm-nmstate-management"},
		"attachment":            {naming.NetworkAttachmentDefinition("ubuntu-vm-management"), "ubuntu-vm-management-nad"},
		"policy":                {naming.Policy(naming.Child("ubuntu-vm-nmstate", "management")), "ubuntu-vm-nmstate-management-bridge"},
		"bridge":                {naming.Bridge("management"), "br-management"},
		"VLAN interface":        {naming.VLANInterface("ens160", 100), "ens160.100"},
		"guest NIC":             {naming.GuestInterface("management"), "management"},
		"guest NIC of the pod":  {naming.GuestInterface("default"), "net-default"},
		"disk":                  {naming.DataVolume("ubuntu-vm", "data"), "ubuntu-vm-data"},
		"serial number":         {naming.DiskSerial("a-disk-of-20-letters"), "a-disk-of-20-letters"},
		"label value":           {naming.LabelValue("ubuntu-vm"), "ubuntu-vm"},
		"name of 63 characters": {naming.VirtualMachine(strings.Repeat("a", 63)), strings.Repeat("a", 63)},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.got != tc.want {
				t.Errorf("got %q, want %q", tc.got, tc.want)
			}
		})
	}
}

func TestShortenedNames(t *testing.T) {
	long, longer := strings.Repeat("a", 200), strings.Repeat("a", 201)
	for name, tc := range map[string]struct {
		names []string
		limit int
	}{
		"virtual machines": {[]string{naming.VirtualMachine(long), naming.VirtualMachine(longer), naming.VirtualMachine("a.b"), naming.VirtualMachine("a-b")}, 63},
		"Secrets":          {[]string{naming.CloudInitSecret(long), naming.CloudInitSecret(longer)}, 63},
		"children": {[]string{
			naming.Child(long, "lan"), naming.Child(longer, "lan"), naming.Child(long, "lan2"),
			naming.ChildRevision("a-b", "c", "1"), naming.ChildRevision("a", "b-c", "1"), naming.ChildRevision("a", "b-c", "2"), naming.Child("a", "b-c"),
		}, 63},
		"attachments": {[]string{naming.NetworkAttachmentDefinition(naming.Child(long, "lan")), naming.NetworkAttachmentDefinition(naming.Child(longer, "lan"))}, 63},
		"policies": {[]string{
			naming.Policy(naming.Child(long, "lan")), naming.Policy(naming.Child(longer, "lan")),
			naming.Policy("vm-lan"), naming.PolicyInNamespace("one", "vm-lan"), naming.PolicyInNamespace("two", "vm-lan"),
		}, 63},
		"disks":           {[]string{naming.DataVolume(long, "data"), naming.DataVolume(longer, "data"), naming.DataVolume(long, "data2")}, 63},
		"serial numbers":  {[]string{naming.DiskSerial("the-database-of-the-shop"), naming.DiskSerial("the-database-of-the-shop-2"), naming.DiskSerial("the-database")}, 20},
		"bridges":         {[]string{naming.Bridge("management-network"), naming.Bridge("management-network-2"), naming.Bridge("management")}, 15},
		"VLAN interfaces": {[]string{naming.VLANInterface("enp175s0f0np0", 100), naming.VLANInterface("enp175s0f0np1", 100), naming.VLANInterface("enp175s0f0np0", 4094)}, 15},
		"guest NICs": {[]string{
			naming.GuestInterface("default"), naming.GuestInterface("net-default"), naming.GuestInterface("all"), naming.GuestInterface("net-all"),
			naming.GuestInterface("100"), naming.GuestInterface("eth0"), naming.GuestInterface("enp1s0"), naming.GuestInterface("lo"),
			naming.GuestInterface("a-very-long-network"), naming.GuestInterface("a-very-long-network-2"),
		}, 15},
	} {
		t.Run(name, func(t *testing.T) {
			seen := map[string]bool{}
			for _, n := range tc.names {
				if len(n) > tc.limit {
					t.Errorf("%q has %d characters, at most %d fit", n, len(n), tc.limit)
				}
				if tc.limit == naming.MaxLabelValue && len(validation.IsDNS1123Subdomain(n)) > 0 {
					t.Errorf("%q is no object name", n)
				}
				if seen[n] {
					t.Errorf("%q is given twice", n)
				}
				seen[n] = true
			}
		})
	}
}

func TestVLANInterfaceKeepsTheVLANReadable(t *testing.T) {
	if got := naming.VLANInterface("enp175s0f0np0", 100); !strings.HasSuffix(got, ".100") || !strings.HasPrefix(got, "enp17") {
		t.Errorf("got %q", got)
	}
}

func TestMACAddress(t *testing.T) {
	seen := map[string]bool{}
	for _, uid := range []string{"1", "2", "3"} {
		for _, network := range []string{"default", "lan", "wan"} {
			mac := naming.MACAddress(uid, network)
			parsed, err := net.ParseMAC(mac)
			if err != nil || len(parsed) != 6 {
				t.Fatalf("%q is no MAC address: %v", mac, err)
			}
			if parsed[0]&0x01 != 0 || parsed[0]&0x02 == 0 {
				t.Errorf("%s is not unicast and locally administered", mac)
			}
			if mac != strings.ToLower(mac) || seen[mac] || mac != naming.MACAddress(uid, network) {
				t.Errorf("%s is not lower-case, unique and stable", mac)
			}
			seen[mac] = true
		}
	}
}

func TestFirmwareIdentity(t *testing.T) {
	a, b := naming.FirmwareUUID("1"), naming.FirmwareUUID("2")
	if a == b || a == naming.FirmwareSerial("1") || a != naming.FirmwareUUID("1") {
		t.Errorf("firmware UUIDs are not distinct and stable: %s %s", a, b)
	}
	if naming.OfflineUID("a", "b") == naming.OfflineUID("ab", "") {
		t.Error("offline UIDs run together")
	}
}
