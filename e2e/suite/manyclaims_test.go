// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/neighbours"
)

const manyClaims = 500

// TestManyClaims has five hundred claims on one bridge, of which a node's handler restarts, fails, recovers and restarts
// again: the policy is updated once, to be tried again, and each claim is written to once for each change of what it says.
func TestManyClaims(t *testing.T) {
	// Long enough for a slow machine to tell five hundred claims of the failure before the policy is tried again.
	w := newQuietWorld(t, lab.Options{Neighbours: []neighbours.API{neighbours.NMState, neighbours.Multus}}, "--retry-interval=90s")
	w.reported()
	scrape := w.scraper()
	node := w.NMState.Node("node-2")
	restart := func() {
		policy := w.onlyPolicy()
		w.must(node.RestartHandler())
		w.expectTouched(policy)
	}
	for _, phase := range []struct {
		name     string
		act      func()
		status   metav1.ConditionStatus
		reason   string
		policies int
		// told is how often each claim may be written to, one with another. What the manager's cache does not show yet is
		// written again, which may happen once to any of them.
		told int
	}{
		// Granted, and every node has it.
		{"made", func() {
			for i := range manyClaims {
				w.create(newWukong("default", fmt.Sprintf("vm-%d", i), bridged("lan", "br-lan", 100)))
			}
		}, metav1.ConditionTrue, vmv1alpha1.ReasonApplied, 1, 2},
		// Away and back, where that takes longer than reports are gathered for; else nothing is told of it.
		{"handler restarts", restart, metav1.ConditionTrue, vmv1alpha1.ReasonApplied, 0, 2},
		// NMState tries again by itself, and then has given up.
		{"node fails", func() {
			node.FailWith("the switch port says no")
			w.must(node.RestartHandler())
		}, metav1.ConditionFalse, vmv1alpha1.ReasonNodesFailed, 0, 2},
		// It is tried again, and works.
		{"node recovers", func() { node.Succeed() }, metav1.ConditionTrue, vmv1alpha1.ReasonApplied, 1, 2},
		{"handler restarts again", restart, metav1.ConditionTrue, vmv1alpha1.ReasonApplied, 0, 2},
	} {
		before := len(w.managerWrites())
		phase.act()
		text := "every healthy node"
		if phase.status == metav1.ConditionFalse {
			text = "the switch port says no"
		}
		w.expectAllClaims(phase.status, phase.reason, text)
		if phase.status == metav1.ConditionTrue {
			w.settle(scrape)
		}
		policies, told := 0, map[string]int{}
		for _, write := range w.managerWrites()[before:] {
			switch {
			case write.Resource == "nodenetworkconfigurationpolicies":
				policies++
			case write.Resource == "wukongnodebridges" && write.Subresource == "status":
				told[write.Name]++
			}
		}
		if policies > phase.policies {
			t.Errorf("%s: the policy was written %d times, at most %d are allowed", phase.name, policies, phase.policies)
		}
		most, total := 0, 0
		for _, count := range told {
			most, total = max(most, count), total+count
		}
		if most > phase.told+1 {
			t.Errorf("%s: a claim was written to %d times, at most %d are allowed", phase.name, most, phase.told+1)
		}
		if most := phase.told * manyClaims; total > most {
			t.Errorf("%s: the claims were written to %d times, at most %d are allowed", phase.name, total, most)
		}
		t.Logf("%s: %d policy writes, %d claim writes", phase.name, policies, total)
	}
}

// expectAllClaims waits until all claims say the same.
func (w *world) expectAllClaims(status metav1.ConditionStatus, reason, text string) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("every claim is %s %s", status, reason), func(ctx context.Context) error {
		var claims vmv1alpha1.WukongNodeBridgeList
		if err := w.Client.List(ctx, &claims, client.InNamespace("default")); err != nil {
			return err
		}
		saying := 0
		for _, claim := range claims.Items {
			for _, condition := range claim.Status.Conditions {
				if condition.Type == vmv1alpha1.ConditionReady && condition.Status == status &&
					condition.Reason == reason && strings.Contains(condition.Message, text) {
					saying++
				}
			}
		}
		if saying != manyClaims {
			return fmt.Errorf("%d of %d claims are", saying, len(claims.Items))
		}
		return nil
	})
}
