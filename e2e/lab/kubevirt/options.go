// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"time"

	"github.com/go-logr/logr"
)

// MissingNetwork says what happens to an instance whose NetworkAttachmentDefinition does not exist.
type MissingNetwork int

const (
	// PendingForGood leaves the instance Pending even when the definition comes later: seen with KubeVirt 1.8.
	PendingForGood MissingNetwork = iota
	// WaitInPod creates the pod and leaves it without a sandbox until the definition is there: KubeVirt 1.9 with its
	// default feature gates (KubeVirt, pkg/virt-config/featuregate).
	WaitInPod
)

const (
	// DefaultAgentDelay is how long the guest agent takes to connect.
	DefaultAgentDelay = 20 * time.Millisecond
	// DefaultCrashBackoff is the pause before a crashed machine starts again; upstream's grows from 10 to 300 seconds.
	DefaultCrashBackoff = 300 * time.Millisecond
)

// Options say how the actor behaves for all machines.
type Options struct {
	// StepDelay is how long an instance stays in each phase on its way up and down.
	StepDelay time.Duration
	// AgentDelay is how long the guest agent takes to connect; zero means DefaultAgentDelay.
	AgentDelay time.Duration
	// CrashBackoff is the pause before a crashed machine starts again; zero means DefaultCrashBackoff.
	CrashBackoff time.Duration
	// NodesOnly plays nodes alone, beside a virt-api and a virt-controller that are the real ones.
	NodesOnly bool
	// MissingNetwork says what a missing NetworkAttachmentDefinition does.
	MissingNetwork MissingNetwork
	// DynamicNetworks lets links be plugged into running pods, as Multus does with its dynamic-networks-controller. Without
	// it a NIC is plugged, and its link unplugged, by a migration, which nobody starts but MigrateVM: what migrates by
	// itself is up to the KubeVirt object's workload update methods, and by default nothing does.
	DynamicNetworks bool
	// WithoutAgent starts every guest without an agent, unless its script says otherwise.
	WithoutAgent bool
	// Log receives what the actor could not do; the zero value drops it.
	Log logr.Logger
}

func (o Options) withDefaults() Options {
	if o.AgentDelay == 0 {
		o.AgentDelay = DefaultAgentDelay
	}
	if o.CrashBackoff == 0 {
		o.CrashBackoff = DefaultCrashBackoff
	}
	if o.Log.GetSink() == nil {
		o.Log = logr.Discard()
	}
	return o
}
