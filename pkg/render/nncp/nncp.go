// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package nncp builds the NodeNetworkConfigurationPolicy of one bridge. It is pure: a value in, an object out.
package nncp

import (
	"encoding/json"
	"fmt"

	"github.com/nmstate/kubernetes-nmstate/api/shared"
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/naming"
	"github.com/novasphere/wukong/pkg/render/document"
)

// DefaultMaxUnavailable is the share of a policy's nodes that NMState may work on at a time. It is NMState's
// own default, written out so that an upgrade of NMState does not change how many nodes are at risk.
const DefaultMaxUnavailable = "50%"

// AnnotationBridge holds, on a policy, the Bridge it was built from as JSON, so that the bridge can be removed
// when nobody is left who declares it.
const AnnotationBridge = "vm.novasphere.dev/bridge-spec"

// Bridge is one bridge of the nodes as a policy configures it.
type Bridge struct {
	// Name is the kernel name of the bridge.
	Name string `json:"name"`
	// Type is the bridge's type in NMState's words.
	Type vmv1alpha1.BridgeType `json:"type"`
	// Uplink is the NIC that carries the bridge's traffic.
	Uplink string `json:"uplink"`
	// VLANID puts the bridge on a VLAN interface of the NIC; 0 makes the NIC itself the bridge's port.
	VLANID int32 `json:"vlanId,omitempty"`
	// MTU is the MTU of the bridge and its VLAN interface in bytes; 0 leaves it to NMState.
	MTU int32 `json:"mtu,omitempty"`
}

// OfClaim returns the bridge that a claim asks for.
func OfClaim(claim vmv1alpha1.WukongNodeBridgeSpec) Bridge {
	return Bridge{
		Name:   string(claim.BridgeName),
		Type:   claim.Type,
		Uplink: string(claim.Uplink),
		VLANID: claim.VLANID,
		MTU:    claim.MTU,
	}
}

// OfPolicy returns the bridge that a policy was built from. It returns an error when the policy was not built by
// this package.
func OfPolicy(policy *nmstatev1.NodeNetworkConfigurationPolicy) (Bridge, error) {
	var bridge Bridge
	if err := json.Unmarshal([]byte(policy.Annotations[AnnotationBridge]), &bridge); err != nil {
		return Bridge{}, fmt.Errorf("reading annotation %s of policy %s: %w", AnnotationBridge, policy.Name, err)
	}
	return bridge, nil
}

// Port returns the name of the interface that is the bridge's port on the nodes.
func (b Bridge) Port() string {
	if b.VLANID == 0 {
		return b.Uplink
	}
	return naming.VLANInterface(b.Uplink, b.VLANID)
}

// Present returns the policy that makes the bridge on every node. The error is that of marshalling.
func Present(policyName string, bridge Bridge) (*nmstatev1.NodeNetworkConfigurationPolicy, error) {
	return policy(policyName, bridge, desiredState{Interfaces: bridge.present()})
}

// Absent returns the policy that removes from every node what Present made: the bridge and its VLAN
// interface. A NIC that was the bridge's port is not named, so NMState leaves it up and detached.
// The error is that of marshalling.
func Absent(policyName string, bridge Bridge) (*nmstatev1.NodeNetworkConfigurationPolicy, error) {
	return policy(policyName, bridge, desiredState{Interfaces: bridge.absent()})
}

func policy(name string, bridge Bridge, state desiredState) (*nmstatev1.NodeNetworkConfigurationPolicy, error) {
	raw, err := document.Marshal(state)
	if err != nil {
		return nil, fmt.Errorf("marshalling the desired state of bridge %s: %w", bridge.Name, err)
	}
	record, err := json.Marshal(bridge)
	if err != nil {
		return nil, fmt.Errorf("marshalling bridge %s: %w", bridge.Name, err)
	}
	maxUnavailable := intstr.FromString(DefaultMaxUnavailable)
	return &nmstatev1.NodeNetworkConfigurationPolicy{
		TypeMeta: metav1.TypeMeta{APIVersion: nmstatev1.GroupVersion.String(), Kind: "NodeNetworkConfigurationPolicy"},
		ObjectMeta: metav1.ObjectMeta{
			Name: name,
			Labels: map[string]string{
				vmv1alpha1.LabelManagedBy: vmv1alpha1.ManagedByWukong,
				vmv1alpha1.LabelBridge:    bridge.Name,
			},
			Annotations: map[string]string{AnnotationBridge: string(record)},
		},
		Spec: shared.NodeNetworkConfigurationPolicySpec{
			DesiredState:   shared.NewState(raw),
			MaxUnavailable: &maxUnavailable,
		},
	}, nil
}

// String describes the bridge as a person would, for example "linux-bridge on ens160 VLAN 100".
func (b Bridge) String() string {
	text := string(b.Type) + " on " + b.Uplink
	if b.VLANID != 0 {
		text += fmt.Sprintf(" VLAN %d", b.VLANID)
	}
	if b.MTU != 0 {
		text += fmt.Sprintf(" MTU %d", b.MTU)
	}
	return text
}
