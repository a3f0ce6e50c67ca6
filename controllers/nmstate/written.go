// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"sync"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
)

// written remembers the policies that were made and that the cache does not show yet. Without it two bridges could be
// given one NIC and VLAN in the same moment.
type written struct {
	mu   sync.Mutex
	made map[string]*nmstatev1.NodeNetworkConfigurationPolicy
}

// add notes a policy that was made.
func (w *written) add(policy *nmstatev1.NodeNetworkConfigurationPolicy) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.made == nil {
		w.made = map[string]*nmstatev1.NodeNetworkConfigurationPolicy{}
	}
	w.made[policy.Name] = policy
}

// forget drops a policy that was deleted.
func (w *written) forget(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.made, name)
}

// overlay returns the cached policies and those that are not among them yet. What the cache has shown once is forgotten.
func (w *written) overlay(cached []nmstatev1.NodeNetworkConfigurationPolicy) []*nmstatev1.NodeNetworkConfigurationPolicy {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make([]*nmstatev1.NodeNetworkConfigurationPolicy, 0, len(cached)+len(w.made))
	for i := range cached {
		all = append(all, &cached[i])
		delete(w.made, cached[i].Name)
	}
	for _, policy := range w.made {
		all = append(all, policy)
	}
	return all
}
