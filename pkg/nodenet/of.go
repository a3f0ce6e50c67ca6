// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// ClaimOf returns what an object itself tells of a claim. What is attached through it, and its namespace's labels, are
// read elsewhere.
func ClaimOf(object *vmv1alpha1.WukongNodeBridge) Claim {
	claim := Claim{
		Key:        types.NamespacedName{Namespace: object.Namespace, Name: object.Name},
		Network:    object.Spec.Network,
		Created:    object.CreationTimestamp.Time,
		Wanted:     WantedBy(object.Spec),
		Tag:        object.Spec.Tag,
		PolicyName: object.Status.PolicyName,
		Granted:    Granted(object),
	}
	if owner := metav1.GetControllerOf(object); owner != nil {
		claim.Owner = string(owner.UID)
	}
	if object.DeletionTimestamp != nil {
		claim.DeletedAt = object.DeletionTimestamp.Time
	}
	for _, node := range object.Status.Nodes {
		if madeByUs(node) {
			claim.MadeOn = append(claim.MadeOn, node.Name)
		}
	}
	return claim
}

// Granted reports whether a claim was given its bridge before.
func Granted(claim *vmv1alpha1.WukongNodeBridge) bool {
	if claim.Status.PolicyName != "" {
		return true
	}
	available := meta.FindStatusCondition(claim.Status.Conditions, vmv1alpha1.ConditionAvailable)
	return available != nil && available.Status == metav1.ConditionTrue && available.ObservedGeneration == claim.Generation
}

// madeByUs reports whether a node's state tells that the bridge on it comes from our policy.
func madeByUs(node vmv1alpha1.NodeBridgeNodeStatus) bool {
	switch node.State {
	case vmv1alpha1.NodeAdopted, vmv1alpha1.NodeMissing, vmv1alpha1.NodeUnfit:
		return false
	default:
		return true
	}
}

// IsParent reports whether a network takes a NIC without a claim.
func IsParent(network *vmv1alpha1.WukongNetwork) bool {
	switch network.Spec.Type {
	case vmv1alpha1.NetworkTypeMacvlan, vmv1alpha1.NetworkTypeIPVLAN:
		return network.Spec.NADName == ""
	}
	return false
}

// ParentOf returns the use of a NIC by a macvlan or ipvlan.
func ParentOf(network *vmv1alpha1.WukongNetwork) Parent {
	nic, vlan := SplitParent(network.Spec.BridgeName)
	return Parent{
		Key: types.NamespacedName{Namespace: network.Namespace, Name: network.Name}, Created: network.CreationTimestamp.Time,
		Granted: network.Status.NetworkAttachmentDefinition != "", Interface: nic, VLANID: vlan,
	}
}
