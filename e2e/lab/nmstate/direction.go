// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import "time"

// FailWith makes every attempt on this node fail with a message of nmstate, until Succeed. A policy then goes through
// its attempts as Retrying and ends as FailedToConfigure (kubernetes-nmstate, controllers/handler).
func (n *Node) FailWith(message string) {
	n.script.fail(message, -1)
}

// FailTimes makes the next attempts on this node, counted over all policies, fail with a message of nmstate.
func (n *Node) FailTimes(times int, message string) {
	n.script.fail(message, max(times, 0))
}

// Succeed takes back FailWith, FailTimes, Hold and Slow. What has failed for good stays failed until its policy changes.
func (n *Node) Succeed() {
	n.script.fail("", 0)
	n.script.slow(0)
	n.script.release()
}

// Hold keeps attempts on this node in progress until Release. An attempt that is already under way is not held.
func (n *Node) Hold() {
	n.script.hold()
}

// Release lets held attempts go on.
func (n *Node) Release() {
	n.script.release()
}

// Slow makes each attempt on this node take longer by the given time; zero ends that.
func (n *Node) Slow(delay time.Duration) {
	n.script.slow(delay)
}

// SetReady sets the Ready condition of the Node. The handler of a node that is not ready is silent: it neither applies
// policies nor withdraws enactments; ready again, it goes on where it was.
func (n *Node) SetReady(ready bool) error {
	n.mu.Lock()
	n.ready = ready
	n.mu.Unlock()
	if err := n.writeReadiness(n.actor.ctx, ready); err != nil {
		return err
	}
	return n.settle()
}

// RemoveHandler deletes the handler's pod and silences the node. Its enactments and its NodeNetworkState stay, as they
// do upstream.
func (n *Node) RemoveHandler() error {
	return n.removeHandler()
}

// AddHandler starts a handler on a node that has none. Like any new handler it goes through all policies.
func (n *Node) AddHandler() error {
	n.mu.Lock()
	n.wanted = true
	n.mu.Unlock()
	return n.settle()
}

// RestartHandler replaces the handler's pod. The new one resets the conditions of each policy to Unknown and applies it
// again (kubernetes-nmstate, pkg/policyconditions), except where this node has used up its attempts for the policy's generation.
func (n *Node) RestartHandler() error {
	if err := n.RemoveHandler(); err != nil {
		return err
	}
	return n.AddHandler()
}

func (n *Node) removeHandler() error {
	n.mu.Lock()
	n.wanted = false
	n.mu.Unlock()
	return n.settle()
}
