// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package ledger decides which network of which machine an address or a MAC belongs to. On one segment, which is what
// carries the network and the VLAN, each of them is one network's, across namespaces and stopped machines. It is pure:
// networks and nodes in, conflicts out.
package ledger

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// Claim is a MAC and addresses on a segment.
type Claim struct {
	// Segment is what carries the network and the VLAN; empty for no claim.
	Segment string
	// Addresses are without their prefix lengths.
	Addresses []netip.Addr
	// MAC is in lower case, empty for none.
	MAC string
}

// Equal reports whether two claims are the same, in the same order.
func (c Claim) Equal(other Claim) bool {
	return c.Segment == other.Segment && c.MAC == other.MAC && slices.Equal(c.Addresses, other.Addresses)
}

// Entry is what the ledger knows of one WukongNetwork.
type Entry struct {
	// Key and UID are the WukongNetwork's.
	Key types.NamespacedName
	UID types.UID
	// Wukong and Owner are the name and UID of the machine, empty when nobody owns the WukongNetwork.
	Wukong string
	Owner  types.UID
	// Network is the network's name in the machine.
	Network string
	// Created is when the WukongNetwork was made.
	Created time.Time
	// Claim is what the network is declared with.
	Claim Claim
	// Gateways are the routers that the machine uses on the segment of the claim.
	Gateways []netip.Addr
	// Held is what the network has got, which may differ from the claim while that waits.
	Held Claim
	// Deleted tells that the WukongNetwork is only kept for a machine that still uses it: it claims nothing more.
	Deleted bool
}

// EntryOf returns the entry of a WukongNetwork, with its segments as they are spelled.
func EntryOf(network *vmv1alpha1.WukongNetwork) Entry {
	entry := Entry{
		Key:      types.NamespacedName{Namespace: network.Namespace, Name: network.Name},
		UID:      network.UID,
		Network:  network.Spec.Network,
		Created:  network.CreationTimestamp.Time,
		Claim:    Claim{Segment: network.Spec.Segment, Addresses: parse(network.Spec.Addresses), MAC: strings.ToLower(network.Spec.MACAddress)},
		Gateways: parse(network.Spec.Gateways),
		Held: Claim{
			Segment:   network.Status.HeldSegment,
			Addresses: parse(network.Status.HeldAddresses),
			MAC:       network.Status.HeldMACAddress,
		},
		Deleted: !network.DeletionTimestamp.IsZero(),
	}
	if controller := metav1.GetControllerOf(network); controller != nil {
		entry.Wukong, entry.Owner = controller.Name, controller.UID
	}
	if attachedUnasked(network) {
		entry.Held = entry.Claim
	}
	return entry
}

// attachedUnasked reports whether a network got its attachment before there was a ledger: a machine may have its addresses
// already.
func attachedUnasked(network *vmv1alpha1.WukongNetwork) bool {
	return network.Spec.Segment != "" && network.Status.NetworkAttachmentDefinition != "" && network.Status.HeldSegment == "" &&
		meta.FindStatusCondition(network.Status.Conditions, vmv1alpha1.ConditionAddressesReady) == nil
}

// In returns the entry with the segments named as the function does.
func (e Entry) In(named func(segment string) string) Entry {
	e.Claim.Segment, e.Held.Segment = named(e.Claim.Segment), named(e.Held.Segment)
	return e
}

// String names the network as its user knows it.
func (e Entry) String() string {
	if e.Wukong == "" {
		return "WukongNetwork " + e.Key.String()
	}
	return "network " + e.Network + " of Wukong " + e.Key.Namespace + "/" + e.Wukong
}

// family returns what tells the network of a machine from all others. The WukongNetwork of an earlier declaration and that
// of the present one are of one family: the machine has the one until its restart and the other from then on.
func (e Entry) family() string {
	if e.Owner == "" {
		return e.Key.String()
	}
	return string(e.Owner) + " " + e.Network
}

// parse returns addresses without their prefix lengths, in one spelling. What is no address is left out: nobody can have it.
func parse(texts []string) []netip.Addr {
	var parsed []netip.Addr
	for _, text := range texts {
		text, _, _ = strings.Cut(text, "/")
		if address, err := netip.ParseAddr(text); err == nil {
			parsed = append(parsed, address.Unmap())
		}
	}
	return parsed
}
