// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"cmp"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/nodenet"
)

// claims counts claims by their bridge, and tells of each bridge how far the nodes are.
func (t tally) claims(all []vmv1alpha1.WukongNodeBridge) {
	speakers := map[string]*vmv1alpha1.WukongNodeBridge{}
	for i := range all {
		claim := &all[i]
		bridge := string(claim.Spec.BridgeName)
		t.count(bridgeClaims, bridge)
		t.deleting("WukongNodeBridge", claim)
		t.obstacles(claim.Status.Conditions, claim.Generation, vmv1alpha1.ConditionAllowed, vmv1alpha1.ConditionReady)
		if known := speakers[bridge]; known == nil || speaksBefore(claim, known) {
			speakers[bridge] = claim
		}
	}
	for bridge, claim := range speakers {
		for i := range claim.Status.Nodes {
			node := &claim.Status.Nodes[i]
			t.count(bridgeNodes, bridge, string(node.State))
			t.count(nodeBridges, node.Name, string(node.State))
		}
	}
}

// speaksBefore reports whether one claim tells more of its bridge than another: that of a claim which has the bridge is
// what it is, while a refused one only tells why it may not be made.
func speaksBefore(a, b *vmv1alpha1.WukongNodeBridge) bool {
	if has := nodenet.Granted(a); has != nodenet.Granted(b) {
		return has
	}
	return cmp.Or(
		a.CreationTimestamp.Compare(b.CreationTimestamp.Time),
		cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name)) < 0
}
