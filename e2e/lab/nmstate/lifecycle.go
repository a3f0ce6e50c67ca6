// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// settlePause is how long a node waits before it tries again to become what it should be: the namespace of its pod may
// still be on its way out when NMState is installed again.
const settlePause = 200 * time.Millisecond

// settleSoon settles a node in the background and does not give up while the actor lives.
func (n *Node) settleSoon(ctx context.Context) {
	retry := time.NewTicker(settlePause)
	defer retry.Stop()
	for {
		err := n.settle()
		if err == nil {
			return
		}
		n.actor.complain(err, "Following the definitions", "node", n.name)
		select {
		case <-ctx.Done():
			return
		case <-retry.C:
		}
	}
}

// settle makes the handler of a node be what it should: there if NMState is installed and the node is to have one,
// awake if the node is ready as well. It may be called at any time and does nothing when nothing changed.
func (n *Node) settle() error {
	n.lifecycle.Lock()
	defer n.lifecycle.Unlock()

	n.mu.Lock()
	present := n.wanted && n.actor.installed()
	awake := present && n.ready
	running := n.handler != nil
	n.mu.Unlock()

	if !awake && running {
		n.halt()
	}
	if !present {
		n.forgetAll()
		return n.deletePod(n.actor.ctx)
	}
	if err := n.createPod(n.actor.ctx); err != nil {
		return err
	}
	if awake && !running {
		return n.begin()
	}
	return nil
}

// begin starts the handler: the node reports itself, enactments of policies that went meanwhile are withdrawn, and
// every policy is taken up.
func (n *Node) begin() error {
	ctx := n.actor.ctx
	if err := errors.Join(n.report(ctx), n.dropOrphans(ctx)); err != nil {
		return fmt.Errorf("start the handler on %s: %w", n.name, err)
	}
	h := newHandler(n)
	n.mu.Lock()
	n.handler = h
	n.mu.Unlock()
	h.start(ctx)
	h.enqueueAll(ctx)
	return nil
}

// halt stops the handler, if one runs, and waits for it.
func (n *Node) halt() {
	n.mu.Lock()
	h := n.handler
	n.handler = nil
	n.mu.Unlock()
	if h != nil {
		h.stop()
	}
}

func (n *Node) forgetAll() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.done)
}
