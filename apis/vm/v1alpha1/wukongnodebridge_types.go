// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// BridgeType is NMState's type of a bridge.
//
// +kubebuilder:validation:Enum=linux-bridge;ovs-bridge
type BridgeType string

const (
	// BridgeTypeLinux is the kernel's own bridge.
	BridgeTypeLinux BridgeType = "linux-bridge"
	// BridgeTypeOVS is an Open vSwitch bridge.
	BridgeTypeOVS BridgeType = "ovs-bridge"
)

// WukongNodeBridgeSpec is a claim on a bridge of the nodes, as a PersistentVolumeClaim is one on a volume:
// many claims share one bridge. It cannot change; another bridge is another claim.
//
// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="a claim is immutable; change the network in the Wukong, which makes a new claim"
type WukongNodeBridgeSpec struct {
	// network is the network's name in the Wukong's spec.networks.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Network string `json:"network"`

	// bridgeName is the bridge's name on the nodes.
	// +required
	BridgeName InterfaceName `json:"bridgeName"`

	// type is the bridge's type, in NMState's words.
	// +required
	Type BridgeType `json:"type"`

	// uplink is what carries the bridge's traffic: a WukongUplink by name, or a NIC.
	// +required
	Uplink UplinkName `json:"uplink"`

	// vlanId is the VLAN of the bridge, 0 for untagged. A Linux bridge gets a VLAN interface as its port;
	// an Open vSwitch bridge tags in the attachment, so its claims carry no VLAN.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=4094
	VLANID int32 `json:"vlanId,omitempty"`

	// tag is the VLAN of the machine's port on an Open vSwitch bridge, 0 for none. The attachment sets it, so it is
	// nothing of the bridge; the platform team's fence judges it.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=4094
	Tag int32 `json:"tag,omitempty"`

	// mtu is the MTU of the bridge and its VLAN interface in bytes, 0 for the NIC's own.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=65535
	MTU int32 `json:"mtu,omitempty"`
}

// WukongNodeBridgeStatus is what the nmstate controller observed.
type WukongNodeBridgeStatus struct {
	// conditions are Allowed, True while the claim is inside the platform team's fence, Available, True when at
	// least one node has the bridge, and Ready, True when every matching, healthy node has it.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// policyName is the NodeNetworkConfigurationPolicy that configures the bridge; that of the first node group
	// where there are several. Empty while nothing was written, and for an adopted bridge.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	PolicyName string `json:"policyName,omitempty"`

	// wukongUplink is the WukongUplink that the claim was granted on, empty where none exists.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	WukongUplink string `json:"wukongUplink,omitempty"`

	// nodes tells for each node how far the bridge is.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=5000
	Nodes []NodeBridgeNodeStatus `json:"nodes,omitempty"`
}

// NodeState is how far one node is with the bridge.
//
// +kubebuilder:validation:Enum=Applied;Adopted;Progressing;Queued;Retrying;Failed;Aborted;NotReady;NoHandler;Missing;Unfit;Leaving
type NodeState string

const (
	// NodeApplied means that NMState applied the policy's current generation on the node.
	NodeApplied NodeState = "Applied"
	// NodeAdopted means that the node had the bridge already, with the wanted port; it is used and never changed.
	NodeAdopted NodeState = "Adopted"
	// NodeMissing means that the bridge is an adopted one and this node does not have it.
	NodeMissing NodeState = "Missing"
	// NodeUnfit means that the bridge may not or cannot be made on the node; the message says why.
	NodeUnfit NodeState = "Unfit"
	// NodeLeaving means that the node is no longer in the uplink's groups and the bridge is being removed from it.
	NodeLeaving NodeState = "Leaving"
	// NodeProgressing means that NMState has not finished with the current generation.
	NodeProgressing NodeState = "Progressing"
	// NodeQueued means that the node waits for others, as the policy's maxUnavailable says.
	NodeQueued NodeState = "Queued"
	// NodeRetrying means that an attempt failed and NMState tries again.
	NodeRetrying NodeState = "Retrying"
	// NodeFailed means that NMState gave up on the node.
	NodeFailed NodeState = "Failed"
	// NodeAborted means that NMState did not try, because other nodes failed.
	NodeAborted NodeState = "Aborted"
	// NodeNotReady means that Kubernetes reports the node as not ready.
	NodeNotReady NodeState = "NotReady"
	// NodeNoHandler means that no kubernetes-nmstate handler runs on the node.
	NodeNoHandler NodeState = "NoHandler"
)

// NodeBridgeNodeStatus is the state of the bridge on one node.
type NodeBridgeNodeStatus struct {
	// name is the node's name.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// state is how far the node is.
	// +required
	State NodeState `json:"state"`

	// usable tells whether a machine may be started on the node now: the bridge is there as it was declared.
	// +optional
	Usable bool `json:"usable,omitempty"`

	// hostname is the node's label kubernetes.io/hostname, where it differs from the name.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Hostname string `json:"hostname,omitempty"`

	// message holds NMState's own words when something failed on the node, cut at 512 characters.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
}

// WukongNodeBridge is one machine's claim on a bridge of the nodes. It is made by the wukong controller and
// brought to life by the nmstate controller, together with all other claims on the same bridge.
//
// +kubebuilder:object:root=true
// +kubebuilder:storageversion
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=wukongnodebridges,singular=wukongnodebridge,shortName=wkbr,categories=wukong
// +kubebuilder:printcolumn:name="Bridge",type=string,JSONPath=`.spec.bridgeName`
// +kubebuilder:printcolumn:name="Uplink",type=string,JSONPath=`.spec.uplink`
// +kubebuilder:printcolumn:name="VLAN",type=integer,JSONPath=`.spec.vlanId`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Policy",type=string,JSONPath=`.status.policyName`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=10
type WukongNodeBridge struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the object's metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the claim.
	// +required
	Spec WukongNodeBridgeSpec `json:"spec"`

	// status is what the nmstate controller observed.
	// +optional
	Status WukongNodeBridgeStatus `json:"status,omitempty"`
}

// WukongNodeBridgeList is a list of WukongNodeBridges.
//
// +kubebuilder:object:root=true
type WukongNodeBridgeList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []WukongNodeBridge `json:"items"`
}
