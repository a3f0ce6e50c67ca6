// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// RunStrategy says when the machine runs. The values are KubeVirt's.
//
// +kubebuilder:validation:Enum=Always;Halted;Manual;RerunOnFailure;Once
type RunStrategy string

const (
	// RunStrategyAlways keeps the machine running.
	RunStrategyAlways RunStrategy = "Always"
	// RunStrategyHalted keeps the machine off.
	RunStrategyHalted RunStrategy = "Halted"
	// RunStrategyManual leaves starting and stopping to virtctl.
	RunStrategyManual RunStrategy = "Manual"
	// RunStrategyRerunOnFailure runs the machine again only when it failed.
	RunStrategyRerunOnFailure RunStrategy = "RerunOnFailure"
	// RunStrategyOnce runs the machine once.
	RunStrategyOnce RunStrategy = "Once"
)

// WukongSpec declares a virtual machine and its networks.
//
// +kubebuilder:validation:XValidation:rule="!has(self.osImage) || !has(self.disks) || !self.disks.exists(d, has(d.boot) && d.boot)",message="osImage and a disk with boot: true both say what to boot from; leave one of the two out",fieldPath=".osImage"
// +kubebuilder:validation:XValidation:rule="!has(self.disks) || self.disks.filter(d, has(d.boot) && d.boot).size() <= 1",message="must contain at most one disk with boot: true; leave boot out of the others",fieldPath=".disks"
// +kubebuilder:validation:XValidation:rule="!has(self.disks) || self.disks.all(d, !has(d.claimName) || self.disks.filter(e, has(e.claimName) && e.claimName == d.claimName).size() == 1)",message="each claimName must be used only once in a machine",fieldPath=".disks"
// +kubebuilder:validation:XValidation:rule="!has(self.networks) || self.networks.filter(n, n.name == 'default' || (has(n.type) && n.type == 'pod')).size() <= 1",message="must contain at most one pod network; the network named default is one",fieldPath=".networks"
// +kubebuilder:validation:XValidation:rule="!has(self.networks) || self.networks.all(n, !has(n.macAddress) || self.networks.filter(m, has(m.macAddress) && m.macAddress.lowerAscii() == n.macAddress.lowerAscii()).size() == 1)",message="each macAddress must be used only once in a machine",fieldPath=".networks"
// +kubebuilder:validation:XValidation:rule="!has(self.networks) || self.networks.all(n, !has(n.ipConfig) || self.networks.all(m, n.name == m.name || !has(m.ipConfig) || ((has(n.ipConfig.address) ? [n.ipConfig.address] : []) + (has(n.ipConfig.addresses) ? n.ipConfig.addresses : [])).all(a, !isCIDR(a) || ((has(m.ipConfig.address) ? [m.ipConfig.address] : []) + (has(m.ipConfig.addresses) ? m.ipConfig.addresses : [])).all(b, !isCIDR(b) || !(cidr(a).ip() == cidr(b).ip())))))",message="each address must be used only once in a machine",fieldPath=".networks"
// +kubebuilder:validation:XValidation:rule="!has(self.networks) || self.networks.all(n, !has(n.bridgeName) || (has(n.type) && !(n.type in ['bridge', 'ovs'])) || self.networks.all(m, !has(m.bridgeName) || m.bridgeName != n.bridgeName || (has(m.type) && !(m.type in ['bridge', 'ovs'])) || ((has(n.type) ? n.type : 'bridge') == (has(m.type) ? m.type : 'bridge') && has(n.uplink) == has(m.uplink) && (!has(n.uplink) || n.uplink == m.uplink) && ((has(n.type) && n.type == 'ovs') || (has(n.vlanId) ? n.vlanId : (has(n.vlanID) ? n.vlanID : 0)) == (has(m.vlanId) ? m.vlanId : (has(m.vlanID) ? m.vlanID : 0))))))",message="networks on one bridge must have the same type, uplink and, but for ovs, vlanId; give one of them another bridgeName",fieldPath=".networks"
type WukongSpec struct {
	// cpu is the number of the guest's CPUs.
	// +optional
	// +kubebuilder:default=2
	// +kubebuilder:validation:XValidation:rule="self >= 1 && self <= 512",message="must be between 1 and 512"
	CPU int32 `json:"cpu,omitempty"`

	// memory is the guest's memory, for example 4Gi.
	// +optional
	// +kubebuilder:default="4Gi"
	// +kubebuilder:validation:XValidation:rule="type(self) != string || isQuantity(self)",message="must be a quantity, for example 4Gi"
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 67108864 : (type(self) == string && isQuantity(self) ? !quantity(self).isLessThan(quantity('64Mi')) : true)",message="must be at least 64Mi; a number without a unit is bytes, write for example 4Gi"
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self <= 70368744177664 : (type(self) == string && isQuantity(self) ? !quantity(self).isGreaterThan(quantity('64Ti')) : true)",message="must be at most 64Ti; write for example 4Gi"
	Memory resource.Quantity `json:"memory,omitempty,omitzero"`

	// osImage is the container-disk image the machine boots from. The disk is ephemeral: what the guest
	// writes is gone when the machine stops. The default is the operator's default image, unless one of the
	// disks has boot: true.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="!self.contains('://')",message="must be an image reference without a scheme, for example quay.io/containerdisks/debian:12 instead of docker://quay.io/containerdisks/debian:12"
	// +kubebuilder:validation:XValidation:rule="self.contains('://') || self.matches('^[a-zA-Z0-9]([a-zA-Z0-9._:/@-]*[a-zA-Z0-9])?$')",message="must be an image reference, for example quay.io/containerdisks/debian:12"
	OSImage string `json:"osImage,omitempty"`

	// disks are persistent disks, in the order in which the guest sees them.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Disks []Disk `json:"disks,omitempty"`

	// networks are the machine's networks, in the order of its NICs. None given means the pod network alone. A machine
	// that exists keeps the order of its NICs, and gets new ones as its last.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Networks []Network `json:"networks,omitempty"`

	// cloudInitUser is the account to make in the guest. Left out, the image's own default user stays.
	// +optional
	CloudInitUser *CloudInitUser `json:"cloudInitUser,omitempty"`

	// sshKeySecret names a Secret in the same namespace. Every key of it holds public keys in OpenSSH's
	// authorized_keys format; they are let in beside cloudInitUser.sshAuthorizedKeys.
	// +optional
	SSHKeySecret SecretName `json:"sshKeySecret,omitempty"`

	// firewall is the guest's inbound packet filter, kept by ufw. Left out, the guest filters as its image does.
	// A change takes effect at the next start.
	// +optional
	Firewall *Firewall `json:"firewall,omitempty"`

	// cloudInit is user-data of your own, which the guest reads together with Wukong's.
	// +optional
	CloudInit *CloudInit `json:"cloudInit,omitempty"`

	// guestAgent is "Install" or "Leave". Install makes a guest that lacks qemu-guest-agent install it after
	// its start, from its own package sources and without waiting for it; Leave takes the image as it is.
	// +optional
	// +kubebuilder:default=Install
	GuestAgent GuestAgent `json:"guestAgent,omitempty"`

	// runStrategy says when the machine runs, in KubeVirt's words. It is applied when it changes here, so
	// "virtctl stop" and "virtctl start" are respected in between.
	// +optional
	// +kubebuilder:default=Always
	RunStrategy RunStrategy `json:"runStrategy,omitempty"`

	// terminationGracePeriodSeconds is how long the guest may take to shut down when the machine is stopped or
	// deleted, before it is switched off. The default is KubeVirt's, 30 seconds. A change counts from the next start.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self >= 0 && self <= 86400",message="must be between 0 and 86400 seconds, which is a day"
	TerminationGracePeriodSeconds *int64 `json:"terminationGracePeriodSeconds,omitempty"`

	// nodeSelector restricts the nodes the machine may run on.
	// +optional
	// +kubebuilder:validation:MaxProperties=64
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`

	// tolerations let the machine run on nodes with these taints.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`

	// affinity is the machine's scheduling affinity.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`
}

// WukongStatus is what the controllers observed. The wukong controller writes the conditions Ready and
// NetworksReady and the networks, the vm controller writes everything else.
type WukongStatus struct {
	// conditions are Ready, NetworksReady, CloudInitReady, DisksReady, VirtualMachineReady, RestartRequired and
	// GuestNetworkInSync. Ready is True only when everything from the nodes to the guest is proved; else
	// its message names the first thing that is missing and what to do.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// networks tells for each declared network what was made for it.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Networks []NetworkStatus `json:"networks,omitempty"`

	// virtualMachine is what KubeVirt reports of the machine.
	// +optional
	VirtualMachine *VirtualMachineStatus `json:"virtualMachine,omitempty"`

	// startup tells how long the stages of the machine's first start took.
	// +optional
	Startup *StartupStatus `json:"startup,omitempty"`
}

// StartupStatus tells how long the stages of a machine's first start took, each in seconds since the Wukong was created. A stage
// that was not reached is left out.
type StartupStatus struct {
	// networksReadySeconds is when the last network had its attachment, and so its bridge.
	// +optional
	NetworksReadySeconds *int64 `json:"networksReadySeconds,omitempty"`

	// createdSeconds is when the VirtualMachine was made.
	// +optional
	CreatedSeconds *int64 `json:"createdSeconds,omitempty"`

	// runningSeconds is when the machine ran.
	// +optional
	RunningSeconds *int64 `json:"runningSeconds,omitempty"`

	// guestReportedSeconds is when the guest agent first reported.
	// +optional
	GuestReportedSeconds *int64 `json:"guestReportedSeconds,omitempty"`
}

// NetworkStatus tells what was made for one network.
type NetworkStatus struct {
	// name is the network's name in spec.networks.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// type is the network's type after defaults.
	// +optional
	Type NetworkType `json:"type,omitempty"`

	// ready tells whether the network is there up to the machine's NIC.
	// +optional
	Ready bool `json:"ready"`

	// wukongNetwork is the name of the WukongNetwork, empty for the pod network.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	WukongNetwork string `json:"wukongNetwork,omitempty"`

	// wukongNodeBridge is the name of the WukongNodeBridge, empty when the network needs no node configuration.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	WukongNodeBridge string `json:"wukongNodeBridge,omitempty"`

	// bridge is the bridge on the nodes, empty when the network has none.
	// +optional
	// +kubebuilder:validation:MaxLength=15
	Bridge string `json:"bridge,omitempty"`

	// networkAttachmentDefinition is the attachment, "namespace/name".
	// +optional
	// +kubebuilder:validation:MaxLength=317
	NetworkAttachmentDefinition string `json:"networkAttachmentDefinition,omitempty"`

	// macAddress is the NIC's address.
	// +optional
	// +kubebuilder:validation:MaxLength=17
	MACAddress string `json:"macAddress,omitempty"`

	// addresses are the declared addresses.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=49
	Addresses []string `json:"addresses,omitempty"`
}

// VirtualMachineStatus is what KubeVirt reports of the machine.
type VirtualMachineStatus struct {
	// name is the name of the VirtualMachine.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`

	// printableStatus is KubeVirt's own word for the machine's state, for example Running.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	PrintableStatus string `json:"printableStatus,omitempty"`

	// nodeName is the node the machine runs on.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	NodeName string `json:"nodeName,omitempty"`

	// addresses are where the guest can be reached: what the guest agent reports, and the declared
	// addresses while no agent reports. Joined by commas, for printing.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	Addresses string `json:"addresses,omitempty"`

	// agentSilentSince is when the guest agent, which had reported before, was first missed. Until it reports again the
	// interfaces have the addresses that it reported last.
	// +optional
	AgentSilentSince *metav1.Time `json:"agentSilentSince,omitempty"`

	// interfaces are the NICs that KubeVirt reports.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	Interfaces []InterfaceStatus `json:"interfaces,omitempty"`
}

// InterfaceStatus is one NIC of the running machine.
type InterfaceStatus struct {
	// name is the network's name in spec.networks.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// macAddress is the address KubeVirt reports.
	// +optional
	// +kubebuilder:validation:MaxLength=17
	MACAddress string `json:"macAddress,omitempty"`

	// interfaceName is the NIC's name in the guest, known when a guest agent reports.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	InterfaceName string `json:"interfaceName,omitempty"`

	// ipAddresses are the addresses the guest agent reports, or while it is silent those that it reported last. The
	// declared ones are in status.networks.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=49
	IPAddresses []string `json:"ipAddresses,omitempty"`
}

// Wukong is a virtual machine with its networks, from the nodes' bridges to the guest's addresses.
//
// +kubebuilder:object:root=true
// +kubebuilder:storageversion
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=wukongs,singular=wukong,shortName=wk,categories=wukong
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Node",type=string,JSONPath=`.status.virtualMachine.nodeName`
// +kubebuilder:printcolumn:name="Addresses",type=string,JSONPath=`.status.virtualMachine.addresses`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Machine",type=string,JSONPath=`.status.virtualMachine.printableStatus`,priority=10
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=10
type Wukong struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the object's metadata. The name becomes the VirtualMachine's.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec declares the machine.
	// +optional
	// +kubebuilder:default={}
	Spec WukongSpec `json:"spec,omitzero"`

	// status is what the controllers observed.
	// +optional
	Status WukongStatus `json:"status,omitempty"`
}

// WukongList is a list of Wukongs.
//
// +kubebuilder:object:root=true
type WukongList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Wukong `json:"items"`
}
