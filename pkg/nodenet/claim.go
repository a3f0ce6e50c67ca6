// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// Wanted is the bridge that a claim asks for.
type Wanted struct {
	// Bridge is the bridge's kernel name.
	Bridge string
	// Type is the bridge's type.
	Type vmv1alpha1.BridgeType
	// Uplink is what carries the bridge: a WukongUplink by name, or a NIC.
	Uplink string
	// VLANID is the bridge's VLAN, 0 for untagged.
	VLANID int32
	// MTU is the bridge's MTU in bytes, 0 for none declared.
	MTU int32
}

// WantedBy returns the bridge that a claim's spec asks for.
func WantedBy(spec vmv1alpha1.WukongNodeBridgeSpec) Wanted {
	return Wanted{
		Bridge: string(spec.BridgeName), Type: spec.Type, Uplink: string(spec.Uplink), VLANID: spec.VLANID, MTU: spec.MTU,
	}
}

// String describes the bridge as a person would, for example "linux-bridge on ens160 VLAN 100".
func (w Wanted) String() string {
	return nncp.Bridge{Type: w.Type, Uplink: w.Uplink, VLANID: w.VLANID, MTU: w.MTU}.String()
}

// User is a machine or pod that is attached to a bridge.
type User struct {
	// Name says what it is, for example "VirtualMachineInstance ns/vm".
	Name string
	// Node is the node that it runs on, empty while it runs nowhere.
	Node string
}

// Claim is one WukongNodeBridge.
type Claim struct {
	// Key is the claim's namespace and name.
	Key types.NamespacedName
	// Owner identifies the Wukong that the claim was made for, and Network its network.
	Owner, Network string
	// Created is the claim's creation time; the oldest claim wins a conflict.
	Created time.Time
	// DeletedAt is the time of the claim's deletion, zero while it lives.
	DeletedAt time.Time
	// UsedBy names a machine or pod that is attached to the bridge through this deleted claim, empty for none.
	UsedBy string
	// Users are the machines and pods that are attached to the bridge through this claim. They are needed only in
	// decisions about the claim's own bridge.
	Users []User
	// NamespaceLabels are the labels of the claim's namespace.
	NamespaceLabels map[string]string
	// Granted tells that the claim was given its bridge before: its status names a policy, or says Adopted.
	Granted bool
	// PolicyName is the policy that its status names: the bridge is ours then, even if the policy has gone.
	PolicyName string
	// MadeOn are the nodes that its status reports as having the bridge from our policy.
	MadeOn []string
	// Wanted is what the claim asks for.
	Wanted Wanted
	// Tag is the VLAN of the machine's port on an Open vSwitch bridge, 0 for none: only the fence asks for it.
	Tag int32
	// standing tells that a policy makes what is asked for already: it may have been written for this claim a moment ago.
	standing bool
}

// leaving reports whether the claim is deleted and nothing is attached through it any more.
func (c *Claim) leaving() bool {
	return !c.DeletedAt.IsZero() && c.UsedBy == ""
}

// before orders claims: what was granted stays granted, then what is there already, then the older one, then by name.
func (c *Claim) before(other *Claim) int {
	return cmp.Or(
		-cmp.Compare(rank(c.Granted), rank(other.Granted)),
		-cmp.Compare(rank(c.standing), rank(other.standing)),
		c.Created.Compare(other.Created),
		cmp.Compare(c.Key.Namespace, other.Key.Namespace),
		cmp.Compare(c.Key.Name, other.Key.Name),
	)
}

// sameNetwork reports whether two claims were made for the same network of a Wukong, as it was declared at different
// times.
func (c *Claim) sameNetwork(other *Claim) bool {
	return c.Owner != "" && c.Owner == other.Owner && c.Network == other.Network
}

// Parent is a macvlan's or ipvlan's use of a NIC.
type Parent struct {
	// Key is the WukongNetwork's namespace and name.
	Key types.NamespacedName
	// Created is its creation time.
	Created time.Time
	// Granted tells that it has its attachment.
	Granted bool
	// Interface is the NIC or WukongUplink, and VLANID its VLAN, 0 for untagged.
	Interface string
	VLANID    int32
}

// SplitParent returns the NIC and VLAN that a macvlan's or ipvlan's parent means: "ens160.100" is VLAN 100 of ens160, as
// the interfaces are named that Wukong makes.
func SplitParent(parent string) (nic string, vlan int32) {
	nic, text, found := strings.Cut(parent, ".")
	number, err := strconv.ParseInt(text, 10, 32)
	if !found || err != nil || number < 1 || number > 4094 {
		return parent, 0
	}
	return nic, int32(number)
}
