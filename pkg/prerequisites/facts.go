// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package prerequisites

import "time"

// Facts are what was seen of a cluster.
type Facts struct {
	// Kubernetes is the API server's version, for example v1.36.3.
	Kubernetes string
	// Definitions are Wukong's own CustomResourceDefinitions.
	Definitions []Definition
	// Denied are the permissions that the manager should have and has not, for example "patch secrets".
	Denied []string
	// Leader is the lease of the manager that works; nil when there is none.
	Leader *Lease
	// KubeVirt, Multus, NMState and CDI are the systems below.
	KubeVirt, Multus, NMState, CDI System
	// Unreported are the nodes of which NMState tells nothing.
	Unreported []string
}

// Definition is one of Wukong's CustomResourceDefinitions.
type Definition struct {
	// Name is its name, for example wukongs.vm.novasphere.dev.
	Name string
	// Installed and Established are what the cluster says of it, and Current whether it is this version's.
	Installed, Established, Current bool
}

// Lease is the lease of a leader.
type Lease struct {
	// Holder is the manager that holds it.
	Holder string
	// Age is how long ago it was renewed, and Duration for how long a renewal holds.
	Age, Duration time.Duration
}

// System is a system below Wukong.
type System struct {
	// Served tells whether the kinds that Wukong uses are there.
	Served bool
	// Version and Phase are what it says of itself, empty when it says nothing.
	Version, Phase string
}
