// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"errors"
	"time"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	"k8s.io/apimachinery/pkg/types"

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
				Wanted:  nodenet.WantedBy(made.bridge.Spec),
			}})
		}
	}
	return claims
}

// policiesOf returns the policies by the claim they stand with. The error joins a *WukongError for each claim that
// contradicts an older one.
func policiesOf(machines []*machineObjects) (map[types.NamespacedName]*nmstatev1.NodeNetworkConfigurationPolicy, error) {
	claims := claimsOf(machines)
	// What the nmstate controller would see before it makes a policy, but for the nodes.
	world := nodenet.World{NMStateServed: true, Offline: true}
	for _, claim := range claims {
		world.Claims = append(world.Claims, claim.Claim)
	}
	plan := nodenet.Make(world)
	policies := map[types.NamespacedName]*nmstatev1.NodeNetworkConfigurationPolicy{}
	decided, taken := map[string]bool{}, map[string]bool{}
	var errs []error
	for _, claim := range claims {
		bridge := claim.Wanted.Bridge
		if decided[bridge] {
			continue
		}
		decided[bridge] = true
		decision := plan.Bridges[bridge]
		errs = append(errs, refusals(claims, decision)...)
		for _, write := range decision.Writes {
			first := decision.FirstClaim
			name := naming.Policy(first.Name)
			if taken[name] {
				name = naming.PolicyInNamespace(first.Namespace, first.Name)
			}
			taken[name] = true
			policy, err := nncp.Present(name, write.Bridge, 0)
			if err != nil {
				return nil, err
			}
			policies[first] = policy
		}
	}
	return policies, errors.Join(errs...)
}

func refusals(claims []claimed, decision nodenet.Decision) []error {
	var errs []error
	for _, claim := range claims {
		if verdict, told := decision.Verdicts[claim.Key]; told && verdict.Refused {
			errs = append(errs, claim.machine.problem(claim.network, verdict.Ready.Message))
		}
	}
	return errs
}
