// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nad

import (
	"encoding/json"
	"fmt"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// The types of this file are the CNI network configurations that Wukong writes, with the field names of the
// plugins' own documentation.

const (
	pluginBridge  = "bridge"
	pluginOVS     = "ovs"
	pluginMacvlan = "macvlan"
	pluginMacvtap = "macvtap"
	pluginIPVLAN  = "ipvlan"
	pluginSRIOV   = "sriov"
)

type netConf struct {
	CNIVersion string `json:"cniVersion"`
	Name       string `json:"name"`
	Type       string `json:"type"`
}

type bridgeConf struct {
	netConf
	Bridge string `json:"bridge"`
	MTU    int32  `json:"mtu,omitempty"`
	// PreserveDefaultVLAN is written out because its default was true before version 1.8 of the plugins; the
	// guest would see the bridge's native VLAN.
	PreserveDefaultVLAN bool `json:"preserveDefaultVlan"`
	// MACSpoofCheck lets only the declared MAC through.
	MACSpoofCheck bool `json:"macspoofchk"`
	// DisableContainerInterface leaves the pod's end down until KubeVirt takes it.
	DisableContainerInterface bool `json:"disableContainerInterface"`
	// Capabilities makes Multus pass the declared MAC on; without it the plugin makes one up and the spoof
	// check then drops the guest's.
	Capabilities map[string]bool `json:"capabilities"`
}

type ovsConf struct {
	netConf
	Bridge string `json:"bridge"`
	VLAN   int32  `json:"vlan,omitempty"`
	MTU    int32  `json:"mtu,omitempty"`
}

type parentConf struct {
	netConf
	Master string `json:"master"`
	Mode   string `json:"mode"`
	MTU    int32  `json:"mtu,omitempty"`
}

type macvtapConf struct {
	netConf
	MTU int32 `json:"mtu,omitempty"`
}

type sriovConf struct {
	netConf
	VLAN int32 `json:"vlan,omitempty"`
}

// TypeOf returns the kind of network that somebody else's CNI configuration makes, a single plugin's or the
// first one's of a list, and whether it is a macvtap. A plugin that is not known here counts as a bridge,
// because any plugin whose interface can be a bridge's port works behind KubeVirt's bridge binding. The error
// says what is wrong with the configuration.
func TypeOf(config string) (networkType vmv1alpha1.NetworkType, macvtap bool, err error) {
	var parsed struct {
		Type    string `json:"type"`
		Plugins []struct {
			Type string `json:"type"`
		} `json:"plugins"`
	}
	if err := json.Unmarshal([]byte(config), &parsed); err != nil {
		return "", false, fmt.Errorf("spec.config is not a CNI configuration: %w", err)
	}
	plugin := parsed.Type
	if plugin == "" && len(parsed.Plugins) > 0 {
		plugin = parsed.Plugins[0].Type
	}
	switch plugin {
	case "":
		return "", false, fmt.Errorf("spec.config names no CNI plugin in type or plugins")
	case pluginMacvtap:
		return vmv1alpha1.NetworkTypeMacvlan, true, nil
	case pluginMacvlan:
		return vmv1alpha1.NetworkTypeMacvlan, false, nil
	case pluginIPVLAN:
		return vmv1alpha1.NetworkTypeIPVLAN, false, nil
	case pluginSRIOV:
		return vmv1alpha1.NetworkTypeSRIOV, false, nil
	case pluginOVS:
		return vmv1alpha1.NetworkTypeOVS, false, nil
	default:
		return vmv1alpha1.NetworkTypeBridge, false, nil
	}
}
