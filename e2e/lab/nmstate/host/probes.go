// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import "fmt"

// UnreachableError says that a change was rolled back because the node could not be reached with it.
type UnreachableError struct {
	// Probe is the name of the first probe that failed.
	Probe string
}

// Error reads as kubernetes-nmstate v0.86 writes it, its typing error included: people search for that text.
func (e *UnreachableError) Error() string {
	return fmt.Sprintf("rolling back desired state configuration: failed runnig probes after network changes: "+
		"failed runnig probe '%s' with after network reconfiguration: context deadline exceeded", e.Probe)
}

// probe asks what kubernetes-nmstate asks after each change: is the default gateway still there, and does the API
// server reach the node. What did not work before is not asked for (kubernetes-nmstate, pkg/probe/probes.go).
func probe(before, after State) error {
	if before.DefaultRouteInterface() != "" && after.DefaultRouteInterface() == "" {
		return &UnreachableError{Probe: "ping"}
	}
	if before.holds(before.Address) && !after.holds(before.Address) {
		return &UnreachableError{Probe: "api-server"}
	}
	return nil
}
