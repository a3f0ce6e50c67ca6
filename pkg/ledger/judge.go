// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"fmt"
	"net/netip"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// Conflict is one reason why a network cannot have what it claims.
type Conflict struct {
	// Reason is that of the AddressesReady condition.
	Reason string
	// Message names the holder and says what to do.
	Message string
	// Address is the one in question, the zero value where it is the MAC.
	Address netip.Addr
	// Holder is the WukongNetwork in question, the zero value where it is a node.
	Holder types.NamespacedName
	// Taken tells that the holder has it, or is about to, rather than using it as its gateway.
	Taken bool
	// Settled tells that this stays so until something changes. Else the holder has only to be looked at first.
	Settled bool
}

// Surroundings are what else a judgement depends on.
type Surroundings struct {
	// Nodes are the nodes' own addresses, with the nodes' names.
	Nodes map[netip.Addr]string
	// Stuck tells of a rival that holds nothing of what is asked for whether it cannot get what it claims anyway, as the
	// function Stuck does. Such a one keeps nobody waiting.
	Stuck func(Entry) bool
}

// Stuck reports whether an entry cannot get what it claims, because of what others hold already.
func Stuck(entry Entry, rivals []Entry, nodes map[netip.Addr]string) bool {
	return len(Judge(entry, rivals, Surroundings{Nodes: nodes, Stuck: func(Entry) bool { return true }})) > 0
}

// Judge returns why a network cannot have what it claims, nothing when it can. Segments have to be named alike in all
// entries. The rivals are all entries that claim or hold one of its addresses or its MAC, or use one of its addresses as
// their gateway; others do not matter.
//
// What is held already goes before what is claimed; else the oldest WukongNetwork that can have what it claims goes first.
// The result is the same in whatever order the rivals come.
func Judge(entry Entry, rivals []Entry, around Surroundings) []Conflict {
	if entry.Claim.Segment == "" {
		return nil
	}
	var conflicts []Conflict
	for _, address := range entry.Claim.Addresses {
		if conflict := judgeAddress(entry, rivals, around, address); conflict != nil {
			conflict.Reason, conflict.Address = vmv1alpha1.ReasonAddressConflict, address
			conflicts = append(conflicts, *conflict)
		}
	}
	if conflict := judgeMAC(entry, rivals, around); conflict != nil {
		conflicts = append(conflicts, *conflict)
	}
	return conflicts
}

func judgeAddress(entry Entry, rivals []Entry, around Surroundings, address netip.Addr) *Conflict {
	segment := entry.Claim.Segment
	if node, found := around.Nodes[address]; found {
		return &Conflict{Settled: true, Message: fmt.Sprintf("address %s is node %s's own; write another address", address, node)}
	}
	has := func(claim Claim) bool { return claim.Segment == segment && slices.Contains(claim.Addresses, address) }
	own := ownStake(entry, rivals, has)
	if first := before(own, rivals, has, around.Stuck); first != nil {
		return &Conflict{Holder: first.entry.Key, Taken: true, Settled: first.held, Message: fmt.Sprintf(
			"address %s is taken on %s by %s; write another address, or remove it there", address, segment, first.entry)}
	}
	if own.held {
		// Its neighbours may use it as their router.
		return nil
	}
	if user := routedBy(entry, rivals, address, around.Stuck); user != nil {
		return &Conflict{Holder: user.entry.Key, Settled: user.held, Message: fmt.Sprintf(
			"address %s is the gateway of %s on %s; write another address, or declare the router in that namespace", address, user.entry, segment)}
	}
	return nil
}

func judgeMAC(entry Entry, rivals []Entry, around Surroundings) *Conflict {
	claim := entry.Claim
	if claim.MAC == "" {
		return nil
	}
	has := func(other Claim) bool { return other.Segment == claim.Segment && other.MAC == claim.MAC }
	first := before(ownStake(entry, rivals, has), rivals, has, around.Stuck)
	if first == nil {
		return nil
	}
	return &Conflict{
		Reason: vmv1alpha1.ReasonMACAddressConflict, Holder: first.entry.Key, Taken: true, Settled: first.held,
		Message: fmt.Sprintf("MAC %s is taken on %s by %s; write another macAddress, or leave it out to have one derived", claim.MAC, claim.Segment, first.entry),
	}
}
