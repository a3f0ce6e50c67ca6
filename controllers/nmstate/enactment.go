// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"strings"
	"time"

	"github.com/nmstate/kubernetes-nmstate/api/shared"
	nmstatev1beta1 "github.com/nmstate/kubernetes-nmstate/api/v1beta1"
	corev1 "k8s.io/api/core/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/capability"
	"github.com/novasphere/wukong/pkg/nodenet"
	"github.com/novasphere/wukong/pkg/redact"
)

// longestMessage is how much of NMState's words a claim repeats: its errors carry whole traces.
const longestMessage = 512

// enactmentOf returns what NMState reports of a policy on a node.
func enactmentOf(object *nmstatev1beta1.NodeNetworkConfigurationEnactment) nodenet.Enactment {
	state, message := stateOf(object.Status.Conditions)
	since := time.Time{}
	for _, condition := range object.Status.Conditions {
		if condition.Status == corev1.ConditionTrue && condition.LastTransitionTime.After(since) {
			since = condition.LastTransitionTime.Time
		}
	}
	return nodenet.Enactment{
		Node:       strings.TrimSuffix(object.Name, "."+object.Labels[capability.PolicyLabel]),
		Generation: object.Status.PolicyGeneration,
		State:      state,
		Since:      since,
		Message:    message,
	}
}

// stateOf reads an enactment's conditions (kubernetes-nmstate, pkg/enactmentstatus/conditions/conditions.go).
// Failing alone is not the end: while Progressing is True beside it, NMState tries again.
func stateOf(conditions shared.ConditionList) (vmv1alpha1.NodeState, string) {
	holds := func(conditionType shared.ConditionType) *shared.Condition {
		condition := conditions.Find(conditionType)
		if condition == nil || condition.Status != corev1.ConditionTrue {
			return nil
		}
		return condition
	}
	failing := holds(shared.NodeNetworkConfigurationEnactmentConditionFailing)
	switch {
	case holds(shared.NodeNetworkConfigurationEnactmentConditionAvailable) != nil:
		return vmv1alpha1.NodeApplied, ""
	case failing != nil && holds(shared.NodeNetworkConfigurationEnactmentConditionProgressing) != nil:
		return vmv1alpha1.NodeRetrying, shorten(failing.Message)
	case failing != nil:
		return vmv1alpha1.NodeFailed, shorten(failing.Message)
	case holds(shared.NodeNetworkConfigurationEnactmentConditionAborted) != nil:
		return vmv1alpha1.NodeAborted, "NMState did not try, because other nodes failed"
	case holds(shared.NodeNetworkConfigurationEnactmentConditionPending) != nil:
		return vmv1alpha1.NodeQueued, ""
	default:
		return vmv1alpha1.NodeProgressing, ""
	}
}

// shorten makes one line of a message, without credentials, and cuts it where it would drown what is said around it.
func shorten(message string) string {
	message = redact.Text(strings.Join(strings.Fields(message), " "))
	if runes := []rune(message); len(runes) > longestMessage {
		return string(runes[:longestMessage]) + "..."
	}
	return message
}
