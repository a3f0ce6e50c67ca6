// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"slices"

	"k8s.io/apimachinery/pkg/types"
)

// Decide returns what is to be done about a bridge. The rules: one
// policy for all claims, the oldest claim wins a conflict, and the bridge goes when the last claim has left.
func Decide(o Observed) Decision {
	o.Claims = slices.SortedFunc(slices.Values(o.Claims), Claim.before)
	d := Decision{Verdicts: make(map[types.NamespacedName]Verdict, len(o.Claims))}
	if !o.NMStateServed {
		withoutNMState(o, &d)
		return d
	}
	holder := o.holder()
	switch {
	case holder != nil && (o.Policy == nil || o.Policy.Bridge == holder.Bridge):
		keep(o, *holder, &d)
	case o.Policy != nil && (holder != nil || len(o.Claims) > 0 || !o.Policy.TeardownSince.IsZero()):
		// Nobody wants what the policy makes: everybody left, or who stays wants another bridge of this name.
		tearDown(o, holder, &d)
	default:
		for _, claim := range o.Claims {
			d.Verdicts[claim.Key] = o.withoutPolicy(claim)
		}
	}
	return d
}

// holder returns the claim that says what the bridge is, nil when no claim may. A bridge that exists belongs to
// the claims it was made for, however old another one is; else it is the oldest claim's.
func (o Observed) holder() *Claim {
	var oldest *Claim
	for i, claim := range o.Claims {
		if claim.leaving() || o.rivalOf(claim) != nil {
			continue
		}
		if o.Policy != nil && o.Policy.TeardownSince.IsZero() && o.Policy.Bridge == claim.Bridge {
			return &o.Claims[i]
		}
		if oldest == nil {
			oldest = &o.Claims[i]
		}
	}
	return oldest
}

// rivalOf returns the older claim that has the same NIC and VLAN in another bridge, nil when there is none.
func (o Observed) rivalOf(claim Claim) *Claim {
	var oldest *Claim
	for i, rival := range o.Rivals {
		sameSegment := rival.Bridge.Uplink == claim.Bridge.Uplink && rival.Bridge.VLANID == claim.Bridge.VLANID
		if !sameSegment || rival.Bridge.Name == claim.Bridge.Name || rival.leaving() || rival.before(claim) > 0 {
			continue
		}
		if oldest == nil || rival.before(*oldest) < 0 {
			oldest = &o.Rivals[i]
		}
	}
	return oldest
}

// keep decides about a bridge that is wanted.
func keep(o Observed, holder Claim, d *Decision) {
	bridge := holder.Bridge
	d.FirstClaim = holder.Key
	if o.Policy == nil || !o.Policy.Deleting {
		d.Present = &bridge
	}
	var nodes []NodeResult
	if o.Policy != nil && o.Policy.TeardownSince.IsZero() {
		nodes = o.nodeResults()
	}
	for _, claim := range o.Claims {
		switch rival := o.rivalOf(claim); {
		case claim.leaving():
			d.Verdicts[claim.Key] = Verdict{Release: true}
		case claim.Bridge != bridge:
			d.Verdicts[claim.Key] = bridgeConflict(claim, holder)
		case rival != nil:
			d.Verdicts[claim.Key] = uplinkConflict(claim, *rival)
		default:
			d.Verdicts[claim.Key] = o.progress(claim, nodes)
		}
	}
}

// withoutPolicy returns what a claim is told when there is no policy and none is wanted.
func (o Observed) withoutPolicy(claim Claim) Verdict {
	if claim.leaving() {
		return Verdict{Release: true}
	}
	if rival := o.rivalOf(claim); rival != nil {
		return uplinkConflict(claim, *rival)
	}
	return o.progress(claim, nil)
}

// withoutNMState decides while the cluster does not serve NMState's API: the nodes are not ours to configure.
func withoutNMState(o Observed, d *Decision) {
	for _, claim := range o.Claims {
		if claim.leaving() {
			d.Verdicts[claim.Key] = Verdict{Release: true}
			continue
		}
		d.Verdicts[claim.Key] = nmstateNotInstalled(claim)
	}
}
