// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package wukong

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
)

// delete removes the children of a deleted Wukong and lets it go when they and the machine are gone. The machine is the vm
// controller's to delete; the children wait for it by their own finalizers.
func (r *reconciler) delete(ctx context.Context, seen *observed) (time.Duration, error) {
	wukong := seen.wukong
	if !controllerutil.ContainsFinalizer(wukong, vmv1alpha1.FinalizerWukong) {
		return 0, nil
	}
	var errs []error
	for _, network := range seen.networks {
		errs = append(errs, r.remove(ctx, network))
	}
	for _, bridge := range seen.bridges {
		errs = append(errs, r.remove(ctx, bridge))
	}
	if err := errors.Join(errs...); err != nil {
		return 0, err
	}
	if len(seen.networks)+len(seen.bridges) > 0 || wukong.Status.VirtualMachine != nil {
		return r.write(ctx, wukong, deleting(seen), wukong.Status.Networks)
	}
	if err := r.writer.RemoveFinalizer(ctx, wukong, vmv1alpha1.FinalizerWukong); err != nil {
		return 0, err
	}
	r.announceRemoval(ctx, wukong)
	return 0, nil
}

// deleting returns the conditions of a deleted Wukong, with what its children wait for.
func deleting(seen *observed) []metav1.Condition {
	reasons := map[string]bool{}
	for _, network := range seen.networks {
		reasons[waitOf(network.Status.Conditions)] = true
	}
	for _, bridge := range seen.bridges {
		reasons[waitOf(bridge.Status.Conditions)] = true
	}
	if machine := meta.FindStatusCondition(seen.wukong.Status.Conditions, vmv1alpha1.ConditionVirtualMachineReady); machine != nil &&
		machine.Reason == vmv1alpha1.ReasonDeleting {
		reasons[machine.Message] = true
	}
	delete(reasons, "")
	message := "the machine, its attachments and its bridges are being removed"
	if len(reasons) > 0 {
		message += ": " + strings.Join(slices.Sorted(maps.Keys(reasons)), "; ")
	}
	return []metav1.Condition{
		conditions.False(vmv1alpha1.ConditionReady, vmv1alpha1.ReasonDeleting, message),
		conditions.False(vmv1alpha1.ConditionNetworksReady, vmv1alpha1.ReasonDeleting, message),
	}
}

// waitOf returns what a deleted child says it waits for, empty when it has not said it yet.
func waitOf(childConditions []metav1.Condition) string {
	for _, condition := range childConditions {
		switch {
		case condition.Type != vmv1alpha1.ConditionReady:
		case condition.Reason == vmv1alpha1.ReasonInUse, condition.Reason == vmv1alpha1.ReasonTearingDown:
			return condition.Message
		}
	}
	return ""
}
