// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package nad builds the NetworkAttachmentDefinition of one network. It is pure: a value in, an object out.
package nad

import (
	"encoding/json"
	"fmt"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// ResourceNameAnnotation names the device plugin's resource that a pod with this attachment has to request
// (Kubernetes Network Custom Resource Definition De-facto Standard).
const ResourceNameAnnotation = "k8s.v1.cni.cncf.io/resourceName"

// macvtapResourcePrefix is the resource prefix of macvtap-cni's device plugin.
const macvtapResourcePrefix = "macvtap.network.kubevirt.io/"

// cniVersion is the version of the CNI specification that every plugin used here understands, and the one
// that KubeVirt's own tests use.
const cniVersion = "0.3.1"

// Attachment is what a NetworkAttachmentDefinition is built from.
type Attachment struct {
	// Namespace and Name are the object's.
	Namespace, Name string
	// Type is the network's type; the pod network has no attachment.
	Type vmv1alpha1.NetworkType
	// Parent is the bridge for bridge and ovs, the parent NIC for macvlan and ipvlan, the device plugin's
	// resource for sriov.
	Parent string
	// VLANID is tagged by the attachment itself, for ovs and sriov; 0 for none.
	VLANID int32
	// MTU is the attachment's MTU in bytes; 0 for the parent's.
	MTU int32
	// Macvtap makes a macvlan network a macvtap, which KubeVirt can hand to the guest where a network
	// binding plugin is registered for it.
	Macvtap bool
}

// Build returns the NetworkAttachmentDefinition, without owner. No attachment carries IPAM: KubeVirt would run
// a DHCP server of its own on that NIC. It returns an error for a type that has no attachment.
func Build(a Attachment) (*nadv1.NetworkAttachmentDefinition, error) {
	plugin, resource, err := a.plugin()
	if err != nil {
		return nil, err
	}
	config, err := json.Marshal(plugin)
	if err != nil {
		return nil, fmt.Errorf("marshalling the CNI configuration of %s: %w", a.Name, err)
	}
	built := &nadv1.NetworkAttachmentDefinition{
		TypeMeta: metav1.TypeMeta{APIVersion: nadv1.SchemeGroupVersion.String(), Kind: "NetworkAttachmentDefinition"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: a.Namespace,
			Name:      a.Name,
			Labels:    map[string]string{vmv1alpha1.LabelManagedBy: vmv1alpha1.ManagedByWukong},
		},
		Spec: nadv1.NetworkAttachmentDefinitionSpec{Config: string(config)},
	}
	if resource != "" {
		built.Annotations = map[string]string{ResourceNameAnnotation: resource}
	}
	return built, nil
}

// plugin returns the CNI configuration and the device plugin's resource that goes with it, if any.
func (a Attachment) plugin() (config any, resource string, err error) {
	base := netConf{CNIVersion: cniVersion, Name: a.Name}
	switch {
	case a.Type == vmv1alpha1.NetworkTypeBridge:
		base.Type = pluginBridge
		return bridgeConf{
			netConf: base, Bridge: a.Parent, MTU: a.MTU,
			PreserveDefaultVLAN: false, MACSpoofCheck: true, DisableContainerInterface: true,
			Capabilities: map[string]bool{"mac": true},
		}, "", nil
	case a.Type == vmv1alpha1.NetworkTypeOVS:
		base.Type = pluginOVS
		return ovsConf{netConf: base, Bridge: a.Parent, VLAN: a.VLANID, MTU: a.MTU}, "", nil
	case a.Type == vmv1alpha1.NetworkTypeMacvlan && a.Macvtap:
		base.Type = pluginMacvtap
		return macvtapConf{netConf: base, MTU: a.MTU}, macvtapResourcePrefix + a.Parent, nil
	case a.Type == vmv1alpha1.NetworkTypeMacvlan:
		base.Type = pluginMacvlan
		return parentConf{netConf: base, Master: a.Parent, Mode: "bridge", MTU: a.MTU}, "", nil
	case a.Type == vmv1alpha1.NetworkTypeIPVLAN:
		base.Type = pluginIPVLAN
		return parentConf{netConf: base, Master: a.Parent, Mode: "l2", MTU: a.MTU}, "", nil
	case a.Type == vmv1alpha1.NetworkTypeSRIOV:
		base.Type = pluginSRIOV
		return sriovConf{netConf: base, VLAN: a.VLANID}, a.Parent, nil
	default:
		return nil, "", fmt.Errorf("network type %q has no attachment", a.Type)
	}
}
