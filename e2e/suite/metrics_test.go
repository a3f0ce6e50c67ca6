// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
)

// expectSamples waits until the manager serves each series with a value; 0 also stands for one that is not there.
func (w *world) expectSamples(scrape string, want map[string]int) {
	w.t.Helper()
	for series, value := range want {
		w.eventually(series, func(context.Context) error {
			got, err := w.sum(scrape, regexp.QuoteMeta(series)+` (\S+)`)
			if err == nil && got != value {
				err = fmt.Errorf("it is %d, want %d", got, value)
			}
			return err
		})
	}
}

// TestMetrics compares what the manager serves with what it was given to do: a machine, another one that wants its address, and
// a bridge on which NMState gives up on one node. A replica that waits tells the same of the state, and observes no time again
// when it takes over.
func TestMetrics(t *testing.T) {
	w := newWorld(t, lab.Options{}, "--retry-interval=1s", "--leader-elect=true")
	scrape := w.scraper()
	w.create(newWukong("default", "vm", static("192.168.1.10/24", bridged("lan", "br-lan", 100))))
	w.expectReady("default", "vm")
	w.create(newWukong("default", "twin", static("192.168.1.10/24", bridged("lan", "br-lan", 100))))
	w.expect("default", "twin", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonAddressConflict)
	w.NMState.Node("node-2").FailWith("the switch port says no")
	w.create(newWukong("default", "other", bridged("dmz", "br-dmz", 200)))
	w.eventually("NMState is asked again", func(context.Context) error {
		retries, err := w.sum(scrape, `wukong_policy_retries_total (\S+)`)
		if err == nil && retries == 0 {
			err = errors.New("nothing was tried again")
		}
		return err
	})
	w.NMState.Node("node-2").Succeed()
	w.expectReady("default", "other")

	state := map[string]int{
		`wukong_wukongs{condition="Ready",reason="Ready",status="True"}`:            2,
		`wukong_wukongs{condition="Ready",reason="AddressConflict",status="False"}`: 1,
		`wukong_bridge_claims{bridge="br-lan"}`:                                     2,
		`wukong_bridge_claims{bridge="br-dmz"}`:                                     1,
		`wukong_bridge_nodes{bridge="br-lan",state="Applied"}`:                      3,
		`wukong_bridge_nodes{bridge="br-dmz",state="Applied"}`:                      3,
		`wukong_bridge_nodes{bridge="br-dmz",state="Failed"}`:                       0,
		`wukong_node_bridges{node="node-2",state="Applied"}`:                        2,
		`wukong_address_duplicates{type="ip"}`:                                      1,
	}
	leads := `leader_election_master_status{name="wukong-manager.vm.novasphere.dev"}`
	w.expectSamples(scrape, state)
	w.expectSamples(scrape, map[string]int{
		leads: 1,
		`wukong_time_to_condition_seconds_count{condition="Ready"}`:               2,
		`wukong_time_to_condition_seconds_count{condition="VirtualMachineReady"}`: 2,
	})
	w.expectWritesCounted(scrape)

	leader := w.manager
	standby, err := w.StartManager(t.Context(), lab.ManagerOptions{Log: w.log, LeaderElect: true})
	if err != nil {
		t.Fatal(err)
	}
	w.manager = standby
	w.expectSamples(scrape, state)
	w.expectSamples(scrape, map[string]int{leads: 0, "wukong_policy_retries_total": 0})
	if err := leader.Stop(); err != nil {
		t.Fatal(err)
	}
	w.expectSamples(scrape, map[string]int{leads: 1})
	w.eventually("the new leader has looked at everything", func(context.Context) error {
		reconciled, err := w.sum(scrape, `controller_runtime_reconcile_total\{.*\} (\S+)`)
		if err == nil && reconciled == 0 {
			err = errors.New("it has not begun")
		}
		return errors.Join(err, w.idle(scrape))
	})
	w.expectSamples(scrape, state)
	w.expectSamples(scrape, map[string]int{`wukong_time_to_condition_seconds_count{condition="Ready"}`: 0})
}

// expectWritesCounted compares the writes that the manager counts with those that the API server saw.
func (w *world) expectWritesCounted(scrape string) {
	w.t.Helper()
	w.eventually("every write is counted", func(context.Context) error {
		counted, err := w.sum(scrape, `wukong_writes_total\{.*\} (\S+)`)
		if err != nil {
			return err
		}
		seen := 0
		for _, write := range w.managerWrites() {
			if write.Resource != "events" {
				seen++
			}
		}
		if counted != seen || seen == 0 {
			return fmt.Errorf("%d are counted, the API server saw %d", counted, seen)
		}
		return nil
	})
}
