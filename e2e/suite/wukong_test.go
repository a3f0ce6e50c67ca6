// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// newWukong returns a Wukong with the given networks.
func newWukong(namespace, name string, networks ...vmv1alpha1.Network) *vmv1alpha1.Wukong {
	return &vmv1alpha1.Wukong{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       vmv1alpha1.WukongSpec{Networks: networks},
	}
}

// bridged returns a network on a bridge over a VLAN; 0 is untagged.
func bridged(name, bridge string, vlan int32) vmv1alpha1.Network {
	network := vmv1alpha1.Network{Name: name, Type: vmv1alpha1.NetworkTypeBridge, BridgeName: bridge}
	if vlan != 0 {
		network.VLANID = &vlan
	}
	return network
}

// on names the NIC of a network.
func on(uplink string, network vmv1alpha1.Network) vmv1alpha1.Network {
	network.Uplink = vmv1alpha1.UplinkName(uplink)
	return network
}

// static gives a network an address.
func static(address string, network vmv1alpha1.Network) vmv1alpha1.Network {
	network.IPConfig = &vmv1alpha1.IPConfig{Mode: vmv1alpha1.IPModeStatic, Address: vmv1alpha1.InterfaceAddress(address)}
	return network
}
