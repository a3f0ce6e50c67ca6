// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// observations returns how often a condition was observed, and the sum of the times.
func observations(t *testing.T, conditionType string) (uint64, float64) {
	t.Helper()
	var read dto.Metric
	if err := timesToCondition.WithLabelValues(conditionType).(prometheus.Metric).Write(&read); err != nil {
		t.Fatal(err)
	}
	return read.GetHistogram().GetSampleCount(), read.GetHistogram().GetSampleSum()
}

func TestReached(t *testing.T) {
	const yes, no, unknown = metav1.ConditionTrue, metav1.ConditionFalse, metav1.ConditionUnknown
	const ready, networks, disks = vmv1alpha1.ConditionReady, vmv1alpha1.ConditionNetworksReady, vmv1alpha1.ConditionDisksReady
	guest := vmv1alpha1.ConditionGuestNetworkInSync
	startup := &vmv1alpha1.StartupStatus{CreatedSeconds: new(int64(10)), RunningSeconds: new(int64(30)), GuestReportedSeconds: new(int64(50))}
	for i, row := range []struct {
		name     string
		before   []metav1.Condition
		startup  *vmv1alpha1.StartupStatus
		running  bool
		written  metav1.Condition
		observed float64
	}{
		{"the first report", nil, nil, false, said(networks, yes, "Ready", 4), 4},
		{"it never was, and the machine runs", []metav1.Condition{said(ready, no, "Starting", 1)}, startup, true, said(ready, yes, "Ready", 31), 31},
		{"nothing is known of its start yet", []metav1.Condition{said(ready, no, "Starting", 1)}, nil, false, said(ready, yes, "Ready", 31), 31},
		{"it is still True", []metav1.Condition{said(ready, yes, "Ready", 31)}, startup, true, said(ready, yes, "Ready", 31), 0},
		{"it is not True", []metav1.Condition{said(ready, no, "Starting", 1)}, startup, true, said(ready, no, "Stopped", 40), 0},
		{"it had been before", []metav1.Condition{said(ready, no, "Stopped", 500)}, startup, true, said(ready, yes, "Ready", 600), 0},
		{"it ran before anybody told", nil, nil, true, said(disks, yes, "Ready", 600), 0},
		{"no disks to wait for", nil, nil, false, said(disks, yes, vmv1alpha1.ReasonNoPersistentDisks, 1), 0},
		{"a restart is no stage", nil, startup, true, said(vmv1alpha1.ConditionRestartRequired, yes, "TemplateChanged", 60), 0},
		{"the networks degraded later", []metav1.Condition{said(networks, no, "NodesFailed", 11)}, startup, true, said(networks, yes, "Ready", 90), 0},
		{"the guest reports at last", []metav1.Condition{said(guest, unknown, "GuestAgentNotConnected", 1)}, startup, true, said(guest, yes, "AddressesObserved", 51), 51},
		{"the guest was started again", []metav1.Condition{said(guest, unknown, "GuestAgentNotConnected", 70)}, startup, true, said(guest, yes, "AddressesObserved", 90), 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			before := wukong("vm", row.before...)
			before.UID, before.Status.Startup = types.UID(fmt.Sprint("reached-", i)), row.startup
			if row.running {
				before.Status.VirtualMachine = &vmv1alpha1.VirtualMachineStatus{NodeName: "node-1"}
			}
			count, sum := observations(t, row.written.Type)
			// The second time is what a cache leads to that does not show the first one.
			Reached(before, []metav1.Condition{row.written})
			Reached(before, []metav1.Condition{row.written})
			counted, summed := observations(t, row.written.Type)
			if summed-sum != row.observed || (counted-count == 1) != (row.observed > 0) {
				t.Errorf("observed %d times, %v s in all, want %v s", counted-count, summed-sum, row.observed)
			}
		})
	}
}

func TestOnce(t *testing.T) {
	remembered := newOnce(2)
	for _, row := range []struct {
		key  string
		want bool
	}{{"a", true}, {"a", false}, {"b", true}, {"a", false}, {"c", true}, {"b", false}, {"c", false}, {"a", true}} {
		if got := remembered.add(row.key); got != row.want {
			t.Errorf("%s: got %t", row.key, got)
		}
	}
}
