// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// UplinkName names what carries a network's traffic: a WukongUplink, or a NIC of the nodes.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$')",message="must consist of letters, digits, '-', '_' and '.', and begin and end with a letter, a digit or '_'; write the name of a WukongUplink, or of a NIC such as ens160"
// +kubebuilder:validation:XValidation:rule="!(self in ['all', 'default', 'lo'])",message="must not be all, default or lo, which the kernel keeps for itself; write the name of a WukongUplink, or of a NIC such as ens160"
type UplinkName string

// UntaggedPolicy says whether networks without a VLAN may use an uplink.
//
// +kubebuilder:validation:Enum=Allow;Refuse
type UntaggedPolicy string

const (
	// UntaggedAllow lets untagged networks make the NIC itself the port of a bridge, or a macvlan's parent.
	UntaggedAllow UntaggedPolicy = "Allow"
	// UntaggedRefuse refuses networks without a VLAN.
	UntaggedRefuse UntaggedPolicy = "Refuse"
)

// HostIPPolicy says what happens when a bridge needs a NIC that carries the node's own address or default route.
//
// +kubebuilder:validation:Enum=Refuse;Move
type HostIPPolicy string

const (
	// HostIPRefuse refuses such a bridge; nothing is written.
	HostIPRefuse HostIPPolicy = "Refuse"
	// HostIPMove moves the addresses, routes and MAC of the NIC to the bridge, and back when the bridge goes.
	HostIPMove HostIPPolicy = "Move"
)

// ReclaimPolicy says what becomes of a bridge that nobody claims any more.
//
// +kubebuilder:validation:Enum=Delete;Retain
type ReclaimPolicy string

const (
	// ReclaimDelete removes the bridge and its VLAN interface from the nodes.
	ReclaimDelete ReclaimPolicy = "Delete"
	// ReclaimRetain leaves both, with their policy, for the next claim.
	ReclaimRetain ReclaimPolicy = "Retain"
)

// FailurePolicy says what becomes of a change of a bridge that fails on a node.
//
// +kubebuilder:validation:Enum=RollBack;Keep
type FailurePolicy string

const (
	// FailureRollBack writes the last state again that worked on every node.
	FailureRollBack FailurePolicy = "RollBack"
	// FailureKeep keeps the change and tries it again.
	FailureKeep FailurePolicy = "Keep"
)

// UplinkNodeGroup is a set of nodes on which the uplink is the same interface.
type UplinkNodeGroup struct {
	// name identifies the group in this uplink. It is a DNS label, and becomes part of the names of policies.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?$')",message="must be a DNS label: lower-case letters, digits and '-', beginning and ending with a letter or digit, for example rack1"
	Name string `json:"name"`

	// interface is the NIC or bond on these nodes, for example ens160.
	// +required
	Interface InterfaceName `json:"interface"`

	// nodeSelector selects the nodes by their labels; empty selects every node. No node may be in two groups.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(key, key.size() <= 317 && key.matches('^([a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$'))",message="each key must be that of a label: at most 63 letters, digits, '-', '_' and '.', with a domain and '/' before them where it has one, for example rack or topology.kubernetes.io/zone"
	NodeSelector map[string]LabelValue `json:"nodeSelector,omitempty"`
}

// LabelValue is the value of a label.
//
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:XValidation:rule="self.matches('^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?$')",message="must be the value of a label: letters, digits, '-', '_' and '.', beginning and ending with a letter or digit, for example rack1"
type LabelValue string

// VLANRange is a range of VLANs, both ends included.
//
// +kubebuilder:validation:XValidation:rule="self.first <= self.last",message="must not be below first; for a single VLAN write it twice",fieldPath=".last"
type VLANRange struct {
	// first is the lowest VLAN of the range, 1 to 4094.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=4094
	First int32 `json:"first"`

	// last is the highest VLAN of the range, 1 to 4094.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=4094
	Last int32 `json:"last"`
}

// UplinkQuota bounds how many distinct bridges an uplink carries.
type UplinkQuota struct {
	// bridges is the most distinct bridges on this uplink, over all namespaces.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=4096
	Bridges *int32 `json:"bridges,omitempty"`

	// bridgesPerNamespace is the most distinct bridges on this uplink that the Wukongs of one namespace may claim.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=4096
	BridgesPerNamespace *int32 `json:"bridgesPerNamespace,omitempty"`
}

// WukongUplinkSpec is a piece of the physical network, and who may use it how. While any WukongUplink exists,
// nothing else of the nodes' network may be used.
//
// +kubebuilder:validation:XValidation:rule="(has(self.vlanRanges) && size(self.vlanRanges) > 0) || self.untagged == 'Allow'",message="must allow something: write vlanRanges, for example [{first: 100, last: 199}], or untagged: Allow",fieldPath=".vlanRanges"
// +kubebuilder:validation:XValidation:rule="self.hostIP != 'Move' || self.untagged == 'Allow' || !has(self.networkTypes) || 'ovs' in self.networkTypes",message="Move is for bridges on the NIC itself, which are those of untagged networks and of type ovs; write untagged: Allow, add ovs to networkTypes, or leave hostIP out",fieldPath=".hostIP"
type WukongUplinkSpec struct {
	// nodeGroups say which interface the uplink is on which nodes.
	// +required
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	NodeGroups []UplinkNodeGroup `json:"nodeGroups"`

	// vlanRanges are the VLANs that networks may use. Left out, no VLAN may be used.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	VLANRanges []VLANRange `json:"vlanRanges,omitempty"`

	// untagged says whether networks without a VLAN may use the uplink. The default is Refuse.
	// +optional
	// +kubebuilder:default=Refuse
	Untagged UntaggedPolicy `json:"untagged,omitempty"`

	// namespaceSelector selects, by their labels, the namespaces whose Wukongs may use the uplink. Left out,
	// every namespace may.
	// +optional
	// +kubebuilder:validation:XValidation:rule="!has(self.matchExpressions) || self.matchExpressions.all(e, e.operator in ['In', 'NotIn', 'Exists', 'DoesNotExist'])",message="each operator must be In, NotIn, Exists or DoesNotExist",fieldPath=".matchExpressions"
	// +kubebuilder:validation:XValidation:rule="!has(self.matchExpressions) || self.matchExpressions.all(e, (e.operator in ['In', 'NotIn']) == (has(e.values) && e.values.size() > 0) || !(e.operator in ['In', 'NotIn', 'Exists', 'DoesNotExist']))",message="values must be given for the operators In and NotIn; leave them out for Exists and DoesNotExist",fieldPath=".matchExpressions"
	NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector,omitempty"`

	// networkTypes are the types of networks that may use the uplink: bridge, ovs, macvlan, ipvlan. Left out,
	// each of them may; an empty list is refused, since it reads as if none might.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=4
	// +kubebuilder:validation:XValidation:rule="self.size() > 0 && self.all(t, t in ['bridge', 'ovs', 'macvlan', 'ipvlan'])",message="must name at least one of bridge, ovs, macvlan and ipvlan, and nothing else, since other types use no uplink; leave networkTypes out to allow each of them"
	NetworkTypes []NetworkType `json:"networkTypes,omitempty"`

	// quota bounds the number of distinct bridges.
	// +optional
	Quota UplinkQuota `json:"quota,omitzero"`

	// hostIP says what happens when a bridge needs a NIC that carries the node's own address or default route.
	// Bridges that need the NIC itself are those of untagged networks and of type ovs. The default is Refuse.
	// +optional
	// +kubebuilder:default=Refuse
	HostIP HostIPPolicy `json:"hostIP,omitempty"`

	// mtu is the MTU in bytes of bridges whose networks name none, and the largest that a network may name. The
	// NICs themselves are not changed. Left out, bridges get what NMState gives them.
	// +optional
	// +kubebuilder:validation:Minimum=576
	// +kubebuilder:validation:Maximum=65535
	MTU *int32 `json:"mtu,omitempty"`

	// maxUnavailable is how many nodes, as a number from 1 to 5000 or a percentage, NMState may work on at a time.
	// The default is 50%.
	// +optional
	// +kubebuilder:validation:XIntOrString
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 1 && self <= 5000 : self.matches('^([1-9][0-9]?|100)%$')",message="must be a number from 1 to 5000, written without quotes, or a percentage from 1% to 100%, for example 25%"
	MaxUnavailable *intstr.IntOrString `json:"maxUnavailable,omitempty"`

	// reclaimPolicy says what becomes of a bridge that nobody claims any more. The default is Delete.
	// +optional
	// +kubebuilder:default=Delete
	ReclaimPolicy ReclaimPolicy `json:"reclaimPolicy,omitempty"`

	// onFailure says what becomes of a change of a bridge that fails on a node. The default is RollBack.
	// +optional
	// +kubebuilder:default=RollBack
	OnFailure FailurePolicy `json:"onFailure,omitempty"`

	// default makes the uplink that of networks which name none. At most one WukongUplink should say so.
	// +optional
	Default *bool `json:"default,omitempty"`
}

// UplinkNodeState is how fit a node is for an uplink.
//
// +kubebuilder:validation:Enum=Found;Missing;Unfit;Unknown
type UplinkNodeState string

const (
	// UplinkNodeFound means that the interface is there and can be used.
	UplinkNodeFound UplinkNodeState = "Found"
	// UplinkNodeMissing means that the node has no such interface.
	UplinkNodeMissing UplinkNodeState = "Missing"
	// UplinkNodeUnfit means that the interface is there and cannot be used as it is; the message says why.
	UplinkNodeUnfit UplinkNodeState = "Unfit"
	// UplinkNodeUnknown means that NMState reports nothing of the node.
	UplinkNodeUnknown UplinkNodeState = "Unknown"
)

// UplinkNodeStatus is the uplink on one node.
type UplinkNodeStatus struct {
	// name is the node's name.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// nodeGroup is the group that the node is in.
	// +optional
	// +kubebuilder:validation:MaxLength=20
	NodeGroup string `json:"nodeGroup,omitempty"`

	// interface is the uplink's interface on the node.
	// +optional
	// +kubebuilder:validation:MaxLength=15
	Interface string `json:"interface,omitempty"`

	// state is how fit the node is.
	// +required
	State UplinkNodeState `json:"state"`

	// message says what is the matter with the interface and what to do.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
}

// UplinkBridgeStatus is one bridge on the uplink.
type UplinkBridgeStatus struct {
	// name is the bridge's name on the nodes.
	// +required
	// +kubebuilder:validation:MaxLength=15
	Name string `json:"name"`

	// vlanId is the bridge's VLAN, 0 for untagged.
	// +optional
	VLANID int32 `json:"vlanId,omitempty"`
}

// WukongUplinkStatus is what the nmstate controller observed.
type WukongUplinkStatus struct {
	// conditions are Ready, True when every node of the groups has the interface and it can be used.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// foundNodes is the number of nodes on which the interface was found, of all nodes in the groups, for
	// printing: "3/3".
	// +optional
	// +kubebuilder:validation:MaxLength=16
	FoundNodes string `json:"foundNodes,omitempty"`

	// bridgeCount is the number of distinct bridges on the uplink.
	// +optional
	BridgeCount int32 `json:"bridgeCount"`

	// nodes tells for each node of the groups whether the interface is there.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=5000
	Nodes []UplinkNodeStatus `json:"nodes,omitempty"`

	// bridges are the bridges in use.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=4096
	Bridges []UplinkBridgeStatus `json:"bridges,omitempty"`
}

// WukongUplink is the platform team's fence: a piece of the physical network, which interface it is on which
// nodes, and which namespaces may use it how. While any WukongUplink exists, nothing else may be used.
//
// +kubebuilder:object:root=true
// +kubebuilder:storageversion
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=wukonguplinks,singular=wukonguplink,shortName=wkup,scope=Cluster,categories=wukong
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63",message="the name must be at most 63 characters, since networks write it as their uplink; write for example physnet1",fieldPath=".metadata"
// +kubebuilder:validation:XValidation:rule="!(self.metadata.name in ['all', 'default', 'lo'])",message="the name must not be all, default or lo, which networks may not write as their uplink; write for example physnet1",fieldPath=".metadata"
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Nodes",type=string,JSONPath=`.status.foundNodes`
// +kubebuilder:printcolumn:name="Bridges",type=integer,JSONPath=`.status.bridgeCount`
// +kubebuilder:printcolumn:name="Default",type=boolean,JSONPath=`.spec.default`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=10
type WukongUplink struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the object's metadata. The name is what networks write as uplink, of at most 63 characters.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the uplink and who may use it.
	// +required
	Spec WukongUplinkSpec `json:"spec"`

	// status is what the nmstate controller observed.
	// +optional
	Status WukongUplinkStatus `json:"status,omitempty"`
}

// WukongUplinkList is a list of WukongUplinks.
//
// +kubebuilder:object:root=true
type WukongUplinkList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []WukongUplink `json:"items"`
}
