// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"errors"
	"fmt"

	"github.com/nmstate/kubernetes-nmstate/api/shared"
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	"sigs.k8s.io/yaml"

	"github.com/novasphere/wukong/e2e/lab/nmstate/host"
)

// fillIn writes what this policy means for this node into its enactment. A new generation starts without conditions
// (upstream since v0.86), so that nobody takes the last generation's verdict for this one's.
func (n *Node) fillIn(ctx context.Context, policy *nmstatev1.NodeNetworkConfigurationPolicy, e *enactment) error {
	if e.Status.PolicyGeneration != policy.Generation {
		e.Status.Conditions = shared.ConditionList{}
	}
	e.Status.PolicyGeneration = policy.Generation
	desired, captured, unresolved := render(policy.Spec, n.State(), e.Status.CapturedStates)
	if unresolved == nil {
		e.Status.DesiredState, e.Status.CapturedStates = desired, captured
	}
	return errors.Join(unresolved, n.writeEnactment(ctx, e))
}

type captures = map[string]shared.NodeNetworkConfigurationEnactmentCapturedState

// render resolves captures against the node and adds the default VLAN filters.
func render(
	spec shared.NodeNetworkConfigurationPolicySpec, node host.State, cached captures,
) (shared.State, captures, error) {
	var document map[string]any
	if err := yaml.Unmarshal(spec.DesiredState.Raw, &document); err != nil {
		return shared.State{}, nil, fmt.Errorf("read the desired state: %w", err)
	}
	if len(document) == 0 {
		return shared.State{}, cached, nil
	}
	known, err := decode(cached)
	if err != nil {
		return shared.State{}, nil, err
	}
	values, err := host.Capture(node.Show(), spec.Capture, known)
	if err != nil {
		return shared.State{}, nil, err
	}
	rendered, err := host.Render(document, values)
	if err != nil {
		return shared.State{}, nil, err
	}
	resolved, isObject := rendered.(map[string]any)
	if !isObject {
		return shared.State{}, nil, errors.New("the desired state is not an object")
	}
	withTrunks(resolved)
	state, err := encode(resolved)
	if err != nil {
		return shared.State{}, nil, err
	}
	fresh, err := encodeAll(values)
	return state, fresh, err
}

func decode(cached captures) (map[string]any, error) {
	known := make(map[string]any, len(cached))
	for name, capture := range cached {
		var value map[string]any
		if err := yaml.Unmarshal(capture.State.Raw, &value); err != nil {
			return nil, fmt.Errorf("read the cached capture %s: %w", name, err)
		}
		known[name] = value
	}
	return known, nil
}

func encodeAll(values map[string]any) (captures, error) {
	if len(values) == 0 {
		return nil, nil
	}
	encoded := make(captures, len(values))
	for name, value := range values {
		state, err := encode(value)
		if err != nil {
			return nil, err
		}
		encoded[name] = shared.NodeNetworkConfigurationEnactmentCapturedState{State: state}
	}
	return encoded, nil
}

func encode(value any) (shared.State, error) {
	raw, err := yaml.Marshal(value)
	if err != nil {
		return shared.State{}, fmt.Errorf("write a state: %w", err)
	}
	return shared.State{Raw: raw}, nil
}
