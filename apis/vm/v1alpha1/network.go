// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// NetworkType is the way a network reaches the machine. The values are spelled as the product's first
// documents spell them.
//
// +kubebuilder:validation:Enum=pod;bridge;macvlan;ipvlan;sriov;ovs
type NetworkType string

const (
	// NetworkTypePod is the cluster's own pod network, through KubeVirt's masquerade binding.
	NetworkTypePod NetworkType = "pod"
	// NetworkTypeBridge is a Linux bridge on the nodes, made by NMState.
	NetworkTypeBridge NetworkType = "bridge"
	// NetworkTypeMacvlan is a macvtap on a NIC where KubeVirt has a binding plugin for it, else a macvlan.
	NetworkTypeMacvlan NetworkType = "macvlan"
	// NetworkTypeIPVLAN is an ipvlan on a NIC.
	NetworkTypeIPVLAN NetworkType = "ipvlan"
	// NetworkTypeSRIOV is a virtual function of an SR-IOV device plugin.
	NetworkTypeSRIOV NetworkType = "sriov"
	// NetworkTypeOVS is an Open vSwitch bridge on the nodes, made by NMState.
	NetworkTypeOVS NetworkType = "ovs"
)

// PodNetworkName is the name of a network that is reserved for the pod network.
const PodNetworkName = "default"

// MACAddress is an Ethernet address in colon-separated hexadecimal notation.
//
// +kubebuilder:validation:MaxLength=17
// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$')",message="must be six octets in hexadecimal separated by colons, for example 02:00:5e:10:00:01"
// +kubebuilder:validation:XValidation:rule="!self.matches('^[0-9A-Fa-f][13579bdfBDF]')",message="must be a unicast address: the second digit must be even, for example 02:00:5e:10:00:01"
// +kubebuilder:validation:XValidation:rule="!(self in ['00:00:00:00:00:00', '02:00:00:00:00:00'])",message="must not be 00:00:00:00:00:00, nor 02:00:00:00:00:00, which KubeVirt keeps for itself; leave macAddress out to have one derived"
type MACAddress string

// InterfaceName is the name of a network interface on a node. The kernel allows at most 15 bytes.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:XValidation:rule="self.size() <= 15",message="must be at most 15 characters: it is the name of a kernel network interface; write for example br-mgmt or ens160"
// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$')",message="must consist of letters, digits, '-', '_' and '.', and begin and end with a letter, a digit or '_', for example br-mgmt or ens160"
// +kubebuilder:validation:XValidation:rule="!(self in ['all', 'default', 'lo'])",message="must not be all, default or lo, which the kernel keeps for itself; write for example br-mgmt or ens160"
type InterfaceName string

// Network is one network of a machine, and with it one NIC of the guest. The order of the networks is the
// order of the NICs and decides which default route comes first.
//
// +kubebuilder:validation:XValidation:rule="!has(self.vlanId) || !has(self.vlanID) || self.vlanId == self.vlanID",message="vlanId and vlanID are the same field and must not differ; leave vlanID out",fieldPath=".vlanID"
// +kubebuilder:validation:XValidation:rule="self.name != 'default' || ((!has(self.type) || self.type in ['pod', 'bridge']) && !has(self.bridgeName) && !has(self.vlanId) && !has(self.vlanID) && !has(self.nadName) && !has(self.uplink))",message="the name default is reserved for the pod network, which has no bridge, VLAN, uplink or NAD; give this network another name, for example lan",fieldPath=".name"
// +kubebuilder:validation:XValidation:rule="!(has(self.type) && self.type == 'pod') || (!has(self.bridgeName) && !has(self.vlanId) && !has(self.vlanID) && !has(self.nadName) && !has(self.uplink))",message="the pod network has no bridgeName, vlanId, uplink or nadName; leave them out, or use type bridge",fieldPath=".type"
// +kubebuilder:validation:XValidation:rule="!(self.name == 'default' || (has(self.type) && self.type == 'pod')) || !has(self.ipConfig) || self.ipConfig.mode == 'dhcp'",message="the pod network's address comes by DHCP; write mode dhcp or leave ipConfig out",fieldPath=".ipConfig.mode"
// +kubebuilder:validation:XValidation:rule="!has(self.type) || !(self.type in ['macvlan', 'ipvlan']) || (!has(self.vlanId) && !has(self.vlanID))",message="vlanId may not be set for macvlan and ipvlan, which cause no node configuration; write the VLAN interface as bridgeName, for example ens160.100, or use type bridge",fieldPath=".vlanId"
// +kubebuilder:validation:XValidation:rule="!has(self.type) || !(self.type in ['macvlan', 'ipvlan']) || !has(self.uplink) || !has(self.bridgeName) || self.uplink == self.bridgeName",message="for macvlan and ipvlan bridgeName is the parent NIC, and uplink must not name another one; leave uplink out",fieldPath=".uplink"
// +kubebuilder:validation:XValidation:rule="!has(self.nadName) || (!has(self.bridgeName) && !has(self.vlanId) && !has(self.vlanID) && !has(self.uplink))",message="with nadName nothing is created for this network; leave bridgeName, vlanId and uplink out",fieldPath=".nadName"
// +kubebuilder:validation:XValidation:rule="!(has(self.type) && self.type == 'sriov') || has(self.nadName) != has(self.bridgeName)",message="type sriov must have either nadName, an existing attachment, or bridgeName, the device plugin's resource such as openshift.io/sriovnic",fieldPath=".type"
// +kubebuilder:validation:XValidation:rule="!(has(self.type) && self.type == 'sriov') || !has(self.uplink)",message="uplink may not be set for sriov; the device plugin chooses the NIC",fieldPath=".uplink"
// +kubebuilder:validation:XValidation:rule="!has(self.bridgeName) || !has(self.type) || self.type != 'sriov' || self.bridgeName.matches('^[a-z0-9]([a-z0-9.-]*[a-z0-9])?/[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$')",message="for type sriov bridgeName must be the device plugin's resource, prefix/name, for example openshift.io/sriovnic",fieldPath=".bridgeName"
// +kubebuilder:validation:XValidation:rule="!has(self.bridgeName) || (has(self.type) && self.type == 'sriov') || self.bridgeName.size() <= 15",message="must be at most 15 characters: it is the name of a kernel network interface; write for example br-mgmt or ens160",fieldPath=".bridgeName"
// +kubebuilder:validation:XValidation:rule="!has(self.bridgeName) || (has(self.type) && self.type == 'sriov') || self.bridgeName.matches('^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$')",message="must consist of letters, digits, '-', '_' and '.', and begin and end with a letter, a digit or '_', for example br-mgmt or ens160",fieldPath=".bridgeName"
// +kubebuilder:validation:XValidation:rule="!has(self.bridgeName) || !(self.bridgeName in ['all', 'default', 'lo'])",message="must not be all, default or lo, which the kernel keeps for itself; write for example br-mgmt or ens160",fieldPath=".bridgeName"
// +kubebuilder:validation:XValidation:rule="!has(self.bridgeName) || !has(self.uplink) || self.bridgeName != self.uplink || (has(self.type) && self.type in ['macvlan', 'ipvlan'])",message="bridgeName is the bridge to make and must not be the NIC itself; write for example br-lan, and the NIC in uplink",fieldPath=".bridgeName"
// +kubebuilder:validation:XValidation:rule="!has(self.mtu) || self.mtu >= 1280 || !has(self.ipConfig) || !((has(self.ipConfig.address) && self.ipConfig.address.contains(':')) || (has(self.ipConfig.addresses) && self.ipConfig.addresses.exists(a, a.contains(':'))))",message="must be at least 1280 for a network with an IPv6 address",fieldPath=".mtu"
type Network struct {
	// name identifies the network in this machine. It is a DNS label, and unique. "default" is reserved
	// for the pod network.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?$')",message="must be a DNS label: lower-case letters, digits and '-', beginning and ending with a letter or digit, for example management"
	Name string `json:"name"`

	// type is the way the network reaches the machine. When it is left out it is "pod" for the network
	// named "default" and "bridge" for any other. The network "default" is the pod network even when it
	// says "bridge".
	// +optional
	Type NetworkType `json:"type,omitempty"`

	// bridgeName is, for bridge and ovs, the bridge on the nodes (default: "br-" and the network's name);
	// for macvlan and ipvlan the parent NIC (default: uplink); for sriov the device plugin's resource. At
	// most 15 characters but for sriov.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	BridgeName string `json:"bridgeName,omitempty"`

	// vlanId is the VLAN of the network, 1 to 4094. Left out, the network is untagged.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self >= 1 && self <= 4094",message="must be between 1 and 4094; leave it out for an untagged network"
	VLANID *int32 `json:"vlanId,omitempty"`

	// vlanID is another spelling of vlanId, accepted because both are in use. Setting both to different
	// values is refused.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self >= 1 && self <= 4094",message="must be between 1 and 4094; leave it out for an untagged network"
	VLANIDAlias *int32 `json:"vlanID,omitempty"`

	// uplink is what carries the network: a WukongUplink by name, or a NIC of the nodes. While a WukongUplink
	// exists, a NIC's name stands for the WukongUplink that has it. The default is the WukongUplink that says
	// so, else the operator's default uplink.
	// +optional
	Uplink UplinkName `json:"uplink,omitempty"`

	// nadName uses an existing NetworkAttachmentDefinition, "name" or "namespace/name". Nothing is
	// created for the network then.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=317
	// +kubebuilder:validation:XValidation:rule="self.matches('^([a-z0-9]([a-z0-9-]*[a-z0-9])?/)?[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$')",message="must be the name of a NetworkAttachmentDefinition, or namespace/name; for example lan or networks/lan"
	NADName string `json:"nadName,omitempty"`

	// macAddress is the NIC's address. The default is derived from the Wukong's UID, so it stays the same
	// for the machine's life.
	// +optional
	MACAddress MACAddress `json:"macAddress,omitempty"`

	// mtu is the largest packet of the network in bytes, on the bridge, the VLAN interface and in the
	// guest. The default is the NIC's.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self >= 576 && self <= 65535",message="must be between 576 and 65535"
	MTU *int32 `json:"mtu,omitempty"`

	// ipConfig says how the guest gets its addresses on this network. Left out, the pod network uses DHCP
	// and any other network has no address.
	// +optional
	IPConfig *IPConfig `json:"ipConfig,omitempty"`
}

// IsPodNetwork reports whether the network is the cluster's pod network: its type says so, or it is the
// network named "default".
func (n *Network) IsPodNetwork() bool {
	return n.Type == NetworkTypePod || n.Name == PodNetworkName
}

// EffectiveType returns the type of the network after the defaults that depend on its name.
func (n *Network) EffectiveType() NetworkType {
	switch {
	case n.IsPodNetwork():
		return NetworkTypePod
	case n.Type == "":
		return NetworkTypeBridge
	default:
		return n.Type
	}
}

// EffectiveVLANID returns the VLAN of the network, whichever way it is spelled, or 0 when it is untagged.
func (n *Network) EffectiveVLANID() int32 {
	switch {
	case n.VLANID != nil:
		return *n.VLANID
	case n.VLANIDAlias != nil:
		return *n.VLANIDAlias
	default:
		return 0
	}
}

// EffectiveNetworks returns the networks of the machine: the declared ones, or the pod network alone.
func (s *WukongSpec) EffectiveNetworks() []Network {
	if len(s.Networks) == 0 {
		return []Network{{Name: PodNetworkName, Type: NetworkTypePod}}
	}
	return s.Networks
}
