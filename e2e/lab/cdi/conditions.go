// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cdi

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	cdiv1 "kubevirt.io/containerized-data-importer-api/pkg/apis/core/v1beta1"

	"github.com/novasphere/wukong/e2e/lab/acting"
)

// told is what a DataVolume is to say of itself.
type told struct {
	phase cdiv1.DataVolumePhase
	// running and bound are reason and message of these conditions; without bound the claim speaks for itself.
	running, bound *words
	// runs is the status of running.
	runs bool
}

type words struct{ reason, message string }

func said(reason, message string) *words { return &words{reason, message} }

// report writes the status of a DataVolume (CDI, pkg/controller/datavolume/conditions.go).
func (a *Actor) report(ctx context.Context, volume *cdiv1.DataVolume, claim *corev1.PersistentVolumeClaim, t told) error {
	err := acting.EditStatus(ctx, a.client, volume, manager, func(volume *cdiv1.DataVolume) {
		status := &volume.Status
		status.Phase = t.phase
		bound, isBound := boundOf(claim, t.bound)
		set(status, cdiv1.DataVolumeBound, isBound, bound)
		ready := words{}
		if t.bound != nil {
			ready = *t.bound
		}
		set(status, cdiv1.DataVolumeReady, t.phase == cdiv1.Succeeded, ready)
		running := words{}
		if t.running != nil {
			running = *t.running
		}
		set(status, cdiv1.DataVolumeRunning, t.runs, running)
		if claim != nil {
			status.ClaimName = claim.Name
		}
	})
	if err != nil {
		return fmt.Errorf("write the status of the DataVolume: %w", err)
	}
	return nil
}

func boundOf(claim *corev1.PersistentVolumeClaim, refusal *words) (words, bool) {
	switch {
	case refusal != nil:
		return *refusal, false
	case claim == nil:
		return words{"NotFound", "No PVC found"}, false
	case claim.Status.Phase == corev1.ClaimBound:
		return words{"Bound", fmt.Sprintf("PVC %s Bound", claim.Name)}, true
	}
	return words{"Pending", fmt.Sprintf("PVC %s Pending", claim.Name)}, false
}

// set writes a condition; its time changes only when the status flips.
func set(status *cdiv1.DataVolumeStatus, conditionType cdiv1.DataVolumeConditionType, holds bool, w words) {
	now := metav1.Now()
	wanted := cdiv1.DataVolumeCondition{
		Type: conditionType, Status: corev1.ConditionFalse, Reason: w.reason, Message: w.message, LastTransitionTime: now, LastHeartbeatTime: now,
	}
	if holds {
		wanted.Status = corev1.ConditionTrue
	}
	for i, old := range status.Conditions {
		if old.Type != conditionType {
			continue
		}
		if old.Status == wanted.Status {
			wanted.LastTransitionTime = old.LastTransitionTime
			if old.Reason == w.reason && old.Message == w.message {
				return
			}
		}
		status.Conditions[i] = wanted
		return
	}
	status.Conditions = append(status.Conditions, wanted)
}
