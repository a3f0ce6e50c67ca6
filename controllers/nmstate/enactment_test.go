// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"strings"
	"testing"

	"github.com/nmstate/kubernetes-nmstate/api/shared"
	nmstatev1beta1 "github.com/nmstate/kubernetes-nmstate/api/v1beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/capability"
	"github.com/novasphere/wukong/pkg/nodenet"
)

const (
	available   = shared.NodeNetworkConfigurationEnactmentConditionAvailable
	failing     = shared.NodeNetworkConfigurationEnactmentConditionFailing
	pending     = shared.NodeNetworkConfigurationEnactmentConditionPending
	progressing = shared.NodeNetworkConfigurationEnactmentConditionProgressing
	aborted     = shared.NodeNetworkConfigurationEnactmentConditionAborted
)

// reported returns all five conditions of an enactment as a handler writes them: the given ones True, the
// others False.
func reported(holding ...shared.ConditionType) shared.ConditionList {
	var list shared.ConditionList
	for _, conditionType := range []shared.ConditionType{available, failing, pending, progressing, aborted} {
		status := corev1.ConditionFalse
		for _, held := range holding {
			if held == conditionType {
				status = corev1.ConditionTrue
			}
		}
		list = append(list, shared.Condition{Type: conditionType, Status: status, Message: "says " + string(conditionType)})
	}
	return list
}

func TestStateOf(t *testing.T) {
	for _, row := range []struct {
		name    string
		list    shared.ConditionList
		state   vmv1alpha1.NodeState
		message string
	}{
		{"nothing was reported", nil, vmv1alpha1.NodeProgressing, ""},
		{"nothing holds", reported(), vmv1alpha1.NodeProgressing, ""},
		{"all is unknown", shared.ConditionList{{Type: available, Status: corev1.ConditionUnknown}, {Type: failing, Status: corev1.ConditionUnknown}}, vmv1alpha1.NodeProgressing, ""},
		{"at work", reported(progressing), vmv1alpha1.NodeProgressing, ""},
		{"waits for other nodes", reported(pending), vmv1alpha1.NodeQueued, ""},
		{"applied", reported(available), vmv1alpha1.NodeApplied, ""},
		{"failed, and tries again", reported(failing, progressing), vmv1alpha1.NodeRetrying, "says Failing"},
		{"gave up", reported(failing), vmv1alpha1.NodeFailed, "says Failing"},
		{"was not tried", reported(aborted), vmv1alpha1.NodeAborted, "NMState did not try, because other nodes failed"},
		{"a success counts more than what is left of an earlier failure", reported(available, failing), vmv1alpha1.NodeApplied, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			state, message := stateOf(row.list)
			if state != row.state || message != row.message {
				t.Errorf("got %s, %q, want %s, %q", state, message, row.state, row.message)
			}
		})
	}
}

func TestEnactmentOf(t *testing.T) {
	object := &nmstatev1beta1.NodeNetworkConfigurationEnactment{
		// Both names may hold dots.
		ObjectMeta: metav1.ObjectMeta{Name: "node-1.example.com.vm-lan-bridge", Labels: map[string]string{capability.PolicyLabel: "vm-lan-bridge"}},
		Status:     shared.NodeNetworkConfigurationEnactmentStatus{PolicyGeneration: 7, Conditions: reported(failing)},
	}
	want := nodenet.Enactment{Node: "node-1.example.com", Generation: 7, State: vmv1alpha1.NodeFailed, Message: "says Failing"}
	if got := enactmentOf(object); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestShorten(t *testing.T) {
	for _, row := range []struct{ name, message, want string }{
		{"lines and blanks", "error:\n  no such\tdevice\r\n\n", "error: no such device"},
		{"as long as may be", strings.Repeat("é", longestMessage), strings.Repeat("é", longestMessage)},
		{"too long, and not cut inside a character", strings.Repeat("é", longestMessage+1), strings.Repeat("é", longestMessage) + "..."},
		{"empty", "", ""},
		{"credentials", "GET https://me:hunter2@example.org/a failed", "GET https://***@example.org/a failed"},
	} {
		if got := shorten(row.message); got != row.want {
			t.Errorf("%s: got %q", row.name, got)
		}
	}
}
