// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package children

import (
	"strconv"
	"strings"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// segment returns the piece of network that the child of a Wukong in the namespace is on, as
// WukongNetworkSpec.Segment says it.
func (c *Child) segment(namespace string) string {
	attachment := &c.Attachment
	switch {
	case strings.Contains(attachment.NADName, "/"):
		return "nad:" + attachment.NADName
	case attachment.NADName != "":
		return "nad:" + namespace + "/" + attachment.NADName
	case attachment.Type == vmv1alpha1.NetworkTypeSRIOV:
		return "sriov:" + attachment.BridgeName + "/" + strconv.Itoa(int(attachment.VLANID))
	}
	carrier, vlan := string(attachment.Uplink), attachment.VLANID
	if c.NodeBridge != nil && c.NodeBridge.VLANID != 0 {
		vlan = c.NodeBridge.VLANID
	}
	if vlan == 0 {
		carrier, vlan = splitVLAN(carrier)
	}
	return carrier + "/" + strconv.Itoa(int(vlan))
}

// splitVLAN takes the name of a VLAN interface apart: ens160.100 is VLAN 100 of ens160. Any other NIC is untagged.
func splitVLAN(nic string) (parent string, vlan int32) {
	dot := strings.LastIndexByte(nic, '.')
	if dot <= 0 {
		return nic, 0
	}
	number, err := strconv.ParseUint(nic[dot+1:], 10, 16)
	if err != nil || number < 1 || number > 4094 {
		return nic, 0
	}
	return nic[:dot], int32(number)
}
