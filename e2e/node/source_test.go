// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2enode

package node

import (
	"encoding/json"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	"sigs.k8s.io/yaml"
)

// policySource is a policy as nmstatectl reads it: what is in the spec of kubernetes-nmstate's policy, and no more.
type policySource struct {
	Capture      map[string]string `json:"capture,omitempty"`
	DesiredState json.RawMessage   `json:"desiredState"`
}

func sourceOf(policy *nmstatev1.NodeNetworkConfigurationPolicy) ([]byte, error) {
	state, err := yaml.YAMLToJSON(policy.Spec.DesiredState.Raw)
	if err != nil {
		return nil, err
	}
	return json.Marshal(policySource{Capture: policy.Spec.Capture, DesiredState: state})
}
