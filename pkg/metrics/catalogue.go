// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

// Labels that several metrics have.
var (
	labelReason = Label{"reason", "a reason of the page on conditions"}
	labelStatus = Label{"status", "`True`, `False` or `Unknown`"}
	labelBridge = Label{"bridge", "a bridge's name on the nodes"}
	labelState  = Label{"state", "a state of a node, of the page on conditions"}
)

var buildInfo = Metric{
	Name: "wukong_build_info", Type: Gauge, Help: "Always 1; the labels tell what runs.",
	Labels: []Label{{"version", "the manager's version"}, {"goversion", "the Go version it was built with"}},
}

// What is read from the cache at each scrape.
var (
	wukongs = Metric{
		Name: "wukong_wukongs", Type: Gauge,
		Help: "Wukongs by what a condition says of them. Each one counts once for each condition; " +
			"where it has not been reported for the present generation, with status Unknown and reason NotReported.",
		Labels: []Label{{"condition", "a condition of Wukongs"}, labelStatus, {"reason", labelReason.Values + ", or `NotReported`"}},
	}
	notReadySince = Metric{
		Name: "wukong_not_ready_since_timestamp_seconds", Type: Gauge,
		Help:   "When the Wukong became not ready that has been so for longest, of those with this status and reason of Ready.",
		Labels: []Label{{"status", "`False` or `Unknown`"}, {"reason", labelReason.Values + ", or `NotReported`"}},
	}
	deletingSince = Metric{
		Name: "wukong_deleting_since_timestamp_seconds", Type: Gauge,
		Help:   "When the object was deleted that has been waiting for longest to go, of those of this kind.",
		Labels: []Label{{"kind", "`Wukong`, `WukongNetwork` or `WukongNodeBridge`"}},
	}
	bridgeClaims = Metric{
		Name: "wukong_bridge_claims", Type: Gauge, Help: "Claims on a bridge, refused ones included.", Labels: []Label{labelBridge},
	}
	bridgeNodes = Metric{
		Name: "wukong_bridge_nodes", Type: Gauge, Help: "Nodes by how far they are with a bridge.", Labels: []Label{labelBridge, labelState},
	}
	nodeBridges = Metric{
		Name: "wukong_node_bridges", Type: Gauge, Help: "Bridges by how far a node is with them.", Labels: []Label{{"node", "a node's name"}, labelState},
	}
	conflicts = Metric{
		Name: "wukong_conflicts", Type: Gauge,
		Help:   "Objects that do not get what somebody else has: a bridge, a NIC, a VLAN or a name. Addresses have a metric of their own.",
		Labels: []Label{labelReason},
	}
	refusals = Metric{
		Name: "wukong_refusals", Type: Gauge,
		Help:   "Objects that do not get what a rule of the platform team, a node or the API server refuses.",
		Labels: []Label{labelReason},
	}
	addressDuplicates = Metric{
		Name: "wukong_address_duplicates", Type: Gauge,
		Help:   "Networks that do not get an address because it is taken on their segment.",
		Labels: []Label{{"type", "`ip` or `mac`"}},
	}
)

// What the process counts.
var (
	timeToCondition = Metric{
		Name: "wukong_time_to_condition_seconds", Type: Histogram,
		Help:   "Time from a Wukong's creation to the first time that a condition of it became True.",
		Labels: []Label{{"condition", "a condition of Wukongs, without `RestartRequired`"}},
	}
	policyRetries = Metric{
		Name: "wukong_policy_retries_total", Type: Counter,
		Help: "Policies that were written once more because NMState gave up on a node.",
	}
	leftBehind = Metric{
		Name: "wukong_bridges_left_behind_total", Type: Counter,
		Help: "Bridges that were left on a node because it did not remove them in time; an event names each.",
	}
	writes = Metric{
		Name: "wukong_writes_total", Type: Counter,
		Help: "Writes to the API server, without events, reviews of rights and the leader's lease. A settled cluster is not written to.",
		Labels: []Label{
			{"kind", "the kind of what was written"},
			{"subresource", "`status`, or empty for the object itself"},
			{"verb", "`create`, `apply`, `update`, `patch` or `delete`"},
			{"result", "`OK`, or why it was refused in the API server's word, such as `Conflict`; `Error` in any other"},
		},
	}
)

// All returns every metric of the manager that is Wukong's own.
func All() []Metric {
	return []Metric{
		buildInfo,
		wukongs, notReadySince, deletingSince, bridgeClaims, bridgeNodes, nodeBridges, conflicts, refusals, addressDuplicates,
		timeToCondition, policyRetries, leftBehind, writes,
	}
}
