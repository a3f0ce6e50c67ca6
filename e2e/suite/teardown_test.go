// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/neighbours"
)

// TestTeardown removes bridges while something goes wrong: each removal ends by its deadline, reachable nodes are clean, and
// what stays is told.
func TestTeardown(t *testing.T) {
	w := newWorld(t, lab.Options{}, "--node-deadline=2s")
	scrape := w.scraper()
	told := 0
	for _, part := range []struct {
		name   string
		remove func(w *world)
		// left are the nodes on which the bridge stays, which has to be told.
		left []string
	}{
		// First, since a new manager counts anew what was left behind.
		{"policy deleted before", (*world).removeAfterPolicy, nil},
		{"node down", (*world).removeWhileNodeIsDown, []string{"node-3"}},
		{"policy deleted meanwhile", (*world).removeWhilePolicyIsDeleted, nil},
		{"namespace deleted", (*world).removeWithNamespace, nil},
		{"NMState removed meanwhile", (*world).removeWithoutNMState, []string{"node-1"}},
	} {
		ok := t.Run(part.name, func(t *testing.T) {
			w := w.in(t)
			w.namespace("tenant")
			w.create(newWukong("tenant", "vm", bridged("lan", "br-lan", 100)))
			w.expectReady("tenant", "vm")
			part.remove(w)
			w.expectGone("tenant", "vm")
			w.expectBridge("br-lan", part.left...)
			for _, node := range part.left {
				w.expectLeftBehind("tenant", "vm-lan", "br-lan", node)
			}
			told += len(part.left)
			w.expectLeftovers(scrape, told)
			w.restore("br-lan", "ens160.100")
		})
		if !ok {
			return
		}
	}
}

// restore takes away what a part left, and the namespace.
func (w *world) restore(links ...string) {
	w.t.Helper()
	for _, node := range w.NMState.Nodes() {
		w.NMState.Node(node).Succeed()
		w.must(w.NMState.Node(node).SetReady(true))
	}
	w.unplug(links...)
	w.remove(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "tenant"}})
	w.eventually("the namespace is gone", func(ctx context.Context) error {
		err := w.Client.Get(ctx, client.ObjectKey{Name: "tenant"}, &corev1.Namespace{})
		if err == nil {
			return fmt.Errorf("it is still there")
		}
		return client.IgnoreNotFound(err)
	})
}

func (w *world) removeWhileNodeIsDown() {
	w.must(w.NMState.Node("node-3").SetReady(false))
	w.delete("tenant", "vm")
}

// removeAfterPolicy deletes policy and Wukong while nobody looks.
func (w *world) removeAfterPolicy() {
	w.must(w.manager.Stop())
	w.remove(w.onlyPolicy())
	w.expectNoPolicies()
	w.delete("tenant", "vm")
	w.startManager("--node-deadline=2s")
}

func (w *world) expectNoPolicies() {
	w.t.Helper()
	w.eventually("no policy is left", func(ctx context.Context) error {
		var policies nmstatev1.NodeNetworkConfigurationPolicyList
		err := w.Client.List(ctx, &policies)
		if err == nil && len(policies.Items) > 0 {
			err = fmt.Errorf("%s is left", policies.Items[0].Name)
		}
		return err
	})
}

// holdRemoval deletes the Wukong and returns when one node has the removal under way and does not finish it.
func (w *world) holdRemoval() *nmstatev1.NodeNetworkConfigurationPolicy {
	w.t.Helper()
	w.NMState.Node("node-1").Hold()
	w.delete("tenant", "vm")
	w.expectBridge("br-lan", "node-1")
	return w.onlyPolicy()
}

func (w *world) removeWhilePolicyIsDeleted() {
	policy := w.holdRemoval()
	w.remove(policy)
	w.eventually("the removal was taken up again", func(ctx context.Context) error {
		var policies nmstatev1.NodeNetworkConfigurationPolicyList
		if err := w.Client.List(ctx, &policies); err != nil || len(policies.Items) != 1 || policies.Items[0].UID == policy.UID {
			return errors.Join(fmt.Errorf("there are %d policies", len(policies.Items)), err)
		}
		return nil
	})
	w.NMState.Node("node-1").Release()
}

func (w *world) removeWithNamespace() {
	w.remove(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "tenant"}})
}

func (w *world) removeWithoutNMState() {
	w.holdRemoval()
	w.must(neighbours.Remove(w.t.Context(), w.Config, neighbours.NMState))
}

// expectLeftBehind waits for the event that says that a bridge stays on a node.
func (w *world) expectLeftBehind(namespace, claim, bridge, node string) {
	w.t.Helper()
	w.eventually("an event names "+node, func(ctx context.Context) error {
		var events eventsv1.EventList
		if err := w.Client.List(ctx, &events, client.InNamespace(namespace)); err != nil {
			return err
		}
		notes := ""
		for _, event := range events.Items {
			if event.Reason == "BridgeLeftBehind" && event.Regarding.Name == claim &&
				strings.HasPrefix(event.Note, "bridge "+bridge+" stays on") && strings.Contains(event.Note, "node "+node+" (") {
				return nil
			}
			notes += "\n  " + event.Regarding.Name + ": " + event.Note
		}
		return fmt.Errorf("no event does:%s", notes)
	})
}

// expectLeftovers waits until the manager has counted at least so many bridges that were left behind. Without NMState
// nobody can tell which nodes have finished.
func (w *world) expectLeftovers(scrape string, want int) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("%d bridges were left behind", want), func(context.Context) error {
		counted, err := w.sum(scrape, `wukong_bridges_left_behind_total (\S+)`)
		if err == nil && counted < want {
			err = fmt.Errorf("%d were counted", counted)
		}
		return err
	})
}
