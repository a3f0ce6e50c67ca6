// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"fmt"

	"github.com/nmstate/kubernetes-nmstate/api/shared"
	corev1 "k8s.io/api/core/v1"
)

const (
	policyAvailable   = shared.NodeNetworkConfigurationPolicyConditionAvailable
	policyDegraded    = shared.NodeNetworkConfigurationPolicyConditionDegraded
	policyProgressing = shared.NodeNetworkConfigurationPolicyConditionProgressing

	reasonSuccess    = shared.NodeNetworkConfigurationPolicyConditionSuccessfullyConfigured
	reasonFailed     = shared.NodeNetworkConfigurationPolicyConditionFailedToConfigure
	reasonInProgress = shared.NodeNetworkConfigurationPolicyConditionConfigurationProgressing
	reasonNoNode     = shared.NodeNetworkConfigurationPolicyConditionConfigurationNoMatchingNode
)

// tally is what the conditions of a policy are computed from: the nodes that match it and run a handler, and how many
// enactments of its current generation are in which state (kubernetes-nmstate, pkg/policyconditions).
type tally struct {
	nodes     int
	notReady  int
	available int
	failing   int
	aborted   int
	pending   int
}

func (t tally) finished() int {
	return t.available + t.failing + t.aborted
}

func (t tally) ready() int {
	return t.nodes - t.notReady
}

// count adds one enactment of the current generation. Retrying counts as failing, so that a policy shows Degraded
// between attempts.
func (t *tally) count(conditions shared.ConditionList) {
	switch {
	case isTrue(conditions, enactmentAvailable):
		t.available++
	case isTrue(conditions, enactmentFailing):
		t.failing++
	case isTrue(conditions, enactmentAborted):
		t.aborted++
	case isTrue(conditions, enactmentPending):
		t.pending++
	}
}

// policyVerdict is the matrix of kubernetes-nmstate, pkg/policyconditions/conditions.go.
func policyVerdict(t tally) []condition {
	switch {
	case t.nodes == 0:
		return []condition{
			{policyDegraded, corev1.ConditionFalse, reasonNoNode, ""},
			{policyAvailable, corev1.ConditionFalse, reasonNoNode, ""},
			{policyProgressing, corev1.ConditionFalse, reasonNoNode, ""},
			{conditionIgnored, corev1.ConditionTrue, reasonNoNode, "Policy does not match any node"},
		}
	case t.failing > 0 || t.aborted > 0:
		return policyFailedVerdict(t)
	case t.finished() < t.ready() || t.pending > 0:
		return policyProgressingVerdict(t)
	default:
		message := fmt.Sprintf("%d/%d nodes successfully configured", t.available, t.nodes) + notReadySuffix(t)
		return []condition{
			{policyDegraded, corev1.ConditionFalse, reasonSuccess, ""},
			{policyAvailable, corev1.ConditionTrue, reasonSuccess, message},
			{policyProgressing, corev1.ConditionFalse, reasonSuccess, ""},
			{conditionIgnored, corev1.ConditionFalse, reasonSuccess, ""},
		}
	}
}

func policyFailedVerdict(t tally) []condition {
	message := fmt.Sprintf("%d/%d nodes failed to configure", t.failing, t.nodes)
	if t.aborted > 0 {
		message += fmt.Sprintf(", %d nodes aborted configuration", t.aborted)
	}
	return []condition{
		{policyDegraded, corev1.ConditionTrue, reasonFailed, message},
		{policyAvailable, corev1.ConditionFalse, reasonFailed, ""},
		{policyProgressing, corev1.ConditionFalse, reasonInProgress, ""},
		{conditionIgnored, corev1.ConditionFalse, reasonFailed, ""},
	}
}

func policyProgressingVerdict(t tally) []condition {
	message := fmt.Sprintf("Policy is progressing %d/%d nodes finished", t.finished(), t.ready())
	if t.finished() >= t.ready() {
		message += fmt.Sprintf(", %d pending", t.pending)
	}
	return []condition{
		{policyDegraded, corev1.ConditionUnknown, reasonInProgress, ""},
		{policyAvailable, corev1.ConditionUnknown, reasonInProgress, ""},
		{policyProgressing, corev1.ConditionTrue, reasonInProgress, message + notReadySuffix(t)},
		{conditionIgnored, corev1.ConditionFalse, reasonInProgress, ""},
	}
}

func notReadySuffix(t tally) string {
	if t.notReady == 0 {
		return ""
	}
	return fmt.Sprintf(", %d nodes ignored due to NotReady state", t.notReady)
}

// policyReset is what a policy shows when a handler takes it up anew.
func policyReset() []condition {
	return untouched(policyAvailable, policyDegraded, policyProgressing, conditionIgnored)
}
