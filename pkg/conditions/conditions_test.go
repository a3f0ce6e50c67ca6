// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package conditions_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
)

var before = metav1.NewTime(time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC))

func existing(conditionType string, status metav1.ConditionStatus, reason string) metav1.Condition {
	return metav1.Condition{Type: conditionType, Status: status, Reason: reason, Message: "m", ObservedGeneration: 1, LastTransitionTime: before}
}

func TestStatuses(t *testing.T) {
	for want, got := range map[metav1.ConditionStatus]metav1.Condition{
		metav1.ConditionTrue:    conditions.True("A", "Reason", "message"),
		metav1.ConditionFalse:   conditions.False("A", "Reason", "message"),
		metav1.ConditionUnknown: conditions.Unknown("A", "Reason", "message"),
	} {
		if difference := cmp.Diff(metav1.Condition{Type: "A", Status: want, Reason: "Reason", Message: "message"}, got); difference != "" {
			t.Errorf("-want +got:\n%s", difference)
		}
	}
}

func TestOwn(t *testing.T) {
	present := []metav1.Condition{existing("B", metav1.ConditionTrue, "Theirs"), existing("A", metav1.ConditionFalse, "Was")}
	for _, row := range []struct {
		name   string
		wanted metav1.Condition
		// moved tells that the transition time has to be now.
		moved bool
	}{
		{"nothing changed", conditions.False("A", "Was", "m"), false},
		{"another reason and message", conditions.False("A", "Is", "n"), false},
		{"another status", conditions.True("A", "Is", "m"), true},
		{"not known any more", conditions.Unknown("A", "Was", "m"), true},
		{"a new one", conditions.True("C", "Is", "m"), true},
	} {
		t.Run(row.name, func(t *testing.T) {
			own := conditions.Own(present, 7, row.wanted)
			if len(own) != 1 {
				t.Fatalf("got %v, want our condition alone", own)
			}
			moved := !own[0].LastTransitionTime.Equal(&before)
			if moved != row.moved || moved && time.Since(own[0].LastTransitionTime.Time) > time.Minute {
				t.Errorf("the transition was at %s", own[0].LastTransitionTime)
			}
			row.wanted.ObservedGeneration, row.wanted.LastTransitionTime = 7, own[0].LastTransitionTime
			if difference := cmp.Diff(row.wanted, own[0]); difference != "" {
				t.Errorf("-want +got:\n%s", difference)
			}
		})
	}
	if present[1].ObservedGeneration != 1 {
		t.Error("the existing conditions were changed")
	}
}

func TestOwnKeepsTheOrderOfWhatIsWanted(t *testing.T) {
	present := []metav1.Condition{existing("B", metav1.ConditionTrue, "R"), existing("A", metav1.ConditionTrue, "R")}
	own := conditions.Own(present, 1, conditions.True("A", "R", "m"), conditions.True("B", "R", "m"))
	if own[0].Type != "A" || own[1].Type != "B" {
		t.Errorf("got %s, %s", own[0].Type, own[1].Type)
	}
	if again := conditions.Own(own, 1, conditions.True("A", "R", "m"), conditions.True("B", "R", "m")); cmp.Diff(own, again) != "" {
		t.Error("the same conditions are written differently the second time")
	}
}

func TestOwnCutsLongMessages(t *testing.T) {
	own := conditions.Own(nil, 1, conditions.False("A", "R", strings.Repeat("x", 40000)))
	if length := len(own[0].Message); length != 32768 {
		t.Errorf("got %d characters, which the API server refuses or which could be more", length)
	}
}

func TestOwned(t *testing.T) {
	present := []metav1.Condition{existing("B", metav1.ConditionTrue, "Theirs"), existing("A", metav1.ConditionFalse, "Was")}
	own := conditions.Own(present, 1, conditions.True("C", "R", "m"), conditions.False("A", "Was", "m"))
	if difference := cmp.Diff(present[1:], conditions.Owned(present, own)); difference != "" {
		t.Errorf("-want +got:\n%s", difference)
	}
	// This is the comparison that keeps a settled cluster free of writes.
	own = conditions.Own(present, 1, conditions.False("A", "Was", "m"))
	if difference := cmp.Diff(own, conditions.Owned(present, own)); difference != "" {
		t.Errorf("a condition that did not change would be written:\n%s", difference)
	}
}

func TestCurrent(t *testing.T) {
	present := []metav1.Condition{existing("A", metav1.ConditionTrue, "R"), existing("B", metav1.ConditionFalse, "R")}
	for _, row := range []struct {
		conditionType string
		generation    int64
		current, true bool
	}{
		{"A", 1, true, true},
		{"B", 1, true, false},
		// What was said of an earlier declaration.
		{"A", 2, false, false},
		{"C", 1, false, false},
	} {
		if got := conditions.Current(present, row.conditionType, row.generation); (got != nil) != row.current || got != nil && got.Type != row.conditionType {
			t.Errorf("%s of generation %d: got %v", row.conditionType, row.generation, got)
		}
		if got := conditions.IsTrue(present, row.conditionType, row.generation); got != row.true {
			t.Errorf("%s of generation %d: got %t", row.conditionType, row.generation, got)
		}
	}
}

func TestUnderWay(t *testing.T) {
	for _, row := range []struct {
		condition metav1.Condition
		want      bool
	}{
		{conditions.False("A", vmv1alpha1.ReasonProgressing, ""), true},
		{conditions.Unknown("A", vmv1alpha1.ReasonNetworkPending, ""), true},
		{conditions.False("A", vmv1alpha1.ReasonWaitingForPolicy, ""), true},
		{conditions.True("A", vmv1alpha1.ReasonProgressing, ""), false},
		{conditions.False("A", vmv1alpha1.ReasonNodesFailed, ""), false},
		{conditions.False("A", vmv1alpha1.ReasonBridgeConflict, ""), false},
		{conditions.False("A", vmv1alpha1.ReasonMacvlanBehindBridgeBinding, ""), false},
		{conditions.Unknown("A", vmv1alpha1.ReasonNMStateNotInstalled, ""), false},
	} {
		if got := conditions.UnderWay(row.condition); got != row.want {
			t.Errorf("%s %s: got %t", row.condition.Status, row.condition.Reason, got)
		}
	}
}

func TestOnlyProgress(t *testing.T) {
	const progressing, failed = vmv1alpha1.ReasonProgressing, vmv1alpha1.ReasonNodesFailed
	one := func(condition metav1.Condition) []metav1.Condition { return []metav1.Condition{condition} }
	later := existing("A", metav1.ConditionFalse, progressing)
	later.ObservedGeneration = 2
	for _, row := range []struct {
		name          string
		before, after []metav1.Condition
		want          bool
	}{
		{"still under way", one(existing("A", metav1.ConditionFalse, progressing)), one(existing("A", metav1.ConditionFalse, vmv1alpha1.ReasonWaitingForPolicy)), true},
		{"nothing was said before", nil, one(existing("A", metav1.ConditionFalse, progressing)), true},
		{"it holds now", one(existing("A", metav1.ConditionFalse, progressing)), one(existing("A", metav1.ConditionTrue, vmv1alpha1.ReasonApplied)), false},
		{"it held", one(existing("A", metav1.ConditionTrue, vmv1alpha1.ReasonApplied)), one(existing("A", metav1.ConditionFalse, progressing)), false},
		{"it failed", one(existing("A", metav1.ConditionFalse, progressing)), one(existing("A", metav1.ConditionFalse, failed)), false},
		{"it had failed", one(existing("A", metav1.ConditionFalse, failed)), one(existing("A", metav1.ConditionFalse, progressing)), false},
		{"of another declaration", one(existing("A", metav1.ConditionFalse, progressing)), one(later), false},
		{"nothing is said now", one(existing("A", metav1.ConditionFalse, progressing)), nil, false},
	} {
		if got := conditions.OnlyProgress(row.before, row.after, "A"); got != row.want {
			t.Errorf("%s: got %t", row.name, got)
		}
	}
}

func TestOwnLeavesCredentialsOut(t *testing.T) {
	own := conditions.Own(nil, 1, conditions.False("Ready", "ImportFailed", "CDI cannot fill it: GET http://me:hunter2@example.org/a?sig=hunter2 failed"))
	if want := "CDI cannot fill it: GET http://***@example.org/a?*** failed"; own[0].Message != want {
		t.Errorf("the message is %q, want %q", own[0].Message, want)
	}
}
