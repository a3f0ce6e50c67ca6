// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package story

import (
	"sync"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// remembered is how many conditions a Turns keeps in mind. Each counts only until the cache shows what was written of it.
const remembered = 8192

// Turns finds the conditions that turn: those of which the status or the reason is another than before. It remembers the last turns,
// because a cache may show an object as it was before its last write, and a turn is told once. It may be shared by goroutines.
type Turns struct {
	mu   sync.Mutex
	last map[turned]turn
	// order holds what is remembered as a ring, the oldest at next once it is full.
	order []turned
	next  int
}

// turned names a condition of an object.
type turned struct {
	uid           types.UID
	conditionType string
}

// turn is what a condition turned to.
type turn struct {
	status metav1.ConditionStatus
	reason string
}

// Turned is a condition that turned.
type Turned struct {
	metav1.Condition
	// Was is its status before, empty where nothing had been said.
	Was metav1.ConditionStatus
}

// NewTurns returns a Turns that remembers nothing.
func NewTurns() *Turns {
	return &Turns{last: map[turned]turn{}, order: make([]turned, remembered)}
}

// Of returns those of the written conditions that turned; before are the object's conditions as they were read.
func (t *Turns) Of(uid types.UID, before, written []metav1.Condition) []Turned {
	t.mu.Lock()
	defer t.mu.Unlock()
	var found []Turned
	for i := range written {
		condition := &written[i]
		which, is := turned{uid, condition.Type}, turn{condition.Status, condition.Reason}
		was, known := t.last[which]
		if !known {
			if read := meta.FindStatusCondition(before, condition.Type); read != nil {
				was = turn{read.Status, read.Reason}
			}
		}
		if was != is {
			t.remember(which, is)
			found = append(found, Turned{Condition: *condition, Was: was.status})
		}
	}
	return found
}

// Summary returns the condition Ready alone, which is what is told of objects that are not a Wukong.
func Summary(conditions []metav1.Condition) []metav1.Condition {
	if ready := meta.FindStatusCondition(conditions, vmv1alpha1.ConditionReady); ready != nil {
		return []metav1.Condition{*ready}
	}
	return nil
}

func (t *Turns) remember(which turned, is turn) {
	if _, known := t.last[which]; !known {
		delete(t.last, t.order[t.next])
		t.order[t.next] = which
		t.next = (t.next + 1) % len(t.order)
	}
	t.last[which] = is
}

// Tell says a line for each of the conditions of an object that turned. The object is known by its kind and name.
func Tell(log logr.Logger, kind, name string, conditions []Turned) {
	for i := range conditions {
		condition := &conditions[i]
		log.Info("Condition turned", KeyKind, kind, KeyName, name,
			KeyCondition, condition.Type, KeyStatus, condition.Status, KeyReason, condition.Reason, KeyMessage, condition.Message)
	}
}
