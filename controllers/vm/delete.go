// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
)

// delete deletes the machine of a deleted Wukong and tells how far that is. The Wukong stays as long as its status names the
// machine. Everything else goes with its owners.
func (r *reconciler) delete(ctx context.Context, seen *observed) error {
	machine := seen.machine
	if machine != nil && metav1.IsControlledBy(machine, seen.wukong) && machine.DeletionTimestamp.IsZero() {
		if err := r.writer.Delete(ctx, machine); err != nil {
			return err
		}
	}
	wukong, status := seen.wukong, machineStatus(seen, guestOf(seen))
	if status == nil && wukong.Status.VirtualMachine == nil {
		return nil
	}
	own := conditions.Own(wukong.Status.Conditions, wukong.Generation, shuttingDown(seen))
	if equality.Semantic.DeepEqual(own, conditions.Owned(wukong.Status.Conditions, own)) && equality.Semantic.DeepEqual(status, wukong.Status.VirtualMachine) {
		return nil
	}
	_, err := r.writer.Status(ctx, &vmv1alpha1.Wukong{
		ObjectMeta: metav1.ObjectMeta{Namespace: wukong.Namespace, Name: wukong.Name, UID: wukong.UID},
		Status:     vmv1alpha1.WukongStatus{Conditions: own, VirtualMachine: status},
	}, false)
	if err == nil {
		r.tell(ctx, wukong, own)
	}
	return err
}

// shuttingDown is VirtualMachineReady of a machine that is being deleted.
func shuttingDown(seen *observed) metav1.Condition {
	const conditionType = vmv1alpha1.ConditionVirtualMachineReady
	switch {
	case seen.machine == nil:
		return conditions.False(conditionType, vmv1alpha1.ReasonDeleting, "the machine is gone")
	case seen.instance == nil || seen.instance.IsFinal():
		return conditions.False(conditionType, vmv1alpha1.ReasonDeleting, "the machine is being deleted")
	}
	return conditions.False(conditionType, vmv1alpha1.ReasonDeleting, fmt.Sprintf(
		"the guest shuts down; KubeVirt switches it off when that takes longer than its grace period of %d seconds", graceOf(&seen.instance.Spec)))
}
