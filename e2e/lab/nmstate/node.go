// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/novasphere/wukong/e2e/lab/nmstate/host"
)

// Node is one node: its network, its handler and the script that the handler follows. All methods are safe for
// concurrent use.
type Node struct {
	name   string
	spec   NodeSpec
	actor  *Actor
	script *script

	// lifecycle serialises what starts and stops the handler, reporting the writers of the NodeNetworkState; mu guards
	// the fields below it.
	lifecycle sync.Mutex
	reporting sync.Mutex
	mu        sync.Mutex
	uid       types.UID
	labels    map[string]string
	state     host.State
	ready     bool
	wanted    bool
	handler   *handler
	// done remembers what the handler has finished with, for as long as its process lives.
	done map[string]policyVersion
	// relabels counts the changes of the node's labels.
	relabels int
}

// policyVersion tells one content of a policy, under one set of labels of the node, from every other.
type policyVersion struct {
	uid        types.UID
	generation int64
	relabels   int
}

func newNode(actor *Actor, spec NodeSpec, ordinal int) *Node {
	address, gateway := spec.Address, "10.0.0.1"
	if address == "" {
		address = fmt.Sprintf("10.0.%d.%d/16", ordinal/200, 10+ordinal%200)
	}
	free := spec.FreeNICs
	if free == nil {
		free = FreeNICs()
	}
	return &Node{
		name:   spec.Name,
		spec:   spec,
		actor:  actor,
		script: newScript(),
		state:  host.New(ManagementNIC, address, gateway, free...),
		ready:  !spec.NotReady,
		wanted: !spec.WithoutHandler,
		done:   map[string]policyVersion{},
	}
}

// Name is the name of the node.
func (n *Node) Name() string {
	return n.name
}

// State is a copy of the node's network.
func (n *Node) State() host.State {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.state.Clone()
}

// Interfaces are the node's links sorted by name, as the kernel has them: what a test compares with what was asked for.
func (n *Node) Interfaces() []host.Interface {
	return n.State().List()
}

// Interface returns one link of the node, and whether it is there.
func (n *Node) Interface(name string) (host.Interface, bool) {
	link, exists := n.State().Interfaces[name]
	return link, exists
}

// Bridge returns a Linux or Open vSwitch bridge of the node, and whether it is there.
func (n *Node) Bridge(name string) (host.Interface, bool) {
	link, exists := n.Interface(name)
	if !exists || link.Type != host.TypeLinuxBridge && link.Type != host.TypeOVSBridge {
		return host.Interface{}, false
	}
	return link, true
}

// Unplug takes a link off the node by hand and reports it.
func (n *Node) Unplug(name string) error {
	return n.edit(func(state host.State) host.State { return state.WithoutInterface(name) })
}

// Reconfigure changes the node's network by hand, in more than one link or in its routes, and reports it.
func (n *Node) Reconfigure(change func(host.State) host.State) error {
	return n.edit(change)
}

// edit changes the network outside of any policy and lets the handler, if it runs, report the result.
func (n *Node) edit(change func(host.State) host.State) error {
	// Not while the handler is being started, which reports the node first.
	n.lifecycle.Lock()
	defer n.lifecycle.Unlock()
	n.mu.Lock()
	n.state = change(n.state.Clone())
	running := n.handler != nil
	n.mu.Unlock()
	if !running {
		return nil
	}
	return n.report(n.actor.ctx)
}

// enqueue asks the handler, if one runs, to look at a policy.
func (n *Node) enqueue(policy string) {
	n.mu.Lock()
	h := n.handler
	n.mu.Unlock()
	if h != nil {
		h.queue.Add(policy)
	}
}

// relabelled makes the handler go through every policy again when the labels of its node changed, as upstream does.
func (n *Node) relabelled(labels map[string]string) {
	n.mu.Lock()
	same := n.labels == nil || maps.Equal(n.labels, labels)
	n.labels = maps.Clone(labels)
	if !same {
		n.relabels++
	}
	h := n.handler
	n.mu.Unlock()
	if !same && h != nil {
		h.enqueueAll(n.actor.ctx)
	}
}

// version is what the handler is about to deal with. It is taken before the node is read, so that labels that change
// meanwhile make it another version.
func (n *Node) version(policy *nmstatev1.NodeNetworkConfigurationPolicy) policyVersion {
	n.mu.Lock()
	defer n.mu.Unlock()
	return policyVersion{uid: policy.UID, generation: policy.Generation, relabels: n.relabels}
}

// finished reports whether the handler is done with this content of a policy.
func (n *Node) finished(policy string, version policyVersion) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.done[policy] == version
}

func (n *Node) finish(policy string, version policyVersion) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.done[policy] = version
}

func (n *Node) forget(policy string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.done, policy)
}

// known lists the policies that the handler remembers.
func (n *Node) known() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Sorted(maps.Keys(n.done))
}
