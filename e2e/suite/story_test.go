// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
	keys "github.com/novasphere/wukong/pkg/story"
)

// line is one line of the manager's log.
type line map[string]any

// lines returns the lines of the manager's log that are about a Wukong.
func (w *world) lines(wukong string) []line {
	w.t.Helper()
	var found []line
	for text := range strings.Lines(w.log.String()) {
		var read line
		if json.Unmarshal([]byte(text), &read) == nil && read[keys.KeyWukong] == wukong {
			found = append(found, read)
		}
	}
	return found
}

// has reports whether a line's values are, in the order of these keys, those of a text; * stands for any.
func (l line) has(text string) bool {
	var values []string
	for _, key := range []string{
		keys.KeyController, "msg", keys.KeyKind, keys.KeyName, keys.KeyPolicy, keys.KeyForm, keys.KeyCondition, keys.KeyStatus, keys.KeyReason,
	} {
		if value, there := l[key]; there {
			values = append(values, fmt.Sprint(value))
		}
	}
	return strings.Join(values, " ") == text
}

// expectChapters fails the test unless the lines tell these things in this order, whatever they tell between them.
func expectChapters(t *testing.T, lines []line, chapters ...string) {
	t.Helper()
	for _, chapter := range chapters {
		index := slices.IndexFunc(lines, func(l line) bool { return l.has(chapter) })
		if index < 0 {
			t.Errorf("the log does not tell in its place: %s", chapter)
			continue
		}
		lines = lines[index+1:]
	}
}

// expectEvents waits until the events of a Wukong are these, in the order of their times, and each told once.
func (w *world) expectEvents(name string, want ...string) {
	w.t.Helper()
	w.eventually("the events of "+name, func(ctx context.Context) error {
		var list eventsv1.EventList
		if err := w.Client.List(ctx, &list, client.InNamespace("default")); err != nil {
			return err
		}
		slices.SortStableFunc(list.Items, func(a, b eventsv1.Event) int { return a.EventTime.Compare(b.EventTime.Time) })
		var told []string
		for _, event := range list.Items {
			if event.Regarding.Kind != "Wukong" || event.Regarding.Name != name {
				continue
			}
			text := event.Type + " " + event.Reason
			if event.Series != nil {
				text += fmt.Sprintf(" %d times", event.Series.Count)
			}
			told = append(told, text)
		}
		if !slices.Equal(told, want) {
			return fmt.Errorf("they are\n  %s\nwant\n  %s", strings.Join(told, "\n  "), strings.Join(want, "\n  "))
		}
		return nil
	})
}

// TestStory follows one Wukong from a missing Secret to its end, through a restart of the manager, by its log and its events alone.
func TestStory(t *testing.T) {
	w := newWorld(t, lab.Options{}, "--node-deadline=2s")
	w.reported()
	wukong := newWukong("default", "vm", bridged("lan", "br-lan", 100))
	wukong.Spec.CloudInit = &vmv1alpha1.CloudInit{SecretName: "own"}
	w.create(wukong)
	w.expect("default", "vm", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonSecretNotFound)
	w.expectEvents("vm", "Warning SecretNotFound")
	w.create(secret("own", "userdata", "#!/bin/sh\ntrue\n"))
	ready := w.expectReady("default", "vm")
	told := []string{"Warning SecretNotFound", "Normal MachineMade", "Normal Ready"}
	w.expectEvents("vm", told...)

	// A network that is refused says so in an event, too.
	w.create(newWukong("default", "other", bridged("lan", "br-lan", 200)))
	w.expect("default", "other", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonBridgeConflict)
	w.expectEvents("other", "Warning BridgeConflict")
	w.delete("default", "other")
	w.expectGone("default", "other")
	w.expectEvents("other", "Warning BridgeConflict", "Normal Deleting", "Normal Removed")

	// A restart tells nothing that was told.
	scrape := w.scraper()
	w.settle(scrape)
	before := len(w.lines("default/vm"))
	w.must(w.manager.Stop())
	w.startManager("--node-deadline=2s", "--sync-period=5s")
	w.eventually("several resyncs have passed", func(context.Context) error {
		reconciled, err := w.sum(scrape, `controller_runtime_reconcile_total\{.*\} (\S+)`)
		if err == nil && reconciled < 20 {
			err = fmt.Errorf("%d reconciles", reconciled)
		}
		return err
	})
	w.settle(scrape)
	w.expectEvents("vm", told...)
	for _, again := range w.lines("default/vm")[before:] {
		t.Errorf("a restart tells %v", again)
	}

	w.must(w.KubeVirt.StopVM(t.Context(), "default", "vm"))
	w.expect("default", "vm", vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonStopped)
	w.must(w.KubeVirt.StartVM(t.Context(), "default", "vm"))
	ready = w.expectReady("default", "vm")
	down := slices.IndexFunc(w.NMState.Nodes(), func(node string) bool { return node != ready.Status.VirtualMachine.NodeName })
	w.must(w.NMState.Node(w.NMState.Nodes()[down]).SetReady(false))
	w.delete("default", "vm")
	w.expectGone("default", "vm")
	w.expectEvents("vm", append(told, "Warning Stopped", "Normal Ready", "Normal Deleting", "Warning BridgeLeftBehind", "Normal Removed")...)

	lines := w.lines("default/vm")
	expectChapters(t, lines,
		"wukong-wukong Applied WukongNodeBridge vm-lan",
		"wukong-wukong Applied WukongNetwork vm-lan",
		"wukong-nmstate Applied NodeNetworkConfigurationPolicy vm-lan-bridge",
		"wukong-multus Applied NetworkAttachmentDefinition vm-lan-nad",
		"wukong-multus Condition turned WukongNetwork vm-lan Ready True Ready",
		"wukong-wukong Condition turned Wukong vm Ready False SecretNotFound",
		"wukong-vm Applied Secret vm-cloudinit",
		"wukong-vm Applied VirtualMachine vm",
		"wukong-vm Condition turned Wukong vm VirtualMachineReady True Running",
		"wukong-wukong Condition turned Wukong vm Ready True Ready",
		"wukong-wukong Condition turned Wukong vm Ready False Stopped",
		"wukong-wukong Condition turned Wukong vm Ready True Ready",
		"wukong-vm Deleted VirtualMachine vm",
		"wukong-multus Let go WukongNetwork vm-lan",
		"wukong-wukong Let go Wukong vm")
	expectChapters(t, lines,
		"wukong-nmstate Making policy vm-lan-bridge Present",
		"wukong-nmstate Applied NodeNetworkConfigurationPolicy vm-lan-bridge",
		"wukong-nmstate Condition turned WukongNodeBridge vm-lan Ready True Applied",
		"wukong-wukong Deleted WukongNodeBridge vm-lan",
		"wukong-nmstate Changing policy vm-lan-bridge Absent",
		"wukong-nmstate Bridge stays on a node",
		"wukong-nmstate Deleting policy vm-lan-bridge",
		"wukong-nmstate Let go WukongNodeBridge vm-lan",
		"wukong-wukong Let go Wukong vm")
	expectChapters(t, lines,
		"wukong-wukong Condition turned Wukong vm Ready True Ready",
		"wukong-wukong Condition turned Wukong vm Ready False Deleting",
		"wukong-wukong Let go Wukong vm")

	known := sets.New("level", "time", "logger", "caller", "msg", "error", "reconcileID", "stacktrace")
	for _, key := range keys.Keys() {
		known.Insert(key.Name)
	}
	for _, l := range lines {
		for _, key := range []string{"level", "time", "msg", "reconcileID", keys.KeyController, keys.KeyWukong} {
			if l[key] == nil || l[key] == "" {
				t.Errorf("a line has no %s: %v", key, l)
			}
		}
		if unknown := sets.KeySet(l).Difference(known); unknown.Len() > 0 {
			t.Errorf("a line has the keys %v: %v", sets.List(unknown), l)
		}
	}
	// Nothing about it is told without its name, but what is asked of a child when it is gone: a policy that was deleted with the
	// last claim may be seen once more.
	gone := false
	for text := range strings.Lines(w.log.String()) {
		var l line
		about := strings.Contains(text, `"vm-lan`) || strings.Contains(text, `"br-lan"`) || strings.Contains(text, `"default/vm-lan"`)
		if about && !gone && json.Unmarshal([]byte(text), &l) == nil && l["level"] == "info" && l[keys.KeyWukong] == nil {
			t.Errorf("a line does not name its Wukong: %s", text)
		}
		gone = gone || l[keys.KeyKind] == "WukongNodeBridge" && l[keys.KeyName] == "vm-lan" && l["msg"] == "Let go"
	}
	if t.Failed() {
		for _, l := range lines {
			t.Log(l[keys.KeyController], l["msg"], l[keys.KeyKind], l[keys.KeyName], l[keys.KeyPolicy], l[keys.KeyForm],
				l[keys.KeyCondition], l[keys.KeyStatus], l[keys.KeyReason])
		}
	}
}
