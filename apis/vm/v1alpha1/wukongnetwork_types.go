// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// WukongNetworkSpec is one network of one Wukong, with every default filled in. What decides the
// attachment cannot change: another attachment is another WukongNetwork, because a running machine keeps
// the one it was started with.
//
// +kubebuilder:validation:XValidation:rule="self.network == oldSelf.network && self.type == oldSelf.type && has(self.bridgeName) == has(oldSelf.bridgeName) && (!has(self.bridgeName) || self.bridgeName == oldSelf.bridgeName) && has(self.vlanId) == has(oldSelf.vlanId) && (!has(self.vlanId) || self.vlanId == oldSelf.vlanId) && has(self.mtu) == has(oldSelf.mtu) && (!has(self.mtu) || self.mtu == oldSelf.mtu) && has(self.nadName) == has(oldSelf.nadName) && (!has(self.nadName) || self.nadName == oldSelf.nadName) && has(self.nodeBridgeName) == has(oldSelf.nodeBridgeName) && (!has(self.nodeBridgeName) || self.nodeBridgeName == oldSelf.nodeBridgeName)",message="what decides the attachment is immutable; change the network in the Wukong, which makes a new WukongNetwork"
type WukongNetworkSpec struct {
	// network is the network's name in the Wukong's spec.networks.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Network string `json:"network"`

	// type is the way the network reaches the machine.
	// +required
	Type NetworkType `json:"type"`

	// bridgeName is the bridge of the nodes for bridge and ovs, the parent NIC for macvlan and ipvlan, the
	// device plugin's resource for sriov.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	BridgeName string `json:"bridgeName,omitempty"`

	// vlanId is the VLAN that the attachment itself has to tag, for ovs and sriov. A bridge's VLAN is the
	// WukongNodeBridge's.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=4094
	VLANID int32 `json:"vlanId,omitempty"`

	// mtu is the largest packet in bytes, 0 for the NIC's own.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=65535
	MTU int32 `json:"mtu,omitempty"`

	// nadName is an existing NetworkAttachmentDefinition to use, "name" or "namespace/name".
	// +optional
	// +kubebuilder:validation:MaxLength=317
	NADName string `json:"nadName,omitempty"`

	// nodeBridgeName is the WukongNodeBridge in the same namespace that has to be ready first, empty when
	// the network needs no node configuration.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	NodeBridgeName string `json:"nodeBridgeName,omitempty"`

	// macAddress is the machine's address on this network.
	// +optional
	// +kubebuilder:validation:MaxLength=17
	MACAddress string `json:"macAddress,omitempty"`

	// addresses are the machine's declared addresses on this network.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=49
	Addresses []string `json:"addresses,omitempty"`

	// gateways are the routers that the machine uses on this network.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=45
	Gateways []string `json:"gateways,omitempty"`

	// uplink is what carries the network of type bridge, ovs, macvlan or ipvlan: a WukongUplink by name, or a NIC.
	// +optional
	Uplink UplinkName `json:"uplink,omitempty"`

	// segment is the piece of network on which addresses and MACs have to be unique: what carries it and the
	// VLAN, "ens160/100", 0 for untagged; for sriov "sriov:<resource>/<vlan>", for an existing attachment
	// "nad:<namespace>/<name>".
	// +optional
	// +kubebuilder:validation:MaxLength=400
	Segment string `json:"segment,omitempty"`
}

// WukongNetworkStatus is what the multus controller observed.
type WukongNetworkStatus struct {
	// conditions are AddressesReady, AttachmentReady, DataPathReady and Ready, which is True when all others are.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// networkAttachmentDefinition is the attachment, "namespace/name".
	// +optional
	// +kubebuilder:validation:MaxLength=317
	NetworkAttachmentDefinition string `json:"networkAttachmentDefinition,omitempty"`

	// binding is how KubeVirt connects the attachment to the guest.
	// +optional
	Binding *Binding `json:"binding,omitempty"`

	// heldSegment is the segment on which the network holds its addresses and its MAC, empty while it holds
	// nothing. What is held is nobody else's until the network changes or is gone.
	// +optional
	// +kubebuilder:validation:MaxLength=400
	HeldSegment string `json:"heldSegment,omitempty"`

	// heldAddresses are the addresses that the network holds, without their prefix lengths.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=45
	HeldAddresses []string `json:"heldAddresses,omitempty"`

	// heldMACAddress is the MAC that the network holds.
	// +optional
	// +kubebuilder:validation:MaxLength=17
	HeldMACAddress string `json:"heldMACAddress,omitempty"`
}

// BindingMethod is one of KubeVirt's ways to connect a pod's interface to the guest.
//
// +kubebuilder:validation:Enum=bridge;sriov;plugin
type BindingMethod string

const (
	// BindingBridge is KubeVirt's bridge binding.
	BindingBridge BindingMethod = "bridge"
	// BindingSRIOV is KubeVirt's SR-IOV binding.
	BindingSRIOV BindingMethod = "sriov"
	// BindingPlugin is a network binding plugin registered in the KubeVirt object.
	BindingPlugin BindingMethod = "plugin"
)

// Binding is how KubeVirt connects an attachment to the guest.
type Binding struct {
	// method is the binding.
	// +required
	Method BindingMethod `json:"method"`

	// plugin is the name of the registered network binding plugin when method is plugin.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Plugin string `json:"plugin,omitempty"`
}

// WukongNetwork is the attachment of one network of one Wukong. It is made by the wukong controller and
// brought to life by the multus controller.
//
// +kubebuilder:object:root=true
// +kubebuilder:storageversion
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=wukongnetworks,singular=wukongnetwork,shortName=wknet,categories=wukong
// +kubebuilder:printcolumn:name="Type",type=string,JSONPath=`.spec.type`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Attachment",type=string,JSONPath=`.status.networkAttachmentDefinition`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="MAC",type=string,JSONPath=`.spec.macAddress`,priority=10
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=10
type WukongNetwork struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the object's metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the network with every default filled in.
	// +required
	Spec WukongNetworkSpec `json:"spec"`

	// status is what the multus controller observed.
	// +optional
	Status WukongNetworkStatus `json:"status,omitempty"`
}

// WukongNetworkList is a list of WukongNetworks.
//
// +kubebuilder:object:root=true
type WukongNetworkList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []WukongNetwork `json:"items"`
}
