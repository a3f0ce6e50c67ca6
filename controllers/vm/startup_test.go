// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
)

func TestStartup(t *testing.T) {
	at := func(seconds int64) metav1.Time { return metav1.NewTime(time.Unix(1000+seconds, 0)) }
	attached := conditions.True(vmv1alpha1.ConditionAttachmentReady, vmv1alpha1.ReasonAttached, "there")
	attached.LastTransitionTime = at(5)
	seen := &observed{
		wukong: declared(), machine: built(kubevirtv1.VirtualMachineStatusRunning),
		networks: []vmv1alpha1.WukongNetwork{{Status: vmv1alpha1.WukongNetworkStatus{Conditions: []metav1.Condition{attached}}}},
	}
	seen.wukong.CreationTimestamp, seen.machine.CreationTimestamp = at(0), at(6)
	expect := func(what string, want *vmv1alpha1.StartupStatus) {
		t.Helper()
		got := startup(seen)
		if difference := cmp.Diff(want, got); difference != "" {
			t.Errorf("%s: -want +got:\n%s", what, difference)
		}
		seen.wukong.Status.Startup = got
	}
	expect("made", &vmv1alpha1.StartupStatus{NetworksReadySeconds: new(int64(5)), CreatedSeconds: new(int64(6))})
	seen.instance = running(true)
	seen.instance.Status.PhaseTransitionTimestamps = []kubevirtv1.VirtualMachineInstancePhaseTransitionTimestamp{
		{Phase: kubevirtv1.Scheduling, PhaseTransitionTimestamp: at(7)}, {Phase: kubevirtv1.Running, PhaseTransitionTimestamp: at(60)},
	}
	seen.instance.Status.Conditions[0].LastTransitionTime = at(90)
	whole := &vmv1alpha1.StartupStatus{
		NetworksReadySeconds: new(int64(5)), CreatedSeconds: new(int64(6)), RunningSeconds: new(int64(60)), GuestReportedSeconds: new(int64(90)),
	}
	expect("running", whole)
	seen.instance.Status.PhaseTransitionTimestamps[1].PhaseTransitionTimestamp = at(5000)
	seen.instance.Status.Conditions[0].LastTransitionTime = at(5005)
	expect("started again", whole)
	seen.machine = nil
	expect("gone", whole)
	seen.machine = built("")
	seen.wukong.Status = vmv1alpha1.WukongStatus{VirtualMachine: &vmv1alpha1.VirtualMachineStatus{NodeName: "n1"}}
	expect("it ran before anybody told it", nil)
}
