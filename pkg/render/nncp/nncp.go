// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package nncp builds the NodeNetworkConfigurationPolicy of one bridge. It is pure: a value in, an object out.
package nncp

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"

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

// AnnotationAttempt holds, on a policy, how often it was written anew only so that NMState tries again. It is missing for 0.
const AnnotationAttempt = "vm.novasphere.dev/attempt"

// AnnotationBridge holds, on a policy, the Bridge it was built from as JSON, so that the bridge can be removed
// when nobody is left who declares it.
const AnnotationBridge = "vm.novasphere.dev/bridge-spec"

// Bridge is one bridge on one group of nodes as a policy configures it.
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
	// MTUBefore is written where MTU is 0 and the policy had said an MTU before: leaving it out would keep that one on the
	// nodes.
	MTUBefore int32 `json:"mtuBefore,omitempty"`
	// WukongUplink and NodeGroup name the WukongUplink and its group that the bridge is made for; empty where there is no
	// WukongUplink.
	WukongUplink string `json:"wukongUplink,omitempty"`
	NodeGroup    string `json:"nodeGroup,omitempty"`
	// NodeSelector selects the nodes; empty selects every node.
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`
	// MaxUnavailable is how many nodes NMState may work on at a time, a number or a percentage; empty for
	// DefaultMaxUnavailable.
	MaxUnavailable string `json:"maxUnavailable,omitempty"`
	// HostIP moves the addresses and MAC of the NIC to the bridge, and HostRoutes its routes: a capture that finds no route
	// fails, and with it the policy.
	HostIP bool `json:"hostIP,omitempty"`
	// UplinkType is NMState's type of the NIC, which the policy that gives the address back has to name; empty for ethernet.
	UplinkType string `json:"uplinkType,omitempty"`
	HostRoutes bool   `json:"hostRoutes,omitempty"`
}

// writtenMTU returns the MTU that a policy says, 0 for none.
func (b Bridge) writtenMTU() int32 {
	return cmp.Or(b.MTU, b.MTUBefore)
}

// Equal reports whether two bridges are declared the same in everything.
func (b Bridge) Equal(other Bridge) bool {
	return b.samePath(other) && b.MTU == other.MTU && b.MaxUnavailable == other.MaxUnavailable &&
		b.WukongUplink == other.WukongUplink && maps.Equal(b.NodeSelector, other.NodeSelector)
}

// samePath reports whether two bridges lead to the same wire in the same way, on whichever nodes.
func (b Bridge) samePath(other Bridge) bool {
	return b.Name == other.Name && b.Type == other.Type && b.Uplink == other.Uplink && b.VLANID == other.VLANID &&
		b.HostIP == other.HostIP && b.HostRoutes == other.HostRoutes && b.UplinkType == other.UplinkType
}

// CanBecome reports whether a policy that makes the bridge can be changed to make the other one without dropping the
// ports of machines. What it cannot become has to be removed and made anew.
func (b Bridge) CanBecome(other Bridge) bool {
	return b.samePath(other)
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

// Present returns the policy that makes the bridge on its nodes. attempt is how often it was written only to be tried
// again; each one differs from the last in a part that means nothing to a node, since NMState retries nothing but a
// change (kubernetes-nmstate, controllers/handler). The error is that of marshalling.
func Present(policyName string, bridge Bridge, attempt int) (*nmstatev1.NodeNetworkConfigurationPolicy, error) {
	state := desiredState{Interfaces: bridge.present()}
	if bridge.HostRoutes {
		state.Routes = &routes{Config: reference(captureBridgeRoutes, "routes.running")}
	}
	if attempt%2 == 1 {
		state.RouteRules = &routeRules{Config: []struct{}{}}
	}
	built, err := policy(policyName, bridge, state)
	if err != nil {
		return nil, err
	}
	if bridge.HostIP {
		built.Spec.Capture = bridge.captureFromNIC()
	}
	if attempt > 0 {
		built.Annotations[AnnotationAttempt] = strconv.Itoa(attempt)
	}
	return built, nil
}

// Absent returns the policy that removes from its nodes what Present made: the bridge and its VLAN interface. A NIC
// that was the bridge's port is not named, so NMState leaves it up and detached. A host's address that was moved to the
// bridge needs Restore instead: NMState takes no change of a policy's captures. The error is that of marshalling.
func Absent(policyName string, bridge Bridge) (*nmstatev1.NodeNetworkConfigurationPolicy, error) {
	return policy(policyName, bridge, desiredState{Interfaces: bridge.absent()})
}

// Restore returns the policy that removes a bridge which a host's address was moved to, and gives addresses and routes
// back to the NIC. It has to be another policy than Present's. The error is that of marshalling.
func Restore(policyName string, bridge Bridge) (*nmstatev1.NodeNetworkConfigurationPolicy, error) {
	state := desiredState{Interfaces: append(bridge.absent(), bridge.restored())}
	if bridge.HostRoutes {
		state.Routes = &routes{Config: reference(captureNICRoutes, "routes.running")}
	}
	built, err := policy(policyName, bridge, state)
	if err != nil {
		return nil, err
	}
	built.Spec.Capture = bridge.captureFromBridge()
	return built, nil
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
	labels := map[string]string{
		vmv1alpha1.LabelManagedBy: vmv1alpha1.ManagedByWukong,
		vmv1alpha1.LabelBridge:    bridge.Name,
	}
	if bridge.NodeGroup != "" {
		labels[vmv1alpha1.LabelNodeGroup] = bridge.NodeGroup
	}
	maxUnavailable := bridge.maxUnavailable()
	return &nmstatev1.NodeNetworkConfigurationPolicy{
		TypeMeta: metav1.TypeMeta{APIVersion: nmstatev1.GroupVersion.String(), Kind: "NodeNetworkConfigurationPolicy"},
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Labels: labels,
			Annotations: map[string]string{AnnotationBridge: string(record)},
		},
		Spec: shared.NodeNetworkConfigurationPolicySpec{
			NodeSelector:   bridge.NodeSelector,
			DesiredState:   shared.NewState(raw),
			MaxUnavailable: &maxUnavailable,
		},
	}, nil
}

func (b Bridge) maxUnavailable() intstr.IntOrString {
	if b.MaxUnavailable == "" {
		return intstr.FromString(DefaultMaxUnavailable)
	}
	return intstr.Parse(b.MaxUnavailable)
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
