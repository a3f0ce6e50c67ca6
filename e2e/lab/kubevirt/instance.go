// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"

	"github.com/novasphere/wukong/e2e/lab/acting"
)

// advance takes an instance one phase on: what virt-controller, the scheduler, the kubelet and virt-handler do to it.
func (a *Actor) advance(ctx context.Context, s *scene) (time.Duration, error) {
	if s.vmi.DeletionTimestamp != nil || s.vmi.IsFinal() {
		return a.tearDown(ctx, s)
	}
	if s.pod != nil && s.pod.DeletionTimestamp != nil {
		return 0, a.losePod(ctx, s)
	}
	if s.vmi.IsRunning() {
		return a.attend(ctx, s)
	}
	if s.script.held && s.script.heldAt == s.vmi.Status.Phase {
		return 0, nil
	}
	if left := a.phaseLeft(s.vmi); left > 0 {
		return left, nil
	}
	switch s.vmi.Status.Phase {
	case kubevirtv1.VmPhaseUnset:
		return a.options.StepDelay, a.enter(ctx, s.vmi, kubevirtv1.Pending, nil)
	case kubevirtv1.Pending:
		return a.makePod(ctx, s)
	case kubevirtv1.Scheduling:
		return a.place(ctx, s)
	case kubevirtv1.Scheduled:
		return a.boot(ctx, s)
	default:
		return 0, nil
	}
}

// enter moves an instance into a phase, with whatever else is true from then on.
func (a *Actor) enter(
	ctx context.Context, vmi *kubevirtv1.VirtualMachineInstance, phase kubevirtv1.VirtualMachineInstancePhase,
	edit func(*kubevirtv1.VirtualMachineInstance),
) error {
	err := a.writeInstance(ctx, vmi, func(vmi *kubevirtv1.VirtualMachineInstance) {
		if vmi.Status.Phase != phase {
			vmi.Status.Phase = phase
			vmi.Status.PhaseTransitionTimestamps = append(vmi.Status.PhaseTransitionTimestamps,
				kubevirtv1.VirtualMachineInstancePhaseTransitionTimestamp{Phase: phase, PhaseTransitionTimestamp: metav1.Now()})
		}
		if edit != nil {
			edit(vmi)
		}
	})
	if err != nil {
		return fmt.Errorf("move the instance to phase %q: %w", phase, err)
	}
	return nil
}

// phaseLeft is how long an instance still has to stay in its phase. The first look at a phase starts its time.
func (a *Actor) phaseLeft(vmi *kubevirtv1.VirtualMachineInstance) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	since, seen := a.since[vmi.UID]
	if !seen || since.phase != vmi.Status.Phase {
		since = entered{phase: vmi.Status.Phase, at: time.Now()}
		a.since[vmi.UID] = since
	}
	return a.options.StepDelay - time.Since(since.at)
}

// phaseAge is how long an instance has been in its phase, as far as this actor has seen.
func (a *Actor) phaseAge(vmi *kubevirtv1.VirtualMachineInstance) time.Duration {
	return a.options.StepDelay - a.phaseLeft(vmi)
}

// losePod ends an instance whose pod somebody deleted, and the pod with it: no kubelet is there to finish that.
func (a *Actor) losePod(ctx context.Context, s *scene) error {
	if err := a.killPod(ctx, s.pod); err != nil {
		return err
	}
	return a.enter(ctx, s.vmi, kubevirtv1.Failed, func(vmi *kubevirtv1.VirtualMachineInstance) {
		setCondition(vmi, kubevirtv1.VirtualMachineInstanceReady, corev1.ConditionFalse, "PodNotExists", "virt-launcher pod has not yet been scheduled")
	})
}

// tearDown takes an instance away: the guest shuts down, the pod goes, then the finalizer.
func (a *Actor) tearDown(ctx context.Context, s *scene) (time.Duration, error) {
	if s.pod == nil {
		if s.vmi.IsUnprocessed() && s.script.deletionHangs {
			return 0, nil
		}
		if !s.vmi.IsFinal() {
			if err := a.enter(ctx, s.vmi, kubevirtv1.Succeeded, stopped); err != nil {
				return 0, err
			}
		}
		if s.vmi.DeletionTimestamp == nil {
			return 0, nil
		}
		a.forget(s.vmi)
		return 0, a.releaseInstance(ctx, s.vmi)
	}
	if !s.vmi.IsFinal() {
		if s.script.stopHeld {
			return 0, nil
		}
		if left := a.stopLeft(s.vmi); left > 0 {
			return left, nil
		}
		if err := a.enter(ctx, s.vmi, kubevirtv1.Succeeded, stopped); err != nil {
			return 0, err
		}
	}
	return time.Millisecond, a.killPod(ctx, s.pod)
}

// stopLeft gives a guest that ran one step to shut down in.
func (a *Actor) stopLeft(vmi *kubevirtv1.VirtualMachineInstance) time.Duration {
	if !vmi.IsRunning() || vmi.DeletionTimestamp == nil {
		return 0
	}
	return a.options.StepDelay - time.Since(vmi.DeletionTimestamp.Time)
}

func stopped(vmi *kubevirtv1.VirtualMachineInstance) {
	setCondition(vmi, kubevirtv1.VirtualMachineInstanceReady, corev1.ConditionFalse, "GuestNotRunning", "Guest VM is not reported as running")
	dropCondition(vmi, kubevirtv1.VirtualMachineInstanceAgentConnected)
}

// releaseInstance removes KubeVirt's finalizer, under its old and its new name.
func (a *Actor) releaseInstance(ctx context.Context, vmi *kubevirtv1.VirtualMachineInstance) error {
	return acting.Edit(ctx, a.client, vmi, managerController, func(vmi *kubevirtv1.VirtualMachineInstance) {
		vmi.Finalizers = without(vmi.Finalizers,
			kubevirtv1.VirtualMachineInstanceFinalizer, kubevirtv1.DeprecatedVirtualMachineInstanceFinalizer)
	})
}

func (a *Actor) forget(vmi *kubevirtv1.VirtualMachineInstance) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.doomed, vmi.UID)
	delete(a.since, vmi.UID)
}
