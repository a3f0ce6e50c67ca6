// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"

	"github.com/novasphere/wukong/e2e/lab/acting"
)

// drive starts and stops the instance as the run strategy asks.
func (a *Actor) drive(ctx context.Context, s *scene) (time.Duration, error) {
	strategy, err := s.machine.RunStrategy()
	if err != nil {
		return 0, nil //nolint:nilerr // a machine that sets both fields is admission's business, and it stays as it is.
	}
	if s.vmi == nil {
		return a.start(ctx, s, strategy)
	}
	switch {
	case s.vmi.DeletionTimestamp != nil:
		return 0, nil
	case strategy == kubevirtv1.RunStrategyHalted:
		return 0, a.deleteInstance(ctx, s.vmi)
	case s.vmi.Status.Phase == kubevirtv1.Failed && restartsAfterFailure(strategy):
		if err := a.countFailure(ctx, s); err != nil {
			return 0, err
		}
		return 0, a.deleteInstance(ctx, s.vmi)
	case s.vmi.Status.Phase == kubevirtv1.Succeeded && strategy == kubevirtv1.RunStrategyAlways:
		return 0, a.deleteInstance(ctx, s.vmi)
	case s.vmi.IsRunning() && s.machine.Status.StartFailure != nil:
		return 0, a.forgetFailures(ctx, s)
	default:
		return 0, nil
	}
}

// start creates the instance if the strategy wants one now.
func (a *Actor) start(ctx context.Context, s *scene, strategy kubevirtv1.VirtualMachineRunStrategy) (time.Duration, error) {
	if !a.wantsStart(s.machine, strategy) {
		return 0, nil
	}
	if failure := s.machine.Status.StartFailure; failure != nil && failure.RetryAfterTimestamp != nil {
		if left := time.Until(failure.RetryAfterTimestamp.Time); left > 0 {
			return left, nil
		}
	}
	if ready, err := a.makeDataVolumes(ctx, s.machine); err != nil || !ready {
		return 0, err
	}
	if err := a.createInstance(ctx, s.machine); err != nil {
		return 0, err
	}
	a.mu.Lock()
	delete(a.requested, s.machine.UID)
	a.mu.Unlock()
	return 0, nil
}

func (a *Actor) wantsStart(machine *kubevirtv1.VirtualMachine, strategy kubevirtv1.VirtualMachineRunStrategy) bool {
	switch strategy {
	case kubevirtv1.RunStrategyAlways, kubevirtv1.RunStrategyRerunOnFailure:
		return true
	case kubevirtv1.RunStrategyOnce:
		// Once it ran under this strategy, it is not started again; the status remembers under which it was.
		return machine.Status.RunStrategy != kubevirtv1.RunStrategyOnce || machine.Status.StartFailure != nil
	case kubevirtv1.RunStrategyManual:
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.requested[machine.UID]
	default:
		return false
	}
}

func restartsAfterFailure(strategy kubevirtv1.VirtualMachineRunStrategy) bool {
	return strategy == kubevirtv1.RunStrategyAlways || strategy == kubevirtv1.RunStrategyRerunOnFailure
}

// countFailure records a crash and when to try again.
func (a *Actor) countFailure(ctx context.Context, s *scene) error {
	if failure := s.machine.Status.StartFailure; failure != nil && failure.LastFailedVMIUID == s.vmi.UID {
		return nil
	}
	err := acting.EditStatus(ctx, a.client, s.machine, managerController, func(machine *kubevirtv1.VirtualMachine) {
		count := 0
		if machine.Status.StartFailure != nil {
			count = machine.Status.StartFailure.ConsecutiveFailCount
		}
		retry := metav1.NewTime(time.Now().Add(a.options.CrashBackoff))
		machine.Status.StartFailure = &kubevirtv1.VirtualMachineStartFailure{
			ConsecutiveFailCount: count + 1, LastFailedVMIUID: s.vmi.UID, RetryAfterTimestamp: &retry,
		}
	})
	if err != nil {
		return fmt.Errorf("record the crash: %w", err)
	}
	return nil
}

func (a *Actor) forgetFailures(ctx context.Context, s *scene) error {
	return acting.EditStatus(ctx, a.client, s.machine, managerController, func(machine *kubevirtv1.VirtualMachine) {
		machine.Status.StartFailure = nil
	})
}
