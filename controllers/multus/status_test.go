// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package multus

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

func TestDataPathReady(t *testing.T) {
	for name, tc := range map[string]struct {
		result outcome
		tap    string
		status metav1.ConditionStatus
		reason string
		says   []string
	}{
		"no attachment": {status: metav1.ConditionUnknown, reason: vmv1alpha1.ReasonNoAttachment},
		"bridge": {
			result: outcome{attached: true, networkType: vmv1alpha1.NetworkTypeBridge},
			status: metav1.ConditionTrue, reason: vmv1alpha1.ReasonDataPathUsable,
		},
		"macvlan": {
			result: outcome{attached: true, networkType: vmv1alpha1.NetworkTypeMacvlan},
			status: metav1.ConditionFalse, reason: vmv1alpha1.ReasonMacvlanBehindBridgeBinding,
			says: []string{"spec.configuration.network.binding.macvtap", "macvtap-cni", "network lan to type bridge"},
		},
		"macvtap with a binding": {
			result: outcome{attached: true, networkType: vmv1alpha1.NetworkTypeMacvlan, macvtap: true}, tap: "macvtap",
			status: metav1.ConditionTrue, reason: vmv1alpha1.ReasonDataPathUsable,
		},
		"somebody else's macvtap without a binding": {
			result: outcome{attached: true, networkType: vmv1alpha1.NetworkTypeMacvlan, macvtap: true},
			status: metav1.ConditionFalse, reason: vmv1alpha1.ReasonMacvlanBehindBridgeBinding,
		},
		"somebody else's macvlan with a binding": {
			result: outcome{attached: true, networkType: vmv1alpha1.NetworkTypeMacvlan}, tap: "macvtap",
			status: metav1.ConditionFalse, reason: vmv1alpha1.ReasonMacvlanBehindBridgeBinding,
		},
		"ipvlan": {
			result: outcome{attached: true, networkType: vmv1alpha1.NetworkTypeIPVLAN}, tap: "macvtap",
			status: metav1.ConditionFalse, reason: vmv1alpha1.ReasonIPVLANBehindBridgeBinding, says: []string{"type bridge or macvlan"},
		},
		"sriov": {
			result: outcome{attached: true, networkType: vmv1alpha1.NetworkTypeSRIOV},
			status: metav1.ConditionTrue, reason: vmv1alpha1.ReasonDataPathUsable,
		},
	} {
		t.Run(name, func(t *testing.T) {
			network := &vmv1alpha1.WukongNetwork{Spec: vmv1alpha1.WukongNetworkSpec{Network: "lan"}}
			got := dataPathReady(network, tc.result, tc.tap)
			if got.Status != tc.status || got.Reason != tc.reason {
				t.Errorf("got %s %s, want %s %s", got.Status, got.Reason, tc.status, tc.reason)
			}
			for _, text := range tc.says {
				if !strings.Contains(got.Message, text) {
					t.Errorf("%q does not say %q", got.Message, text)
				}
			}
		})
	}
}
