// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"fmt"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// recordFailure emits the event that a handler emits when it gives up on a policy.
func (a *Actor) recordFailure(ctx context.Context, policy *nmstatev1.NodeNetworkConfigurationPolicy, enactment string) {
	now := metav1.Now()
	event := &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, GenerateName: policy.Name + "."},
		InvolvedObject: corev1.ObjectReference{
			APIVersion: nmstatev1.GroupVersion.String(), Kind: "NodeNetworkConfigurationPolicy",
			Name: policy.Name, UID: policy.UID,
		},
		Reason:         "ReconcileFailed",
		Message:        fmt.Sprintf("reconciliation of enactment %q has failed after %d retries", enactment, Attempts),
		Type:           corev1.EventTypeWarning,
		Source:         corev1.EventSource{Component: "nmstate-handler"},
		FirstTimestamp: now,
		LastTimestamp:  now,
		Count:          1,
	}
	if err := a.client.Create(ctx, event); err != nil {
		a.complain(err, "Recording the failure failed", "policy", policy.Name)
	}
}
