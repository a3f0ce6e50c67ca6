// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/nodenet"
)

func TestIsStillInProgress(t *testing.T) {
	policies := schema.GroupResource{Group: "nmstate.io", Resource: "nodenetworkconfigurationpolicies"}
	refused := func(message string) error {
		return fmt.Errorf("applying: %w", apierrors.NewForbidden(policies, "vm-lan-bridge", errors.New(message)))
	}
	for _, row := range []struct {
		name string
		err  error
		want bool
	}{
		{"nothing", nil, false},
		{"NMState's refusal", refused("ValidatingAdmissionPolicy denied request: policy vm-lan-bridge is still in progress"), true},
		{"missing rights", refused(`User "wukong" cannot patch resource`), false},
		{"another kind of error in the same words", errors.New("still in progress"), false},
	} {
		if got := isStillInProgress(row.err); got != row.want {
			t.Errorf("%s: got %t", row.name, got)
		}
	}
}

func TestOverlay(t *testing.T) {
	verdict := func(available, ready string) nodenet.Verdict {
		return nodenet.Verdict{PolicyName: "p", Available: nodenet.Condition{Reason: available}, Ready: nodenet.Condition{Reason: ready}}
	}
	const applied, progressing, failed = vmv1alpha1.ReasonApplied, vmv1alpha1.ReasonProgressing, vmv1alpha1.ReasonNodesFailed
	for _, row := range []struct {
		name             string
		available, ready string
		wantAvailable    string
		wantReady        string
	}{
		{"under way", progressing, progressing, "Waits", "Waits"},
		{"another one waits as well", vmv1alpha1.ReasonWaitingForPolicy, progressing, "Waits", "Waits"},
		{"available on a node", applied, progressing, applied, "Waits"},
		{"what somebody has to do stays", failed, failed, failed, failed},
		{"a conflict stays", vmv1alpha1.ReasonBridgeConflict, vmv1alpha1.ReasonBridgeConflict, vmv1alpha1.ReasonBridgeConflict, vmv1alpha1.ReasonBridgeConflict},
	} {
		t.Run(row.name, func(t *testing.T) {
			waiting := &nodenet.Condition{Status: metav1.ConditionFalse, Reason: "Waits"}
			got := overlay(verdict(row.available, row.ready), waiting)
			if got.Available.Reason != row.wantAvailable || got.Ready.Reason != row.wantReady || got.PolicyName != "p" {
				t.Errorf("got %s and %s", got.Available.Reason, got.Ready.Reason)
			}
			if same := overlay(verdict(row.available, row.ready), nil); same.Available.Reason != row.available || same.Ready.Reason != row.ready {
				t.Errorf("without anything to wait for, got %s and %s", same.Available.Reason, same.Ready.Reason)
			}
		})
	}
}

func TestLeftOn(t *testing.T) {
	nodes := []nodenet.NodeResult{{Name: "a", State: "NotReady"}, {Name: "b", State: "NoHandler"}}
	if got, want := leftOn(nodes), "node a (NotReady), node b (NoHandler)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for range 10 {
		nodes = append(nodes, nodes[0])
	}
	if got := leftOn(nodes); !strings.HasSuffix(got, " and 2 more") {
		t.Errorf("of %d nodes it says %q", len(nodes), got)
	}
}
