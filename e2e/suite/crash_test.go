// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
)

// crashes is how often the manager is killed in each phase of a scenario.
const crashes = 6

// TestCrashes kills the manager again and again, at random moments, while machines come up and while they go. Started
// again each time, it ends where one that was left alone would: everything is ready, and then nothing is left.
func TestCrashes(t *testing.T) {
	w := newWorld(t, lab.Options{})
	if err := w.KubeVirt.SetTapBinding(t.Context(), "macvtap", true); err != nil {
		t.Fatal(err)
	}
	w.namespace("other")
	keys := []client.ObjectKey{{Namespace: "default", Name: "ubuntu-vm-nmstate"}, {Namespace: "default", Name: "ubuntu-vm"}}
	w.whileCrashing(func() {
		w.apply(seed("nmstate-integration-4.1"))
		// On a NIC of its own: the seeds' macvlans are on the one that the other seed makes the port of a bridge.
		w.create(newWukong("default", "ubuntu-vm", vmv1alpha1.Network{Name: "external", Type: vmv1alpha1.NetworkTypeMacvlan, BridgeName: "ens161"}))
		for i := range 20 {
			key := client.ObjectKey{Namespace: []string{"default", "other"}[i%2], Name: fmt.Sprintf("vm-%d", i)}
			keys = append(keys, key)
			w.create(newWukong(key.Namespace, key.Name, bridged("lan", fmt.Sprintf("br-%d", i%3), int32(200+i%3))))
		}
	})
	for _, key := range keys {
		w.expectReady(key.Namespace, key.Name)
	}
	w.expectPolicies(2 + 3)
	w.whileCrashing(func() {
		for i, key := range keys {
			if i%2 == 0 {
				w.delete(key.Namespace, key.Name, client.PropagationPolicy("Foreground"))
			} else {
				w.delete(key.Namespace, key.Name)
			}
		}
	})
	w.expectNothingLeft()
	w.expectAbsentBeforeDeletion()
}

// whileCrashing does something, and kills and restarts the manager a few times while it takes effect.
func (w *world) whileCrashing(act func()) {
	w.t.Helper()
	act()
	for range crashes {
		w.afterAWhile()
		if err := w.manager.Kill(); err != nil {
			w.t.Fatal(err)
		}
		w.startManager()
	}
}

// afterAWhile returns at a random moment of the next second, so that the manager is hit in all kinds of work.
func (w *world) afterAWhile() {
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Duration(rand.Int64N(int64(time.Second))))
	defer cancel()
	_ = wait.PollUntilContextCancel(ctx, time.Hour, false, func(context.Context) (bool, error) { return false, nil })
}

// expectPolicies waits until there are so many claims' policies.
func (w *world) expectPolicies(want int) {
	w.t.Helper()
	var claims vmv1alpha1.WukongNodeBridgeList
	if err := w.Client.List(w.t.Context(), &claims); err != nil {
		w.t.Fatal(err)
	}
	policies := map[string]bool{}
	for i := range claims.Items {
		policies[claims.Items[i].Status.PolicyName] = true
	}
	if len(policies) != want {
		w.t.Errorf("there are %d policies, want %d: %v", len(policies), want, policies)
	}
}
