// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/e2e/lab/controlplane"
)

// killsVariable says how often the leader is killed. Each kill costs as long as a lease holds.
const killsVariable = "WUKONG_KILLS"

const (
	defaultKills = 2
	// standing is how many machines are there all the time, and passing how many come and go between two kills.
	standing, passing = 20, 4
)

// TestLeaderKilled kills the manager that leads, again and again, while machines come and go: the other one takes over, no two
// of them ever write at the same time, and no Wukong is forgotten.
func TestLeaderKilled(t *testing.T) {
	kills := defaultKills
	if text := os.Getenv(killsVariable); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	i := newInstallation(t)
	i.helm("install", release, chartFolder, "--wait", "--timeout=5m")
	for number := range standing {
		i.create(machine("default", number))
	}
	var takeovers []time.Duration
	for kill := range kills {
		for number := range passing {
			i.create(machine("default", standing+kill*passing+number))
		}
		if kill > 0 {
			for number := range passing {
				if err := i.Client.Delete(t.Context(), machine("default", standing+(kill-1)*passing+number)); client.IgnoreNotFound(err) != nil {
					t.Fatal(err)
				}
			}
		}
		takeovers = append(takeovers, i.killLeader())
	}
	i.expectReady(standing + passing)
	i.expectOneWriter(kills + 1)
	slices.Sort(takeovers)
	t.Logf("%d kills; from a kill to the next leader's first write: median %.1f s, longest %.1f s",
		kills, takeovers[len(takeovers)/2].Seconds(), takeovers[len(takeovers)-1].Seconds())
}

// killLeader kills the leader while it writes, and returns how long it took until the next one did.
func (i *installation) killLeader() time.Duration {
	i.t.Helper()
	var leader string
	i.eventually("somebody leads and writes", func(ctx context.Context) error {
		var err error
		if leader, err = i.leader(ctx); err != nil || leader == "" {
			return errors.Join(errors.New("nobody leads"), err)
		}
		if busy, err := i.sum(ctx, leader, `controller_runtime_active_workers\{.*\} (\S+)`); err != nil || busy == 0 {
			return errors.Join(fmt.Errorf("%s does nothing", leader), err)
		}
		return nil
	})
	last := i.lastWriter()
	if err := i.kubelet.Process(leader).Kill(); err != nil {
		i.t.Fatal(err)
	}
	killed := time.Now()
	i.eventually("another manager writes", func(context.Context) error {
		if now := i.lastWriter(); now == last {
			return errors.New("only the one that was killed has written")
		}
		return nil
	})
	return time.Since(killed)
}

func (i *installation) lastWriter() string {
	i.t.Helper()
	writes := i.writes(func(controlplane.Write) bool { return true })
	if len(writes) == 0 {
		return ""
	}
	return writes[len(writes)-1].Credential
}

// expectOneWriter fails the test when two processes wrote at the same time, told apart by their tokens.
func (i *installation) expectOneWriter(most int) {
	i.t.Helper()
	type span struct{ first, last time.Time }
	spans := map[string]span{}
	for _, write := range i.writes(func(controlplane.Write) bool { return true }) {
		seen, known := spans[write.Credential]
		if !known || write.Time.Before(seen.first) {
			seen.first = write.Time
		}
		if write.Time.After(seen.last) {
			seen.last = write.Time
		}
		spans[write.Credential] = seen
	}
	if len(spans) < 2 || len(spans) > most {
		i.t.Errorf("%d processes wrote, want 2 to %d", len(spans), most)
	}
	for one, first := range spans {
		for other, second := range spans {
			if one < other && first.first.Before(second.last) && second.first.Before(first.last) {
				i.t.Errorf("two managers wrote at the same time: %v and %v", first, second)
			}
		}
	}
}
