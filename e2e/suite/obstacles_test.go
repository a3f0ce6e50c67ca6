// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"errors"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
)

// TestPodNotStarting lets a CNI plugin fail: the machine says so in the plugin's words, the same at each try, until it starts.
func TestPodNotStarting(t *testing.T) {
	w := newWorld(t, lab.Options{})
	vm := w.KubeVirt.VM("default", "vm")
	const words = "failed to find plugin in path [/opt/cni/bin]"
	vm.FailSandbox(words)
	w.create(newWukong("default", "vm", bridged("lan", "br-lan", 100)))
	told := w.expect("default", "vm", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonPodNotStarting)
	w.expectMessage(told, vmv1alpha1.ConditionVirtualMachineReady, words, "default/virt-launcher-vm-", "failed to setup network: plugin")
	// What it starts with is not said to be plugged in.
	w.expect("default", "vm", vmv1alpha1.ConditionRestartRequired, metav1.ConditionFalse, vmv1alpha1.ReasonUpToDate)
	// The event comes after the status that it is about.
	w.expectEvents("vm", "Normal MachineMade", "Warning PodNotStarting")
	before := len(w.managerWrites())
	vm.FailSandbox(words)
	vm.FailSandbox(words)
	vm.FailSandbox("no such device br-lan")
	w.expectTold("default", "vm", vmv1alpha1.ConditionReady, "no such device br-lan")
	// The machine's part of the status and the summary.
	if written := w.managerWrites()[before:]; len(written) > 2 {
		t.Errorf("the same words were written again:%s", list(written))
	}
	vm.FailSandbox("")
	w.expectReady("default", "vm")
}

// TestShutdown deletes a machine whose guest takes its time: the Wukong says what it waits for, and stays until then.
func TestShutdown(t *testing.T) {
	w := newWorld(t, lab.Options{})
	wukong := newWukong("default", "vm")
	wukong.Spec.TerminationGracePeriodSeconds = new(int64(600))
	w.create(wukong)
	w.expectReady("default", "vm")
	if grace := w.instance("vm").Spec.TerminationGracePeriodSeconds; grace == nil || *grace != 600 {
		t.Errorf("the guest is given %v seconds", grace)
	}
	w.KubeVirt.VM("default", "vm").HoldStop()
	w.delete("default", "vm")
	w.expectTold("default", "vm", vmv1alpha1.ConditionReady, "longer than its grace period of 600 seconds")
	w.KubeVirt.VM("default", "vm").Release()
	w.expectGone("default", "vm")
	w.eventually("the machine is gone", func(ctx context.Context) error {
		err := w.Client.Get(ctx, client.ObjectKey{Namespace: "default", Name: "vm"}, &kubevirtv1.VirtualMachine{})
		if err == nil {
			return errors.New("it is still there")
		}
		return client.IgnoreNotFound(err)
	})
}
