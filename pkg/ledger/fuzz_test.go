// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/novasphere/wukong/pkg/ledger"
)

// world is a set of networks that are made, changed, looked at and deleted in a random order.
type world struct {
	random  *rand.Rand
	entries []ledger.Entry
	made    int
	// single lets each network claim one address alone.
	single bool
}

func (w *world) claim() ledger.Claim {
	if w.single {
		return claimOn(fmt.Sprintf("ens160/%d", w.random.IntN(2)), fmt.Sprintf("10.0.0.%d", w.random.IntN(3)))
	}
	made := ledger.Claim{Segment: fmt.Sprintf("ens160/%d", w.random.IntN(2)), MAC: fmt.Sprintf("02:00:00:00:00:%02d", w.random.IntN(4))}
	for _, last := range w.random.Perm(4)[:w.random.IntN(3)] {
		made.Addresses = append(made.Addresses, claim(fmt.Sprintf("10.0.0.%d", last)).Addresses...)
	}
	return made
}

func (w *world) step() {
	if len(w.entries) == 0 || len(w.entries) < 8 && w.random.IntN(3) == 0 {
		w.made++
		// Some are of one second, and some of one machine.
		fresh := entry(fmt.Sprintf("%c/vm%d", 'a'+w.random.IntN(3), w.random.IntN(5)), w.made/2, w.claim())
		fresh.Key.Name = fmt.Sprintf("%s-%d", fresh.Key.Name, w.made)
		w.entries = append(w.entries, fresh)
		return
	}
	i := w.random.IntN(len(w.entries))
	switch w.random.IntN(8) {
	case 0:
		w.entries = append(w.entries[:i], w.entries[i+1:]...)
	case 1:
		w.entries[i].Deleted = true
	case 2:
		w.entries[i].Claim = w.claim()
	default:
		w.look(i)
	}
}

// look judges one entry, and lets it have what the controller would.
func (w *world) look(i int) {
	w.entries[i].Held = ledger.Settle(w.entries[i], w.judge(i))
}

func (w *world) judge(i int) []ledger.Conflict {
	return ledger.Judge(w.entries[i], w.rivals(i), ledger.Surroundings{Stuck: func(rival ledger.Entry) bool {
		at := slices.IndexFunc(w.entries, func(e ledger.Entry) bool { return e.Key == rival.Key })
		return ledger.Stuck(rival, w.rivals(at), nil)
	}})
}

func (w *world) rivals(i int) []ledger.Entry {
	rivals := append(append([]ledger.Entry{}, w.entries[:i]...), w.entries[i+1:]...)
	w.random.Shuffle(len(rivals), func(i, j int) { rivals[i], rivals[j] = rivals[j], rivals[i] })
	return rivals
}

// holders returns for each address and MAC on a segment the machines' networks that hold it.
func (w *world) holders() map[string]map[string]bool {
	found := map[string]map[string]bool{}
	for _, e := range w.entries {
		for _, thing := range things(e.Held) {
			if found[thing] == nil {
				found[thing] = map[string]bool{}
			}
			found[thing][string(e.Owner)+" "+e.Network] = true
		}
	}
	return found
}

func things(claim ledger.Claim) []string {
	var all []string
	if claim.MAC != "" {
		all = append(all, claim.Segment+" "+claim.MAC)
	}
	for _, address := range claim.Addresses {
		all = append(all, claim.Segment+" "+address.String())
	}
	return all
}

// FuzzHolders lets networks come, change and go in random orders: at no time has anything two holders. Where each network
// wants a single thing, whatever is wanted has one once all have been looked at; and nobody waits for one that only waits.
func FuzzHolders(f *testing.F) {
	for seed := range uint64(64) {
		f.Add(seed, seed%2 == 0)
	}
	f.Fuzz(func(t *testing.T, seed uint64, single bool) {
		w := &world{random: rand.New(rand.NewPCG(seed, 1)), single: single}
		for step := range 200 {
			w.step()
			for thing, holders := range w.holders() {
				if len(holders) > 1 {
					t.Fatalf("step %d: %s has the holders %v", step, thing, holders)
				}
			}
		}
		for range len(w.entries) + 1 {
			for i := range w.entries {
				w.look(i)
			}
		}
		holders := w.holders()
		for i, e := range w.entries {
			for _, thing := range things(e.Claim) {
				if single && !e.Deleted && len(holders[thing]) != 1 {
					t.Errorf("%s is wanted and has the holders %v", thing, holders[thing])
				}
			}
			for _, conflict := range w.judge(i) {
				if conflict.Holder == e.Key || conflict.Holder.Name == "" || !conflict.Settled {
					t.Errorf("%s waits for %q, settled %t: %s", e.Key, conflict.Holder, conflict.Settled, conflict.Message)
				}
			}
		}
	})
}
