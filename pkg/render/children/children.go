// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package children says which WukongNetworks and WukongNodeBridges a Wukong needs. It is pure: a Wukong in,
// their specs out.
package children

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/naming"
)

// Child is what one network of a Wukong needs in the cluster: an attachment, and a bridge on the nodes where
// NodeBridge is not nil.
type Child struct {
	// Network is the network's name in spec.networks.
	Network string
	// Attachment is the WukongNetwork's spec. Its nodeBridgeName is left empty, because it depends on the
	// name that the pair is given.
	Attachment vmv1alpha1.WukongNetworkSpec
	// NodeBridge is the WukongNodeBridge's spec, nil when the network needs no node configuration.
	NodeBridge *vmv1alpha1.WukongNodeBridgeSpec
	// UplinkDefaulted tells that the network names no NIC, so that the operator's default was taken.
	UplinkDefaulted bool
}

// Of returns the children of a Wukong in the order of its networks; the pod network has none. defaultUplink
// is the NIC of networks that name none.
func Of(wukong *vmv1alpha1.Wukong, defaultUplink string) []Child {
	var all []Child
	for i := range wukong.Spec.Networks {
		network := &wukong.Spec.Networks[i]
		if network.IsPodNetwork() {
			continue
		}
		child := of(network, string(wukong.UID), defaultUplink)
		child.Attachment.Segment = child.segment(wukong.Namespace)
		all = append(all, child)
	}
	return all
}

func of(network *vmv1alpha1.Network, uid, defaultUplink string) Child {
	child := Child{
		Network: network.Name,
		Attachment: vmv1alpha1.WukongNetworkSpec{
			Network:    network.Name,
			Type:       network.EffectiveType(),
			NADName:    network.NADName,
			MTU:        mtu(network),
			MACAddress: MACAddress(network, uid),
		},
	}
	for _, address := range network.IPConfig.AllAddresses() {
		child.Attachment.Addresses = append(child.Attachment.Addresses, string(address))
	}
	if network.IPConfig != nil && network.IPConfig.Gateway != "" {
		child.Attachment.Gateways = []string{string(network.IPConfig.Gateway)}
	}
	if network.NADName != "" {
		return child
	}
	switch child.Attachment.Type {
	case vmv1alpha1.NetworkTypeBridge:
		child.Attachment.BridgeName = bridgeName(network)
		child.NodeBridge = nodeBridge(network, vmv1alpha1.BridgeTypeLinux, defaultUplink)
		child.NodeBridge.VLANID = network.EffectiveVLANID()
		child.Attachment.Uplink = child.NodeBridge.Uplink
		child.UplinkDefaulted = network.Uplink == ""
	case vmv1alpha1.NetworkTypeOVS:
		child.Attachment.BridgeName = bridgeName(network)
		child.Attachment.VLANID = network.EffectiveVLANID()
		child.NodeBridge = nodeBridge(network, vmv1alpha1.BridgeTypeOVS, defaultUplink)
		child.NodeBridge.Tag = network.EffectiveVLANID()
		child.Attachment.Uplink = child.NodeBridge.Uplink
		child.UplinkDefaulted = network.Uplink == ""
	case vmv1alpha1.NetworkTypeMacvlan, vmv1alpha1.NetworkTypeIPVLAN:
		child.Attachment.BridgeName = network.BridgeName
		if child.Attachment.BridgeName == "" {
			child.Attachment.BridgeName = uplink(network, defaultUplink)
			child.UplinkDefaulted = network.Uplink == ""
		}
		child.Attachment.Uplink = vmv1alpha1.UplinkName(child.Attachment.BridgeName)
	case vmv1alpha1.NetworkTypeSRIOV:
		child.Attachment.BridgeName = network.BridgeName
		child.Attachment.VLANID = network.EffectiveVLANID()
	}
	return child
}

func nodeBridge(network *vmv1alpha1.Network, bridgeType vmv1alpha1.BridgeType, defaultUplink string) *vmv1alpha1.WukongNodeBridgeSpec {
	return &vmv1alpha1.WukongNodeBridgeSpec{
		Network:    network.Name,
		BridgeName: vmv1alpha1.InterfaceName(bridgeName(network)),
		Type:       bridgeType,
		Uplink:     vmv1alpha1.UplinkName(uplink(network, defaultUplink)),
		MTU:        mtu(network),
	}
}

func bridgeName(network *vmv1alpha1.Network) string {
	if network.BridgeName != "" {
		return network.BridgeName
	}
	return naming.Bridge(network.Name)
}

func uplink(network *vmv1alpha1.Network, defaultUplink string) string {
	if network.Uplink != "" {
		return string(network.Uplink)
	}
	return defaultUplink
}

func mtu(network *vmv1alpha1.Network) int32 {
	if network.MTU == nil {
		return 0
	}
	return *network.MTU
}

// MACAddress returns the address of a network's NIC in lower case: the declared one, else the one derived from
// the Wukong's UID.
func MACAddress(network *vmv1alpha1.Network, uid string) string {
	if network.MACAddress != "" {
		return strings.ToLower(string(network.MACAddress))
	}
	return naming.MACAddress(uid, network.Name)
}

// Keep takes over what was decided when the children were made and is not declared: the NIC, where the network names
// none, since a new default is for new networks, and the bridge's name where it had to be another one. network and
// nodeBridge are the existing children of the same revision, nil where they do not exist.
func (c *Child) Keep(network *vmv1alpha1.WukongNetwork, nodeBridge *vmv1alpha1.WukongNodeBridge) {
	switch {
	case c.NodeBridge != nil && nodeBridge != nil:
		if c.UplinkDefaulted {
			c.NodeBridge.Uplink = nodeBridge.Spec.Uplink
			c.Attachment.Uplink = nodeBridge.Spec.Uplink
		}
		c.renameBridge(string(nodeBridge.Spec.BridgeName))
		// A claim is immutable, and one that was made before claims told their tag has none.
		c.NodeBridge.Tag = nodeBridge.Spec.Tag
	case c.NodeBridge == nil && network != nil && c.UplinkDefaulted:
		c.Attachment.BridgeName = network.Spec.BridgeName
		c.Attachment.Uplink = vmv1alpha1.UplinkName(network.Spec.BridgeName)
	}
	if c.UplinkDefaulted {
		// A network that takes the default uplink makes its own attachment, so its segment needs no namespace.
		c.Attachment.Segment = c.segment("")
	}
}

// Part gives the bridge a name of its own where an earlier claim of the same network has the declared one with another
// VLAN, NIC or type: the machine runs on the earlier bridge until it moves over, so both have to be there.
func (c *Child) Part(earlier *vmv1alpha1.WukongNodeBridge, revision string) {
	if c.NodeBridge == nil || earlier == nil {
		return
	}
	declared := string(c.NodeBridge.BridgeName)
	parted := naming.BridgeRevision(declared, earlier.Labels[vmv1alpha1.LabelRevision])
	if name := string(earlier.Spec.BridgeName); name != declared && name != parted {
		return
	}
	was, is := earlier.Spec, *c.NodeBridge
	if was.Uplink == is.Uplink && was.VLANID == is.VLANID {
		// On the same wire there cannot be two bridges.
		return
	}
	c.renameBridge(naming.BridgeRevision(declared, revision))
}

func (c *Child) renameBridge(name string) {
	c.NodeBridge.BridgeName = vmv1alpha1.InterfaceName(name)
	c.Attachment.BridgeName = name
}

// Revision returns a text that differs when the declared attachment or bridge does, and only then: a changed address is
// the same attachment, and so is a network that names no NIC when the operator's default NIC changes. The error is that
// of marshalling.
func (c Child) Revision() (string, error) {
	attachment := c.Attachment
	attachment.MACAddress, attachment.Addresses, attachment.NodeBridgeName = "", nil, ""
	// What follows from the other fields, or is the guest's alone.
	attachment.Uplink, attachment.Segment, attachment.Gateways = "", "", nil
	nodeBridge := c.NodeBridge.DeepCopy()
	if nodeBridge != nil {
		nodeBridge.Tag = 0
	}
	switch {
	case c.UplinkDefaulted && nodeBridge != nil:
		nodeBridge.Uplink = ""
	case c.UplinkDefaulted:
		attachment.BridgeName = ""
	}
	text, err := json.Marshal(struct {
		Attachment vmv1alpha1.WukongNetworkSpec
		NodeBridge *vmv1alpha1.WukongNodeBridgeSpec
	}{attachment, nodeBridge})
	if err != nil {
		return "", fmt.Errorf("marshalling the network %s: %w", c.Network, err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8]), nil
}

// Meta returns the metadata of both children of a network, without owner and finalizers. The revision is
// Child.Revision's.
func Meta(wukong *vmv1alpha1.Wukong, name, network, revision string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace: wukong.Namespace,
		Name:      name,
		Labels: map[string]string{
			vmv1alpha1.LabelManagedBy: vmv1alpha1.ManagedByWukong,
			vmv1alpha1.LabelWukong:    naming.LabelValue(wukong.Name),
			vmv1alpha1.LabelNetwork:   network,
			vmv1alpha1.LabelRevision:  revision,
		},
	}
}
