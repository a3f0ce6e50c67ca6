// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"cmp"
	"slices"
	"strings"
	"time"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/nodenet/hostnet"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// Role is what a policy of ours is for.
type Role string

const (
	// RoleBridge makes a bridge, and removes it when TeardownSince is set.
	RoleBridge Role = "Bridge"
	// RoleRestore removes a bridge and gives a host's address back to its NIC.
	RoleRestore Role = "Restore"
	// RoleCleanup removes a bridge from one node that left the bridge's nodes.
	RoleCleanup Role = "Cleanup"
)

// Policy is a NodeNetworkConfigurationPolicy of ours.
type Policy struct {
	// Name is the policy's name.
	Name string
	// Role is what it is for.
	Role Role
	// Node is the node of a cleanup.
	Node string
	// Generation is the policy's generation.
	Generation int64
	// Created is the policy's creation time.
	Created time.Time
	// Bridge is what the policy configures, or removes.
	Bridge nncp.Bridge
	// Attempt is how often it was written only to be tried again.
	Attempt int
	// LastGood is the bridge as it last worked on every node, nil when there was no change since the first write.
	LastGood *nncp.Bridge
	// Refused is a change that failed and was taken back, nil for none, and RefusedBecause what NMState said.
	Refused        *nncp.Bridge
	RefusedBecause string
	// TeardownSince is the time at which the policy began to remove the bridge, zero while it makes it.
	TeardownSince time.Time
	// AcceptsUpdate tells whether NMState's admission lets the spec change now.
	AcceptsUpdate bool
	// Deleting tells whether the policy is being deleted.
	Deleting bool
	// Enactments are what NMState reports for the policy, one for each node at most.
	Enactments []Enactment
}

// removes reports whether the policy removes a bridge rather than make it.
func (p *Policy) removes() bool {
	return p.Role != RoleBridge || !p.TeardownSince.IsZero()
}

// Enactment is what NMState reports of one policy on one node.
type Enactment struct {
	// Node is the node's name.
	Node string
	// Generation is the policy's generation that the report is about.
	Generation int64
	// State is how far the node is.
	State vmv1alpha1.NodeState
	// Since is the time at which the node came into that state.
	Since time.Time
	// Message holds NMState's words when something failed.
	Message string
}

// Foreign is a policy of somebody else.
type Foreign struct {
	// Name is the policy's name.
	Name string
	// NodeSelector selects its nodes.
	NodeSelector map[string]string
	// Intent is what it configures.
	Intent hostnet.Intent
}

// Node is one node of the cluster.
type Node struct {
	// Name is the node's name.
	Name string
	// Labels are the node's labels.
	Labels map[string]string
	// Ready tells whether Kubernetes reports the node as ready.
	Ready bool
	// Handler tells whether a kubernetes-nmstate handler runs on the node.
	Handler bool
	// HostsMachines tells whether KubeVirt runs machines on the node.
	HostsMachines bool
	// Host is its network with its own addresses, nil while NMState has not reported it.
	Host *hostnet.Node
}

// matches reports whether a policy's node selector selects the node.
func (n *Node) matches(selector map[string]string) bool {
	for key, value := range selector {
		if actual, ok := n.Labels[key]; !ok || actual != value {
			return false
		}
	}
	return true
}

// hostnameLabel is the label that the scheduler's affinity goes by.
const hostnameLabel = "kubernetes.io/hostname"

// hostname returns the node's hostname label where it differs from its name, else nothing.
func (n *Node) hostname() string {
	if hostname := n.Labels[hostnameLabel]; hostname != n.Name {
		return hostname
	}
	return ""
}

// sortPolicies orders policies by role, group and name.
func sortPolicies(policies []*Policy) {
	slices.SortFunc(policies, func(a, b *Policy) int {
		return cmp.Or(
			strings.Compare(string(a.Role), string(b.Role)),
			strings.Compare(a.Bridge.NodeGroup, b.Bridge.NodeGroup),
			strings.Compare(a.Name, b.Name),
		)
	})
}
