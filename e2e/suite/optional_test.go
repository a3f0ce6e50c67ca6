// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/neighbours"
)

// TestOptionalAPIs starts without each of the APIs that Wukong uses, installs it, removes it and installs it again. The
// manager is never restarted, and the conditions follow.
func TestOptionalAPIs(t *testing.T) {
	all := []neighbours.API{neighbours.NMState, neighbours.Multus, neighbours.KubeVirt}
	for _, missing := range []struct {
		api       neighbours.API
		condition string
		status    metav1.ConditionStatus
		reason    string
	}{
		{neighbours.NMState, vmv1alpha1.ConditionReady, metav1.ConditionUnknown, vmv1alpha1.ReasonNMStateNotInstalled},
		{neighbours.Multus, vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonMultusNotInstalled},
		{neighbours.KubeVirt, vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonKubeVirtNotInstalled},
	} {
		t.Run(string(missing.api), func(t *testing.T) {
			others := slices.DeleteFunc(slices.Clone(all), func(api neighbours.API) bool { return api == missing.api })
			w := newWorld(t, lab.Options{Neighbours: others})
			manager := w.manager
			w.create(newWukong("default", "vm", static("192.168.100.10/24", bridged("lan", "br-lan", 100))))
			for range 2 {
				told := w.expect("default", "vm", missing.condition, missing.status, missing.reason)
				w.expectMessage(told, missing.condition, "install ")
				if missing.api == neighbours.NMState {
					w.expect("default", "vm", vmv1alpha1.ConditionVirtualMachineReady, metav1.ConditionTrue, vmv1alpha1.ReasonRunning)
				}
				if err := neighbours.Install(t.Context(), w.Config, missing.api); err != nil {
					t.Fatal(err)
				}
				w.expectReady("default", "vm")
				if err := neighbours.Remove(t.Context(), w.Config, missing.api); err != nil {
					t.Fatal(err)
				}
			}
			w.expect("default", "vm", missing.condition, missing.status, missing.reason)
			// What is missing holds nobody up.
			w.delete("default", "vm")
			w.expectGone("default", "vm")
			if !manager.Running() {
				t.Error("the manager ended")
			}
		})
	}
}
