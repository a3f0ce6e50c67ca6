// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"net/netip"
	"slices"
)

// Settle returns what a network holds after a judgement. Without a conflict it holds what it claims and nothing else: an
// address it had before is free at once, although the guest uses it until its restart. With one it keeps what it held,
// but for what turned out to be another network's.
func Settle(entry Entry, conflicts []Conflict) Claim {
	held := entry.Held
	switch {
	case entry.Claim.Segment == "":
		return held
	case len(conflicts) == 0:
		return entry.Claim
	case held.Segment != entry.Claim.Segment:
		return held
	}
	held.Addresses = slices.Clone(held.Addresses)
	for _, conflict := range conflicts {
		switch {
		case !conflict.Taken:
		case conflict.Address.IsValid():
			held.Addresses = slices.DeleteFunc(held.Addresses, func(address netip.Addr) bool { return address == conflict.Address })
		case held.MAC == entry.Claim.MAC:
			held.MAC = ""
		}
	}
	return held
}
