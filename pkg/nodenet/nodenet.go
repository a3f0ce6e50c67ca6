// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package nodenet decides what happens to one bridge of the nodes: which policy is to exist, and what each
// claim on the bridge is told. It is pure: what was observed in, a decision out, the same for the same
// observations in any order.
package nodenet

import (
	"time"

	"k8s.io/apimachinery/pkg/types"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// Observed is all that a decision about one bridge depends on.
type Observed struct {
	// BridgeName is the bridge's name on the nodes.
	BridgeName string
	// NMStateServed tells whether the cluster serves NMState's API.
	NMStateServed bool
	// Claims are all claims on the bridge.
	Claims []Claim
	// Rivals are the claims on other bridges that name the same NIC and VLAN as a claim on this one.
	Rivals []Claim
	// Policy is our policy for the bridge, nil when there is none.
	Policy *Policy
	// Enactments are what NMState reports for the policy, one for each node at most.
	Enactments []Enactment
	// Nodes are the cluster's nodes.
	Nodes []Node
	// Now is the time of the observation.
	Now time.Time
	// Deadlines bound the wait for nodes that do not answer.
	Deadlines Deadlines
}

// Deadlines bound how long a bridge that nobody claims any more waits for a node before it is left there.
type Deadlines struct {
	// Unreachable is for nodes that are not ready or have no NMState handler.
	Unreachable time.Duration
	// Slow is for nodes whose handler does not finish.
	Slow time.Duration
}

// Claim is one WukongNodeBridge.
type Claim struct {
	// Key is the claim's namespace and name.
	Key types.NamespacedName
	// Owner identifies the Wukong that the claim was made for.
	Owner string
	// Created is the claim's creation time; the oldest claim wins a conflict.
	Created time.Time
	// DeletedAt is the time of the claim's deletion, zero while it lives.
	DeletedAt time.Time
	// UsedBy names a machine or pod that is attached to the bridge through this claim, empty for none.
	UsedBy string
	// Bridge is what the claim asks for.
	Bridge nncp.Bridge
}

// leaving reports whether the claim is deleted and nothing is attached through it any more.
func (c Claim) leaving() bool {
	return !c.DeletedAt.IsZero() && c.UsedBy == ""
}

// before orders claims by age, and by name where they are equally old.
func (c Claim) before(other Claim) int {
	if order := c.Created.Compare(other.Created); order != 0 {
		return order
	}
	if c.Key.String() < other.Key.String() {
		return -1
	}
	if c.Key.String() > other.Key.String() {
		return 1
	}
	return 0
}

// Policy is our NodeNetworkConfigurationPolicy of the bridge.
type Policy struct {
	// Name is the policy's name.
	Name string
	// Generation is the policy's generation.
	Generation int64
	// Bridge is what the policy configures, or removes.
	Bridge nncp.Bridge
	// TeardownSince is the time at which the policy began to remove the bridge, zero while it makes it.
	TeardownSince time.Time
	// AcceptsUpdate tells whether NMState's admission lets the spec change now.
	AcceptsUpdate bool
	// Deleting tells whether the policy is being deleted.
	Deleting bool
}

// Enactment is what NMState reports of one policy on one node.
type Enactment struct {
	// Node is the node's name.
	Node string
	// Generation is the policy's generation that the report is about.
	Generation int64
	// State is how far the node is.
	State vmv1alpha1.NodeState
	// Message holds NMState's words when something failed.
	Message string
}

// Node is one node of the cluster.
type Node struct {
	// Name is the node's name.
	Name string
	// Ready tells whether Kubernetes reports the node as ready.
	Ready bool
	// Handler tells whether a kubernetes-nmstate handler runs on the node.
	Handler bool
	// HostsMachines tells whether KubeVirt runs machines on the node.
	HostsMachines bool
}

// Decision is what is to be done about one bridge.
type Decision struct {
	// Present is the bridge that a policy has to make, nil when no policy is wanted now.
	Present *nncp.Bridge
	// FirstClaim names the claim after which a new policy is named.
	FirstClaim types.NamespacedName
	// Absent is the bridge that the existing policy has to remove, nil when there is nothing to remove.
	Absent *nncp.Bridge
	// DeletePolicy tells that the existing policy is to be deleted.
	DeletePolicy bool
	// LeftBehind are the nodes on which the bridge stays when the policy is deleted, and why.
	LeftBehind []NodeResult
	// Verdicts say for each claim what it is told. A claim that is to be released has Release set.
	Verdicts map[types.NamespacedName]Verdict
	// RecheckAfter is the time until a deadline, 0 when none runs.
	RecheckAfter time.Duration
}

// NodeResult is the state of the bridge on one node.
type NodeResult struct {
	// Name is the node's name.
	Name string
	// State is how far the node is.
	State vmv1alpha1.NodeState
	// Message holds NMState's words when something failed.
	Message string
}
