// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
)

// networks counts WukongNetworks that do not get what they ask for.
func (t tally) networks(all []vmv1alpha1.WukongNetwork) {
	for i := range all {
		network := &all[i]
		t.deleting("WukongNetwork", network)
		t.obstacles(network.Status.Conditions, network.Generation,
			vmv1alpha1.ConditionAllowed, vmv1alpha1.ConditionAttachmentReady)
		addresses := conditions.Current(network.Status.Conditions, vmv1alpha1.ConditionAddressesReady, network.Generation)
		if addresses == nil {
			continue
		}
		switch addresses.Reason {
		case vmv1alpha1.ReasonAddressConflict:
			t.count(addressDuplicates, "ip")
		case vmv1alpha1.ReasonMACAddressConflict:
			t.count(addressDuplicates, "mac")
		}
	}
}
