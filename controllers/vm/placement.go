// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	kubevirtv1 "kubevirt.io/api/core/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
	"github.com/novasphere/wukong/pkg/render/children"
	"github.com/novasphere/wukong/pkg/render/vm"
)

// settling is how long a new machine waits for the rest of its nodes when the first ones have its bridges. Its pod keeps the
// list of nodes it was made with, so machines that came too early would all be on the first node, or find no room there
// for good.
const settling = 2 * time.Minute

// placement is where a machine may be started, as the claims on its bridges say.
type placement struct {
	// bridges are the hostnames of the nodes for each bridge that somebody checks.
	bridges [][]string
	// undecided tells that the claims cannot be gone by for the moment, because one has not reported yet or no node has
	// all the bridges while NMState still works on them.
	undecided bool
	// growing tells that NMState still works on nodes, and since is when the last bridge got its first node.
	growing bool
	since   time.Time
	// nowhere says that no node has all the bridges and what to do about it; empty where one has.
	nowhere string
}

// placement returns where the machine may be started. The error is that of marshalling.
func (seen *observed) placement() (placement, error) {
	var where placement
	var located []string
	for _, child := range children.Of(seen.wukong, "") {
		if child.NodeBridge == nil {
			continue
		}
		revision, err := child.Revision()
		if err != nil {
			return placement{}, err
		}
		claim := seen.bridgeOf(seen.networkOf(child.Network, revision))
		bridge := reachOf(claim)
		switch {
		case bridge.trusted:
		case !bridge.reported:
			where.undecided = true
		default:
			where.bridges = append(where.bridges, bridge.hosts)
			located = append(located, fmt.Sprintf("bridge %s is on %s", child.NodeBridge.BridgeName, listed(bridge.hosts)))
			where.growing = where.growing || bridge.underWay
			if since := availableSince(claim); since.After(where.since) {
				where.since = since
			}
		}
	}
	if where.undecided || len(where.bridges) == 0 || len(vm.CommonHosts(where.bridges)) > 0 {
		return where, nil
	}
	if where.growing {
		where.undecided = true
		return where, nil
	}
	where.nowhere = fmt.Sprintf("no node has all the bridges that the machine needs: %s; correct what keeps a bridge off a node, "+
		"as its WukongNodeBridge says, or give the networks uplinks that the same nodes have", strings.Join(located, ", "))
	return where, nil
}

// bridgeOf returns the claim that a network waits for, nil when it is gone or going.
func (seen *observed) bridgeOf(network *vmv1alpha1.WukongNetwork) *vmv1alpha1.WukongNodeBridge {
	if network == nil {
		return nil
	}
	for i := range seen.bridges {
		if bridge := &seen.bridges[i]; bridge.Name == network.Spec.NodeBridgeName && bridge.DeletionTimestamp.IsZero() {
			return bridge
		}
	}
	return nil
}

// listed joins the names of nodes, and only counts those that would make a message unreadable.
func listed(hosts []string) string {
	const most = 5
	switch {
	case len(hosts) == 0:
		return "no node"
	case len(hosts) > most:
		return fmt.Sprintf("%s and %d more", strings.Join(hosts[:most], ", "), len(hosts)-most)
	}
	return strings.Join(hosts, ", ")
}

// availableSince returns when a claim's bridge got its first node.
func availableSince(claim *vmv1alpha1.WukongNodeBridge) time.Time {
	available := meta.FindStatusCondition(claim.Status.Conditions, vmv1alpha1.ConditionAvailable)
	if available == nil {
		return time.Time{}
	}
	return available.LastTransitionTime.Time
}

// admit reports whether the machine may be made or brought up to date. One that exists always may: it goes on running
// where it is, and only its next start is about the nodes.
func (p placement) admit(machine *kubevirtv1.VirtualMachine, now time.Time, res *result) bool {
	if p.nowhere != "" {
		nowhere := conditions.False(vmv1alpha1.ConditionVirtualMachineReady, vmv1alpha1.ReasonNoNodeForBridges, p.nowhere)
		res.nowhere = &nowhere
	}
	switch {
	case machine != nil:
		return true
	case p.nowhere != "":
		res.blocked = res.nowhere
	case p.undecided:
		res.block(vmv1alpha1.ReasonWaitingForNetworks, "waiting for a node that has all the machine's bridges; NetworksReady says what they lack")
	case p.growing && now.Before(p.since.Add(settling)):
		res.block(vmv1alpha1.ReasonWaitingForNetworks, "waiting for NMState to bring the bridges to more nodes, so that the machine has a choice of them; "+
			"it is made in any case %s after the first node", settling)
		res.again = p.since.Add(settling).Sub(now)
	}
	return res.blocked == nil
}

// keep leaves the machine's affinity as it was decided before while nothing can be decided: to drop it would let the
// machine start on nodes without its bridges.
func (p placement) keep(built, live *kubevirtv1.VirtualMachine) {
	if !p.undecided || live == nil || live.Spec.Template == nil {
		return
	}
	built.Spec.Template.Spec.Affinity = live.Spec.Template.Spec.Affinity.DeepCopy()
}
