// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"cmp"
	"net/netip"
	"slices"
)

// stake is what an entry has in one address or MAC.
type stake struct {
	held  bool
	entry Entry
}

// compare orders stakes: what is held first, then by age, then by name.
func (s stake) compare(other stake) int {
	if s.held != other.held {
		if s.held {
			return -1
		}
		return 1
	}
	a, b := s.entry, other.entry
	return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Key.Namespace, b.Key.Namespace), cmp.Compare(a.Key.Name, b.Key.Name))
}

// ownStake returns the best stake of the entry's family.
func ownStake(entry Entry, rivals []Entry, has func(Claim) bool) stake {
	own := stake{held: has(entry.Held), entry: entry}
	for _, other := range stakesIn(rivals, has) {
		if other.entry.family() == entry.family() && other.compare(own) < 0 {
			own = other
		}
	}
	return own
}

// before returns the stake of another family that goes before a stake, nil for none. One that is stuck goes before nobody.
func before(own stake, rivals []Entry, has func(Claim) bool, stuck func(Entry) bool) *stake {
	for _, other := range stakesIn(rivals, has) {
		switch {
		case other.compare(own) > 0:
			return nil
		case other.entry.family() == own.entry.family():
		case other.held, !isStuck(other.entry, stuck):
			return &other
		}
	}
	return nil
}

// stakesIn returns the stakes of all entries that have one, the best one first.
func stakesIn(entries []Entry, has func(Claim) bool) []stake {
	var found []stake
	for _, entry := range entries {
		if held := has(entry.Held); held || !entry.Deleted && has(entry.Claim) {
			found = append(found, stake{held: held, entry: entry})
		}
	}
	slices.SortFunc(found, stake.compare)
	return found
}

// routedBy returns a network of another namespace that uses the address as its gateway on the entry's segment, nil for none.
func routedBy(entry Entry, rivals []Entry, address netip.Addr, stuck func(Entry) bool) *stake {
	for _, user := range usersIn(rivals, entry.Claim.Segment, address) {
		switch {
		case user.entry.Key.Namespace == entry.Key.Namespace, user.compare(stake{entry: entry}) > 0:
		case user.held, !isStuck(user.entry, stuck):
			return &user
		}
	}
	return nil
}

// usersIn returns the entries that use an address as their gateway on a segment, the first to consider first. That counts
// as held once the entry has its own addresses; before, it goes by age.
func usersIn(entries []Entry, segment string, gateway netip.Addr) []stake {
	var users []stake
	for _, entry := range entries {
		granted := entry.Held.Segment == entry.Claim.Segment
		if entry.Claim.Segment == segment && slices.Contains(entry.Gateways, gateway) && (granted || !entry.Deleted) {
			users = append(users, stake{held: granted, entry: entry})
		}
	}
	slices.SortFunc(users, stake.compare)
	return users
}

func isStuck(entry Entry, stuck func(Entry) bool) bool { return stuck != nil && stuck(entry) }
