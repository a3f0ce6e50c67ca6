// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"context"
	"fmt"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/naming"
	"github.com/novasphere/wukong/pkg/nodenet"
)

// nameOf returns the name of a new policy, and whether there is another one to fall back on: the first claimant's form,
// else where that is taken the form with a hash of the namespace.
func (r *reconciler) nameOf(ctx context.Context, seen *observed, decision nodenet.Decision, write nodenet.Write) (name string, other bool, err error) {
	group := write.Bridge.NodeGroup
	switch {
	case write.Role == nodenet.RoleCleanup:
		return naming.CleanupPolicy(seen.bridge, write.Node), false, nil
	case write.Form != nodenet.FormPresent:
		return naming.RemovalPolicy(seen.bridge, group), false, nil
	}
	first := decision.FirstClaim
	preferred, fallback := naming.Policy(first.Name), naming.PolicyInNamespace(first.Namespace, first.Name)
	if groupsOf(seen, write.Bridge.WukongUplink) > 1 {
		preferred, fallback = naming.PolicyOfGroup(first.Name, group), naming.PolicyInNamespace(first.Namespace, first.Name+"-"+group)
	}
	existing := &nmstatev1.NodeNetworkConfigurationPolicy{}
	// Past the cache: another bridge's policy may have been given this name a moment ago.
	err = r.writer.Live.Get(ctx, client.ObjectKey{Name: preferred}, existing)
	switch {
	case apierrors.IsNotFound(err):
		return preferred, true, nil
	case err != nil:
		return "", false, fmt.Errorf("reading policy %s: %w", preferred, err)
	case makes(existing, seen.bridge):
		return preferred, true, nil
	default:
		return fallback, false, nil
	}
}

func groupsOf(seen *observed, uplink string) int {
	for _, candidate := range seen.Uplinks {
		if candidate.Name == uplink {
			return len(candidate.Spec.NodeGroups)
		}
	}
	return 0
}

// makes reports whether a policy is ours and makes the given bridge.
func makes(policy client.Object, bridge string) bool {
	labels := policy.GetLabels()
	return labels[vmv1alpha1.LabelManagedBy] == vmv1alpha1.ManagedByWukong && labels[vmv1alpha1.LabelBridge] == bridge
}
