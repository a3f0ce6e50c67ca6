// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"math/rand/v2"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/ledger"
)

func uplink(name string, nics ...string) vmv1alpha1.WukongUplink {
	made := vmv1alpha1.WukongUplink{ObjectMeta: metav1.ObjectMeta{Name: name}}
	for _, nic := range nics {
		made.Spec.NodeGroups = append(made.Spec.NodeGroups, vmv1alpha1.UplinkNodeGroup{Name: nic, Interface: vmv1alpha1.InterfaceName(nic)})
	}
	return made
}

func TestSegment(t *testing.T) {
	uplinks := []vmv1alpha1.WukongUplink{
		uplink("dc", "ens160", "eno1"), uplink("both", "eno1"), uplink("ens192", "ens161"), uplink("storage", "ens193.7"),
	}
	for segment, want := range map[string]string{
		"dc/100":            "dc/100",
		"ens160/100":        "dc/100",
		"eno1/0":            "both/0", // of two, the first by name
		"ens192/0":          "ens192/0",
		"ens161/0":          "ens192/0",
		"ens200/5":          "ens200/5",
		"ens193/7":          "storage/0",
		"ens193/8":          "ens193/8",
		"storage/0":         "storage/0",
		"nad:ens160/lan":    "nad:ens160/lan",
		"sriov:example/x/0": "sriov:example/x/0",
		"":                  "",
	} {
		rand.Shuffle(len(uplinks), func(i, j int) { uplinks[i], uplinks[j] = uplinks[j], uplinks[i] })
		if got := ledger.Segment(uplinks, segment); got != want {
			t.Errorf("%s: got %s, want %s", segment, got, want)
		}
		if got := ledger.Segment(nil, segment); got != segment {
			t.Errorf("%s without uplinks: got %s", segment, got)
		}
	}
	if got := ledger.Carrier(uplinks, "eno1"); got != "both" {
		t.Errorf("got %s, want the first uplink by name", got)
	}
}
