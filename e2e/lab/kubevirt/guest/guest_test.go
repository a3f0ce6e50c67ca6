// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

var twoNICs = []NIC{
	{Network: "default", MAC: "02:00:00:aa:bb:01", DHCP: []string{"10.0.2.2/24"}},
	{Network: "lan", MAC: "02:00:00:aa:bb:02"},
}

const staticData = `
version: 2
ethernets:
  default:
    match: {macaddress: "02:00:00:aa:bb:01"}
    set-name: pod0
    dhcp4: true
  lan:
    match: {macaddress: "02:00:00:aa:bb:02"}
    set-name: lan
    addresses: [192.168.100.10/24, "2001:db8::10/64"]
    routes: [{to: 0.0.0.0/0, via: 192.168.100.1, metric: 100}]
`

func TestBoot(t *testing.T) {
	unconfigured := []Link{
		{Network: "default", MAC: "02:00:00:aa:bb:01", Name: "enp1s0"},
		{Network: "lan", MAC: "02:00:00:aa:bb:02", Name: "enp2s0"},
	}
	configured := []Link{
		{Network: "default", MAC: "02:00:00:aa:bb:01", Name: "pod0", Addresses: []string{"10.0.2.2/24"}},
		{Network: "lan", MAC: "02:00:00:aa:bb:02", Name: "lan", Addresses: []string{"192.168.100.10/24", "2001:db8::10/64"}},
	}
	cases := map[string]struct {
		reason  string
		data    string
		image   Image
		want    []Link
		problem string
	}{
		"Static": {reason: "each NIC is found by its MAC", data: staticData, want: configured},
		"Wrapped": {
			reason: "the outer key is optional",
			data: "network:\n  version: 2\n  ethernets:\n    lan: {match: {macaddress: '02:00:00:aa:bb:02'}, set-name: lan, " +
				"addresses: [192.168.100.10/24, '2001:db8::10/64']}\n    default: {match: {macaddress: '02:00:00:aa:bb:01'}, set-name: pod0, dhcp4: true}\n",
			want: configured,
		},
		"Nothing": {
			reason: "without data the first NIC asks for an address", data: "",
			want: []Link{
				{Network: "default", MAC: "02:00:00:aa:bb:01", Name: "enp1s0", Addresses: []string{"10.0.2.2/24"}}, unconfigured[1],
			},
		},
		"UpperCase": {
			reason:  "an upper-case MAC costs the whole network",
			data:    "version: 2\nethernets:\n  a: {match: {macaddress: '02:00:00:aa:bb:01'}, dhcp4: true}\n  b: {match: {macaddress: '02:00:00:AA:BB:02'}, dhcp4: true}\n",
			want:    unconfigured,
			problem: "b: not all expected physical devices present: 02:00:00:AA:BB:02",
		},
		"NotPlugged": {
			reason:  "an entry for a NIC that is not there costs the good ones too",
			data:    staticData + "  later: {match: {macaddress: '02:00:00:aa:bb:03'}, dhcp4: true}\n",
			want:    unconfigured,
			problem: "later: not all expected physical devices present: 02:00:00:aa:bb:03",
		},
		"NoPrefix": {
			reason:  "an address needs its prefix length",
			data:    "version: 2\nethernets:\n  lan: {match: {macaddress: '02:00:00:aa:bb:02'}, addresses: [192.168.100.10]}\n",
			want:    unconfigured,
			problem: `lan: address "192.168.100.10" is missing its prefix length`,
		},
		"DefaultWithNetplan": {
			reason: "netplan knows the word default",
			data:   "version: 2\nethernets:\n  lan: {match: {macaddress: '02:00:00:aa:bb:02'}, addresses: [192.0.2.1/24], routes: [{to: default, via: 192.0.2.2}]}\n",
			want:   []Link{unconfigured[0], {Network: "lan", MAC: "02:00:00:aa:bb:02", Name: "enp2s0", Addresses: []string{"192.0.2.1/24"}}},
		},
		"DefaultWithoutNetplan": {
			reason:  "others do not",
			data:    "version: 2\nethernets:\n  lan: {match: {macaddress: '02:00:00:aa:bb:02'}, addresses: [192.0.2.1/24], routes: [{to: default, via: 192.0.2.2}]}\n",
			image:   Image{WithoutNetplan: true},
			want:    unconfigured,
			problem: `lan: route to "default": init-local fails in images without netplan before cloud-init 25.3`,
		},
		"NamedDefault": {
			reason:  "the name default means every interface to the kernel",
			data:    "version: 2\nethernets:\n  lan: {match: {macaddress: '02:00:00:aa:bb:02'}, set-name: default, addresses: [192.0.2.1/24]}\n",
			want:    []Link{unconfigured[0], {Network: "lan", MAC: "02:00:00:aa:bb:02", Name: "enp2s0", Addresses: []string{"192.0.2.1/24"}}},
			problem: `lan: the interface cannot be named "default"`,
		},
		"NoAnswer": {
			reason: "DHCP where nothing answers gives nothing",
			data:   "version: 2\nethernets:\n  lan: {match: {name: 'enp2*'}, dhcp4: true}\n",
			want:   unconfigured,
		},
		"WrongVersion": {
			reason:  "version 1 is not for this guest",
			data:    "version: 1\nconfig: []\n",
			want:    unconfigured,
			problem: `network-config has version "1", this guest reads 2`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := Boot(tc.data, twoNICs, tc.image)
			if diff := cmp.Diff(tc.want, got.Links); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
			if got.Problem != tc.problem {
				t.Errorf("%s: problem is %q, want %q", tc.reason, got.Problem, tc.problem)
			}
		})
	}
}

func TestDiskRemembers(t *testing.T) {
	const update = "#cloud-config\nupdates: {network: {when: [boot]}}\n"
	const archive = "Content-Type: multipart/mixed; boundary=\"x\"\nMIME-Version: 1.0\n\n--x\nContent-Type: text/cloud-config\n\n" +
		update + "\n--x--\n"
	cases := map[string]struct {
		reason string
		second Data
		want   string
	}{
		"SameInstance":  {"new data is ignored", Data{InstanceID: "a", NetworkData: "new"}, "old"},
		"NewInstance":   {"a new instance starts over", Data{InstanceID: "b", NetworkData: "new"}, "new"},
		"UpdatesAtBoot": {"user-data may ask for it", Data{InstanceID: "a", UserData: update, NetworkData: "new"}, "new"},
		"InAnArchive":   {"also in a part of an archive", Data{InstanceID: "a", UserData: archive, NetworkData: "new"}, "new"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, disk := Disk{}.Effective(Data{InstanceID: "a", NetworkData: "old"})
			if got, _ := disk.Effective(tc.second); got != tc.want {
				t.Errorf("%s: got %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}
