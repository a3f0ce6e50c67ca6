// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"testing"

	"github.com/novasphere/wukong/e2e/lab"
)

// TestSeeds applies each Wukong of the product's first documents as it stands, in a clean lab whose KubeVirt has the
// macvtap binding registered, and takes it away again.
func TestSeeds(t *testing.T) {
	for name, wukong := range map[string]string{
		"nmstate-integration-4.1": "ubuntu-vm-nmstate",
		"vm-network-plan-3.2":     "ubuntu-vm",
		"vm-network-plan-4.2":     "ubuntu-vm",
		"vm-network-plan-5.1":     "ubuntu-vm-dual-network",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, lab.Options{})
			if err := w.KubeVirt.SetTapBinding(t.Context(), "macvtap", true); err != nil {
				t.Fatal(err)
			}
			w.apply(seed(name))
			w.expectReady("default", wukong)
			w.delete("default", wukong)
			w.expectNothingLeft()
		})
	}
}
