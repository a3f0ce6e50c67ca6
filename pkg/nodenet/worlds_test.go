// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"flag"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	worlds    = flag.Int("worlds", 2000, "how many simulated worlds to run")
	firstSeed = flag.Uint64("first", 1, "the seed of the first world")
	oneSeed   = flag.Uint64("seed", 0, "the seed of the one world to run and to trace")
)

// TestWorlds lets random things happen in simulated clusters, checks the promises of the planner after each step, heals
// everything and waits until nothing is left to do. A world is the same for the same seed:
//
//	go test ./pkg/nodenet -run TestWorlds -seed 42
func TestWorlds(t *testing.T) {
	if *oneSeed != 0 {
		c := play(*oneSeed, true)
		t.Log(strings.Join(c.trace, "\n"))
		t.Log(c.String())
		for _, problem := range c.problems {
			t.Error(problem)
		}
		return
	}
	const most = 10
	var next, bad atomic.Int64
	var mu sync.Mutex
	var workers sync.WaitGroup
	tally := map[string]int{}
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for bad.Load() < most {
				number := next.Add(1) - 1
				if number >= int64(*worlds) {
					return
				}
				c := play(*firstSeed+uint64(number), false)
				mu.Lock()
				for what, count := range c.tally {
					tally[what] += count
				}
				mu.Unlock()
				if len(c.problems) > 0 {
					bad.Add(1)
					t.Errorf("world %d, run it with -seed %d to see how it came to this:\n%s", *firstSeed+uint64(number), *firstSeed+uint64(number), strings.Join(c.problems, "\n"))
				}
			}
		})
	}
	workers.Wait()
	for _, what := range slices.Sorted(maps.Keys(tally)) {
		t.Logf("%8d %s", tally[what], what)
	}
}

// play runs one world to its end, or to its first violation.
func play(seed uint64, tracing bool) *cluster {
	c := newCluster(seed, tracing)
	for range 30 + c.random.IntN(120) {
		c.happen()
		c.checkStep()
		if len(c.problems) > 0 {
			return c
		}
	}
	c.heal()
	if c.settle(); len(c.problems) > 0 {
		return c
	}
	c.checkSettled()
	c.step++
	c.say("everybody leaves")
	c.machines = nil
	for _, claim := range c.claims {
		if claim.deletedAt.IsZero() {
			claim.deletedAt = c.clock
		}
	}
	if c.settle(); len(c.problems) == 0 {
		c.checkEmpty()
	}
	return c
}

// settle lets everybody work until nothing is done for longer than any deadline.
func (c *cluster) settle() {
	const rounds, quietRounds = 80, 7
	quiet := 0
	for range rounds {
		c.step++
		c.clock = c.clock.Add(6 * time.Minute)
		if quiet++; c.round() {
			quiet = 0
		}
		c.checkStep()
		if len(c.problems) > 0 || quiet >= quietRounds {
			return
		}
	}
	c.violated("it never comes to an end")
}

// round lets everybody work once, and reports whether anything was written but another try of what fails.
func (c *cluster) round() bool {
	busy := false
	for _, name := range c.bridgeNames() {
		if c.reconcile(name, -1) {
			busy = true
		}
	}
	for range 200 {
		todo := c.backlog()
		if len(todo) == 0 {
			break
		}
		c.handle(pick(c, todo))
	}
	for _, node := range c.nodes {
		c.reportNode(node)
	}
	return busy
}
