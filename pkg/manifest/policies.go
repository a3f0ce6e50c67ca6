// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"errors"
	"time"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	"k8s.io/apimachinery/pkg/types"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/naming"
	"github.com/novasphere/wukong/pkg/nodenet"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// claimed is a claim and the machine it is made for.
type claimed struct {
	nodenet.Claim
	machine *machineObjects
	network string
}

// claimsOf returns all claims, the oldest first, and of different age so that none depends on its name.
func claimsOf(machines []*machineObjects) []claimed {
	var claims []claimed
	for _, m := range machines {
		for _, made := range m.networks {
			if made.bridge == nil {
				continue
			}
			claims = append(claims, claimed{machine: m, network: made.network.Spec.Network, Claim: nodenet.Claim{
				Key:     types.NamespacedName{Namespace: made.bridge.Namespace, Name: made.bridge.Name},
				Created: time.Unix(int64(len(claims)), 0),
				Bridge:  nncp.OfClaim(made.bridge.Spec),
			}})
		}
	}
	return claims
}

// policiesOf returns the policies by the claim they stand with. The error joins a *WukongError for each claim that
// contradicts an older one.
func policiesOf(machines []*machineObjects) (map[types.NamespacedName]*nmstatev1.NodeNetworkConfigurationPolicy, error) {
	claims := claimsOf(machines)
	policies := map[types.NamespacedName]*nmstatev1.NodeNetworkConfigurationPolicy{}
	decided, taken := map[string]bool{}, map[string]bool{}
	var errs []error
	for _, claim := range claims {
		bridge := claim.Bridge.Name
		if decided[bridge] {
			continue
		}
		decided[bridge] = true
		decision := nodenet.Decide(observe(bridge, claims))
		errs = append(errs, conflicts(claims, decision)...)
		if decision.Present == nil {
			continue
		}
		first := decision.FirstClaim
		name := naming.Policy(first.Name)
		if taken[name] {
			name = naming.PolicyInNamespace(first.Namespace, first.Name)
		}
		taken[name] = true
		policy, err := nncp.Present(name, *decision.Present)
		if err != nil {
			return nil, err
		}
		policies[first] = policy
	}
	return policies, errors.Join(errs...)
}

// observe returns what the nmstate controller would see of a bridge before it makes the policy.
func observe(bridge string, claims []claimed) nodenet.Observed {
	seen := nodenet.Observed{BridgeName: bridge, NMStateServed: true}
	for _, claim := range claims {
		if claim.Bridge.Name == bridge {
			seen.Claims = append(seen.Claims, claim.Claim)
		} else {
			seen.Rivals = append(seen.Rivals, claim.Claim)
		}
	}
	return seen
}

func conflicts(claims []claimed, decision nodenet.Decision) []error {
	var errs []error
	for _, claim := range claims {
		verdict, told := decision.Verdicts[claim.Key]
		if !told {
			continue
		}
		switch verdict.Ready.Reason {
		case vmv1alpha1.ReasonBridgeConflict, vmv1alpha1.ReasonUplinkConflict:
			errs = append(errs, claim.machine.problem(claim.network, verdict.Ready.Message))
		}
	}
	return errs
}
