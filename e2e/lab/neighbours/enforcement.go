// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package neighbours

import (
	"context"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var nncpResource = schema.GroupVersionResource{
	Group: "nmstate.io", Version: "v1", Resource: "nodenetworkconfigurationpolicies",
}

// waitNMStatePolicyEnforced tries, without effect, to create what the policy forbids until that is refused. The apiserver takes up
// a policy some time after it was stored and says nowhere when it has.
func (c *cluster) waitNMStatePolicyEnforced(ctx context.Context) error {
	forbidden := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": nncpResource.GroupVersion().String(),
		"kind":       "NodeNetworkConfigurationPolicy",
		// A name that Kubernetes allows and NMState does not.
		"metadata": map[string]any{"name": strings.Repeat("a", 64)},
		"spec":     map[string]any{},
	}}
	dryRun := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	return waitUntil(ctx, func(ctx context.Context) string {
		_, err := c.client.Resource(nncpResource).Create(ctx, forbidden.DeepCopy(), dryRun)
		if err != nil && strings.Contains(err.Error(), "invalid policy name") {
			return ""
		}
		return fmt.Sprintf("the admission policy of NMState is not enforced, what it forbids is answered with the error %v", err)
	})
}
