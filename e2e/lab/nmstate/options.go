// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"fmt"
	"time"

	"github.com/go-logr/logr"
)

// Defaults for Options.
const (
	// DefaultRetryDelay is the pause between the attempts of a failing apply; upstream's grows from 1 to 30 seconds.
	DefaultRetryDelay = 50 * time.Millisecond
	// ManagementNIC carries the node's address and default route on every node that does not say otherwise.
	ManagementNIC = "eno1"
)

// Attempts is how often a handler tries one generation of a policy (kubernetes-nmstate, controllers/handler).
const Attempts = 5

// FreeNICs are the NICs that a node has for policies to use, when it does not say otherwise. The last one is so long
// that its VLAN interfaces need a name of their own.
func FreeNICs() []string {
	return []string{"ens160", "ens161", "enp175s0f0np0"}
}

// Options say what the actor starts with.
type Options struct {
	// Nodes to create at start; nil means node-1, node-2 and node-3, and an empty list none.
	Nodes []NodeSpec
	// StepDelay is how long one apply takes on a node.
	StepDelay time.Duration
	// RetryDelay is the pause between the attempts of a failing apply; zero means DefaultRetryDelay.
	RetryDelay time.Duration
	// Log receives what the actor could not do; the zero value drops it.
	Log logr.Logger
}

// NodeSpec describes one node.
type NodeSpec struct {
	Name string
	// Labels are added to those that every node has.
	Labels map[string]string
	// Address is the InternalIP in CIDR notation; empty means one derived from the order of creation.
	Address string
	// FreeNICs beside the management NIC; nil means those of the function FreeNICs.
	FreeNICs []string
	// WithoutHandler creates a node that NMState does not run on.
	WithoutHandler bool
	// NotReady creates a node whose kubelet does not answer.
	NotReady bool
}

func (o Options) withDefaults() Options {
	if o.Nodes == nil {
		for i := 1; i <= 3; i++ {
			o.Nodes = append(o.Nodes, NodeSpec{Name: fmt.Sprintf("node-%d", i)})
		}
	}
	if o.RetryDelay == 0 {
		o.RetryDelay = DefaultRetryDelay
	}
	if o.Log.GetSink() == nil {
		o.Log = logr.Discard()
	}
	return o
}
