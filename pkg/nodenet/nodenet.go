// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package nodenet plans the nodes' network: which policies are to exist, and what each claim on a bridge is told. It
// is pure: what was observed in, a plan out, the same for the same observations in any order.
//
// A plan has two stages. First it is decided for all claims together who may have what (allocate.go): the fence of
// the WukongUplinks, quotas, one set of parameters for a bridge, one bridge for a NIC and VLAN. Then, for each bridge,
// what has to be done on its nodes (plan.go): preflight, adoption, the first write, changes, retries, teardown.
package nodenet

import (
	"time"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// World is all that a plan depends on.
type World struct {
	// NMStateServed tells whether the cluster serves NMState's API.
	NMStateServed bool
	// Claims are all claims of the cluster.
	Claims []Claim
	// Parents are the macvlans and ipvlans, which take a NIC without any node configuration.
	Parents []Parent
	// Uplinks are all WukongUplinks.
	Uplinks []*vmv1alpha1.WukongUplink
	// Policies are our policies.
	Policies []Policy
	// Foreign are everybody else's policies.
	Foreign []Foreign
	// Nodes are the cluster's nodes.
	Nodes []Node
	// Offline tells that there is no cluster to look at: nothing is checked on nodes.
	Offline bool
	// Now is the time of the observation.
	Now time.Time
	// Deadlines bound waits.
	Deadlines Deadlines
}

// Deadlines bound waits that nothing else would end. The zero value waits for nothing.
type Deadlines struct {
	// Unreachable is how long the removal of a bridge waits for a node that is not ready or has no NMState handler.
	Unreachable time.Duration
	// Slow is how long it waits for a node whose handler does not finish.
	Slow time.Duration
	// Retry is how long after NMState gave up a policy is tried again for the first time; the time doubles with each
	// attempt, up to RetryMost. 0 tries nothing again.
	Retry, RetryMost time.Duration
	// Drift is how long a node may lack, in NMState's report of it, the bridge that NMState says it made, before it is
	// made again. 0 trusts what NMState says.
	Drift time.Duration
}

// Plan is what is to be done.
type Plan struct {
	// Bridges are the decisions by the bridges' names.
	Bridges map[string]Decision
	// Uplinks are what the WukongUplinks are told, by name.
	Uplinks map[string]UplinkReport
}

// Make returns the plan for everything.
func Make(w World) Plan {
	p := newPlanner(w)
	plan := Plan{Bridges: map[string]Decision{}, Uplinks: map[string]UplinkReport{}}
	for _, name := range p.bridgeNames() {
		plan.Bridges[name] = p.decide(name)
	}
	for _, uplink := range p.uplinks {
		plan.Uplinks[uplink.Name] = p.report(uplink)
	}
	return plan
}

// Decide returns the part of the plan that is about one bridge. What it depends on elsewhere is decided alike in each
// bridge's part, so that the parts fit together.
func Decide(w World, bridge string) Decision {
	return newPlanner(w).decide(bridge)
}

// Report returns the part of the plan that is about one WukongUplink, and false when there is none of that name.
func Report(w World, uplink string) (UplinkReport, bool) {
	p := newPlanner(w)
	for _, candidate := range p.uplinks {
		if candidate.Name == uplink {
			return p.report(candidate), true
		}
	}
	return UplinkReport{}, false
}
