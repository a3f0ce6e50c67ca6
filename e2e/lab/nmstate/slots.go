// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// defaultMaxUnavailable is used by a policy that does not say (kubernetes-nmstate, pkg/node/nodes.go).
const defaultMaxUnavailable = "50%"

// slots are the places of each policy for nodes that are changing at one time. A node that failed keeps its place, as
// upstream's counter does, so that failures stop a roll-out.
type slots struct {
	mu       sync.Mutex
	policies map[types.UID]*slotHolders
}

type slotHolders struct {
	generation int64
	nodes      map[string]bool
}

func newSlots() *slots {
	return &slots{policies: map[types.UID]*slotHolders{}}
}

// take gives a node a place unless all are taken; a node that has one keeps it.
func (s *slots) take(policy types.UID, generation int64, node string, limit int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	holders, ok := s.policies[policy]
	if !ok || holders.generation != generation {
		holders = &slotHolders{generation: generation, nodes: map[string]bool{}}
		s.policies[policy] = holders
	}
	if holders.nodes[node] {
		return true
	}
	if len(holders.nodes) >= limit {
		return false
	}
	holders.nodes[node] = true
	return true
}

// free gives the place of a node back.
func (s *slots) free(policy types.UID, node string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if holders, ok := s.policies[policy]; ok {
		delete(holders.nodes, node)
	}
}

// taken is how many nodes hold a place for a generation.
func (s *slots) taken(policy types.UID, generation int64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if holders, ok := s.policies[policy]; ok && holders.generation == generation {
		return len(holders.nodes)
	}
	return 0
}

// maxUnavailable scales the wish of a policy on its enactments, rounded up, never below one.
func maxUnavailable(wish *intstr.IntOrString, enactments int) int {
	fallback := intstr.FromString(defaultMaxUnavailable)
	if wish == nil {
		wish = &fallback
	}
	limit, err := intstr.GetScaledValueFromIntOrPercent(wish, enactments, true)
	if err != nil {
		limit, _ = intstr.GetScaledValueFromIntOrPercent(&fallback, enactments, true)
	}
	return max(limit, 1)
}
