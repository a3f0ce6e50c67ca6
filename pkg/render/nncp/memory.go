// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nncp

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

const (
	// AnnotationLastGood holds, on a policy that was changed, the Bridge that last worked on every node, as JSON.
	AnnotationLastGood = "vm.novasphere.dev/last-good"
	// AnnotationRefused holds, on a policy, the Bridge of a change that failed and was taken back, as JSON.
	AnnotationRefused = "vm.novasphere.dev/refused"
	// AnnotationRefusedBecause holds NMState's words about that change.
	AnnotationRefusedBecause = "vm.novasphere.dev/refused-because"
	// AnnotationRestores marks a policy that gives a host's address back to its NIC.
	AnnotationRestores = "vm.novasphere.dev/restores-host-ip"
)

// Memory is what a policy has to remember beside the bridge it makes, for whoever looks at it next.
type Memory struct {
	// LastGood is the bridge as it last worked on every node, nil when the policy was never changed.
	LastGood *Bridge
	// Refused is a change that failed and was taken back, nil for none, and RefusedBecause NMState's words about it.
	Refused        *Bridge
	RefusedBecause string
	// TeardownSince is the time at which the policy began to remove the bridge, zero while it makes it.
	TeardownSince time.Time
	// CleanupOf is the one node that the policy is about, empty for none.
	CleanupOf string
	// Restores tells that the policy gives a host's address back to its NIC.
	Restores bool
}

// Remember writes the memory onto a policy. The error is that of marshalling.
func Remember(policy *nmstatev1.NodeNetworkConfigurationPolicy, memory Memory) error {
	for annotation, bridge := range map[string]*Bridge{AnnotationLastGood: memory.LastGood, AnnotationRefused: memory.Refused} {
		if bridge == nil {
			continue
		}
		text, err := json.Marshal(bridge)
		if err != nil {
			return fmt.Errorf("marshalling bridge %s: %w", bridge.Name, err)
		}
		policy.Annotations[annotation] = string(text)
	}
	if memory.RefusedBecause != "" {
		policy.Annotations[AnnotationRefusedBecause] = memory.RefusedBecause
	}
	if !memory.TeardownSince.IsZero() {
		policy.Annotations[vmv1alpha1.AnnotationTeardownSince] = memory.TeardownSince.UTC().Format(time.RFC3339Nano)
	}
	if memory.Restores {
		policy.Annotations[AnnotationRestores] = "true"
	}
	if memory.CleanupOf != "" {
		policy.Labels[vmv1alpha1.LabelCleanupOf] = memory.CleanupOf
	}
	return nil
}

// Recall reads a policy's memory. The error says that somebody broke our record in it.
func Recall(policy *nmstatev1.NodeNetworkConfigurationPolicy) (Memory, error) {
	memory := Memory{
		RefusedBecause: policy.Annotations[AnnotationRefusedBecause],
		CleanupOf:      policy.Labels[vmv1alpha1.LabelCleanupOf],
		Restores:       policy.Annotations[AnnotationRestores] != "",
	}
	var err error
	if memory.LastGood, err = recallBridge(policy, AnnotationLastGood); err != nil {
		return memory, err
	}
	if memory.Refused, err = recallBridge(policy, AnnotationRefused); err != nil {
		return memory, err
	}
	since, ok := policy.Annotations[vmv1alpha1.AnnotationTeardownSince]
	if !ok {
		return memory, nil
	}
	if memory.TeardownSince, err = time.Parse(time.RFC3339, since); err != nil {
		return memory, fmt.Errorf("reading annotation %s of policy %s: %w", vmv1alpha1.AnnotationTeardownSince, policy.Name, err)
	}
	return memory, nil
}

func recallBridge(policy *nmstatev1.NodeNetworkConfigurationPolicy, annotation string) (*Bridge, error) {
	text, ok := policy.Annotations[annotation]
	if !ok {
		return nil, nil
	}
	bridge := &Bridge{}
	if err := json.Unmarshal([]byte(text), bridge); err != nil {
		return nil, fmt.Errorf("reading annotation %s of policy %s: %w", annotation, policy.Name, err)
	}
	return bridge, nil
}

// AttemptOf returns how often a policy was written only to be tried again; what cannot be read counts as never.
func AttemptOf(policy *nmstatev1.NodeNetworkConfigurationPolicy) int {
	attempt, err := strconv.Atoi(policy.Annotations[AnnotationAttempt])
	if err != nil || attempt < 0 {
		return 0
	}
	return attempt
}
