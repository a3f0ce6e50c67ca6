// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/render/cloudinit"
)

// reread returns the parts of what some user-data is made from and of NICs with a static address each, by way of their text.
func reread(t *testing.T, declared string, nics ...cloudinit.NIC) cloudinit.Parts {
	t.Helper()
	config, err := cloudinit.NetworkConfig(nics)
	if err != nil {
		t.Fatal(err)
	}
	parts, err := cloudinit.Data{Declared: declared, NetworkConfig: config}.Parts()
	if err != nil {
		t.Fatal(err)
	}
	text, err := parts.Text()
	if err != nil {
		t.Fatal(err)
	}
	read := cloudinit.ReadParts(text)
	if read == nil {
		t.Fatalf("%s cannot be read", text)
	}
	return *read
}

func TestParts(t *testing.T) {
	on := func(network, address string) cloudinit.NIC {
		return cloudinit.NIC{Network: network, MACAddress: "02:00:00:00:00:01", IPConfig: &vmv1alpha1.IPConfig{
			Mode: vmv1alpha1.IPModeStatic, Address: vmv1alpha1.InterfaceAddress(address),
		}}
	}
	lan, wan := on("lan", "10.0.0.2/24"), on("wan", "10.0.1.2/24")
	before := reread(t, "user", lan, wan)
	for _, row := range []struct {
		name  string
		later cloudinit.Parts
		want  cloudinit.Changes
	}{
		{"nothing", reread(t, "user", wan, lan), cloudinit.Changes{}},
		{"the user-data", reread(t, "other", lan, wan), cloudinit.Changes{UserData: true}},
		{"an address", reread(t, "user", on("lan", "10.0.0.3/24"), wan), cloudinit.Changes{Changed: []string{"lan"}}},
		{"a NIC more", reread(t, "user", lan, on("b", "10.0.2.2/24"), on("a", "10.0.3.2/24"), wan), cloudinit.Changes{Added: []string{"a", "b"}}},
		{"a NIC less", reread(t, "user", wan), cloudinit.Changes{}},
		{"a NIC instead of another", reread(t, "user", on("net", "10.0.0.2/24"), wan), cloudinit.Changes{Added: []string{"net"}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if difference := cmp.Diff(row.want, before.Until(row.later)); difference != "" {
				t.Errorf("-want +got:\n%s", difference)
			}
		})
	}
}

func TestPartsOfWhatIsNoConfig(t *testing.T) {
	if _, err := (cloudinit.Data{NetworkConfig: "\t"}).Parts(); err == nil {
		t.Error("what is no YAML has parts")
	}
	for _, text := range []string{"", "{", "7"} {
		if parts := cloudinit.ReadParts(text); parts != nil {
			t.Errorf("%q is read as %+v", text, parts)
		}
	}
}
