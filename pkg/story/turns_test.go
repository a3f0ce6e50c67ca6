// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package story_test

import (
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/novasphere/wukong/pkg/conditions"
	"github.com/novasphere/wukong/pkg/story"
)

func TestTurns(t *testing.T) {
	starting := conditions.False("Ready", "Starting", "a minute")
	ready, lost := conditions.True("Ready", "Ready", "it runs"), conditions.False("Ready", "Stopped", "it is stopped")
	turns := story.NewTurns()
	for _, step := range []struct {
		what   string
		uid    types.UID
		before []metav1.Condition
		is     metav1.Condition
		turned bool
	}{
		{"the first report", "a", nil, starting, true},
		{"the cache does not show it yet", "a", nil, starting, false},
		{"another message", "a", []metav1.Condition{starting}, conditions.False("Ready", "Starting", "two minutes"), false},
		{"ready", "a", []metav1.Condition{starting}, ready, true},
		{"the cache lags behind by two", "a", nil, ready, false},
		{"another object", "b", []metav1.Condition{starting}, ready, true},
		{"an object from before the start", "c", []metav1.Condition{ready}, ready, false},
		{"no longer", "c", []metav1.Condition{ready}, lost, true},
		{"again", "c", []metav1.Condition{lost}, ready, true},
		{"and no longer", "c", []metav1.Condition{ready}, lost, true},
	} {
		if got := len(turns.Of(step.uid, step.before, []metav1.Condition{step.is})) == 1; got != step.turned {
			t.Errorf("%s: turned is %t", step.what, got)
		}
	}
}

// What is remembered is bounded, and what is forgotten is known from the object itself.
func TestTurnsForget(t *testing.T) {
	ready := []metav1.Condition{conditions.True("Ready", "Ready", "")}
	turns := story.NewTurns()
	for i := range 20000 {
		uid := types.UID(slices.Repeat([]byte{byte(i), byte(i >> 8)}, 4))
		if len(turns.Of(uid, nil, ready)) != 1 {
			t.Fatalf("object %d does not turn", i)
		}
		if len(turns.Of(uid, nil, ready)) != 0 {
			t.Fatalf("object %d turns twice", i)
		}
	}
	if len(turns.Of(types.UID(make([]byte, 8)), ready, ready)) != 0 {
		t.Error("what was forgotten turns, although the object tells that it did")
	}
}
