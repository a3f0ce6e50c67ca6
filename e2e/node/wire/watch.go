// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// Watch pings an address until it is stopped, and does not wait for a reply before it sends the next request.
type Watch struct {
	cancel  context.CancelFunc
	stopped chan struct{}

	mutex sync.Mutex
	seen  Outage
}

// Outage is what a watch saw.
type Outage struct {
	Count
	// Longest is the longest time between two requests that were answered.
	Longest time.Duration
}

// String describes the outage as a person would.
func (o Outage) String() string {
	return fmt.Sprintf("%d of %d pings lost, at most %d ms without a reply", o.Sent-o.Answered, o.Sent, o.Longest.Milliseconds())
}

// Watch starts to ping the address. Stop it.
func (s *Station) Watch(target netip.Addr, every time.Duration) *Watch {
	ctx, cancel := context.WithCancel(context.Background())
	watch := &Watch{cancel: cancel, stopped: make(chan struct{})}
	go watch.run(ctx, s, target, every)
	return watch
}

// Stop waits for the last replies and returns what was seen.
func (w *Watch) Stop() Outage {
	w.cancel()
	<-w.stopped
	return w.seen
}

func (w *Watch) run(ctx context.Context, station *Station, target netip.Addr, every time.Duration) {
	defer close(w.stopped)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	var requests sync.WaitGroup
	defer requests.Wait()
	last := time.Now()
	for {
		requests.Go(func() {
			sent := time.Now()
			// A request that is on its way when the watch ends may still be answered.
			answered := station.ask(context.WithoutCancel(ctx), target)
			w.mutex.Lock()
			defer w.mutex.Unlock()
			w.seen.Sent++
			if answered {
				w.seen.Answered++
				if sent.After(last) {
					w.seen.Longest = max(w.seen.Longest, sent.Sub(last))
					last = sent
				}
			}
		})
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
