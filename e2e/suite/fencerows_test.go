// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab/nmstate"
)

// TestFenceRefusals is TestRefusals where WukongUplinks exist.
func TestFenceRefusals(t *testing.T) {
	rows := slices.Concat(refusedByFence(), refusedByQuota(), refusedByGroups(), refusedByMove(), refusedByUplink())
	w := newWorld(t, nodesWith(rowNICs(len(rows)), "node-1", "node-2", "node-3"))
	for i := 1; i <= 3; i++ {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("node-%d", i)}}
		w.label(node, "rack", []string{"", "a", "b", "b"}[i])
	}
	w.try(rows)
}

// fenced returns a step that makes the row's uplink on the row's NIC.
func fenced(change func(*vmv1alpha1.WukongUplinkSpec)) func(*world, *row) {
	return func(w *world, r *row) {
		uplink := newUplink(r.uplink, r.nic)
		change(&uplink.Spec)
		w.create(uplink)
	}
}

// moved returns a step that changes the row's uplink.
func moved(change func(*vmv1alpha1.WukongUplinkSpec)) func(*world, *row) {
	return func(w *world, r *row) { w.changeUplink(r.uplink, change) }
}

func both(steps ...func(*world, *row)) func(*world, *row) {
	return func(w *world, r *row) {
		for _, step := range steps {
			step(w, r)
		}
	}
}

func plain(*vmv1alpha1.WukongUplinkSpec) {}

func refusedByFence() []refusal {
	type spec = vmv1alpha1.WukongUplinkSpec
	moves := func(name, reason string, before, after func(*spec), asks func(r *row) vmv1alpha1.Network, texts ...string) refusal {
		return refusal{name: name, network: asks, cause: fenced(before), cure: moved(after), reason: reason, texts: append(texts, "WukongUplink wire")}
	}
	vlans := func(first, last int32) func(*spec) {
		return func(s *spec) { s.VLANRanges = []vmv1alpha1.VLANRange{{First: first, Last: last}} }
	}
	untagged := func(policy vmv1alpha1.UntaggedPolicy) func(*spec) { return func(s *spec) { s.Untagged = policy } }
	types := func(types ...vmv1alpha1.NetworkType) func(*spec) { return func(s *spec) { s.NetworkTypes = types } }
	mtu := func(most int32) func(*spec) { return func(s *spec) { s.MTU = &most } }
	withMTU := func(r *row) vmv1alpha1.Network {
		network, mtu := r.tagged(), int32(1450)
		network.MTU = &mtu
		return network
	}
	return []refusal{
		moves("VLAN outside the ranges", vmv1alpha1.ReasonVLANNotAllowed, vlans(200, 299), vlans(100, 299), nil, "does not allow VLAN 100", "200-299"),
		moves("no VLAN at all", vmv1alpha1.ReasonVLANNotAllowed, func(s *spec) { s.VLANRanges = nil }, vlans(100, 100), nil, "it allows no VLAN"),
		moves("untagged", vmv1alpha1.ReasonVLANNotAllowed, untagged(vmv1alpha1.UntaggedRefuse), untagged(vmv1alpha1.UntaggedAllow), asUntagged,
			"does not allow untagged", "100-199"),
		moves("tag of an Open vSwitch port", vmv1alpha1.ReasonVLANNotAllowed, vlans(200, 299), vlans(100, 299), asOVS, "does not allow VLAN 100", "200-299"),
		moves("trunk of every VLAN", vmv1alpha1.ReasonVLANNotAllowed, untagged(vmv1alpha1.UntaggedAllow), func(s *spec) {
			s.Untagged, s.VLANRanges = vmv1alpha1.UntaggedAllow, []vmv1alpha1.VLANRange{{First: 1, Last: 4094}}
		}, asTrunk, "carries every VLAN", "100-199"),
		moves("type", vmv1alpha1.ReasonNetworkTypeNotAllowed, types(vmv1alpha1.NetworkTypeMacvlan), types(vmv1alpha1.NetworkTypeBridge), nil,
			"does not allow networks of type bridge", "use one of macvlan"),
		moves("MTU", vmv1alpha1.ReasonMTUNotAllowed, mtu(1400), mtu(1500), withMTU, "at most 1400", "asks for 1450"),
		{
			name: "namespace", reason: vmv1alpha1.ReasonNamespaceNotAllowed, texts: []string{"is not for namespace asks", "team=red"},
			cause: fenced(func(s *spec) {
				s.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"team": "red"}}
			}),
			cure: func(w *world, r *row) {
				w.label(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: r.wukong}}, "team", "red")
			},
		},
	}
}

func refusedByQuota() []refusal {
	one := int32(1)
	quota := func(name string, quota vmv1alpha1.UplinkQuota, cure func(*world, *row), holds bool, texts ...string) refusal {
		return refusal{
			name: name, reason: vmv1alpha1.ReasonQuotaExceeded, texts: append(texts, "WukongUplink wire"), cure: cure,
			cause: func(w *world, r *row) {
				fenced(func(s *vmv1alpha1.WukongUplinkSpec) { s.Quota = quota })(w, r)
				if holds {
					r.hold(w, on(r.nic, bridged("lan", other(r), 101)))
					return
				}
				// The tenant itself has the one bridge that it may have.
				w.create(newWukong(r.wukong, "first", on(r.nic, bridged("lan", other(r), 101))))
				w.expectReady(r.wukong, "first")
			},
		}
	}
	return []refusal{
		quota("quota", vmv1alpha1.UplinkQuota{Bridges: &one}, func(w *world, r *row) { w.delete("holders", r.holder) }, true, "at most 1 distinct"),
		quota("quota raised", vmv1alpha1.UplinkQuota{Bridges: &one}, moved(func(s *vmv1alpha1.WukongUplinkSpec) { s.Quota = vmv1alpha1.UplinkQuota{} }), true,
			"at most 1 distinct"),
		quota("quota of the namespace", vmv1alpha1.UplinkQuota{BridgesPerNamespace: &one}, func(w *world, r *row) { w.delete(r.wukong, "first") }, false,
			"allows namespace asks", "1 distinct"),
	}
}

func refusedByGroups() []refusal {
	groups := func(selectors ...map[string]vmv1alpha1.LabelValue) func(*vmv1alpha1.WukongUplinkSpec) {
		return func(s *vmv1alpha1.WukongUplinkSpec) {
			group := s.NodeGroups[0]
			s.NodeGroups = nil
			for i, selector := range selectors {
				group.Name, group.NodeSelector = fmt.Sprintf("g%d", i), selector
				s.NodeGroups = append(s.NodeGroups, group)
			}
		}
	}
	rack := func(name vmv1alpha1.LabelValue) map[string]vmv1alpha1.LabelValue {
		return map[string]vmv1alpha1.LabelValue{"rack": name}
	}
	return []refusal{
		{
			name: "node groups overlap", reason: vmv1alpha1.ReasonUplinkInvalid, texts: []string{"node-1 (g0, g1)", "correct its nodeSelectors"},
			cause: both(fenced(groups(rack("a"), nil)), func(w *world, r *row) {
				w.expectUplink(r.uplink, metav1.ConditionFalse, vmv1alpha1.ReasonNodeGroupsOverlap)
			}),
			cure: moved(groups(rack("a"), rack("b"))),
		},
		{
			name: "no node in a group", reason: vmv1alpha1.ReasonNoMatchingNode, texts: []string{"no healthy node", "in a node group of the uplink"},
			cause: fenced(groups(rack("c"))), cure: moved(groups(rack("b"))),
		},
	}
}

// expectUplink waits until a WukongUplink's Ready has a status and reason.
func (w *world) expectUplink(name string, status metav1.ConditionStatus, reason string) *vmv1alpha1.WukongUplink {
	w.t.Helper()
	uplink := &vmv1alpha1.WukongUplink{}
	w.eventually(fmt.Sprintf("WukongUplink %s is %s %s", name, status, reason), func(ctx context.Context) error {
		if err := w.Client.Get(ctx, client.ObjectKey{Name: name}, uplink); err != nil {
			return err
		}
		condition := meta.FindStatusCondition(uplink.Status.Conditions, vmv1alpha1.ConditionReady)
		if condition == nil || condition.Status != status || condition.Reason != reason {
			return fmt.Errorf("conditions are %s\nnodes are %v", describe(uplink.Status.Conditions), uplink.Status.Nodes)
		}
		return nil
	})
	return uplink
}

func move(s *vmv1alpha1.WukongUplinkSpec) { s.HostIP = vmv1alpha1.HostIPMove }

func refusedByMove() []refusal {
	cannot := vmv1alpha1.ReasonHostIPCannotMove
	return []refusal{
		{
			name: "the host's own NIC, until it may move", reason: vmv1alpha1.ReasonHostIPAtRisk,
			texts:   []string{"would lose the default route and its InternalIP 10.0.0.", "hostIP: Move on the WukongUplink", "3 nodes"},
			network: func(r *row) vmv1alpha1.Network { return on(r.uplink, bridged("lan", r.bridge, 0)) },
			cause:   fenced(func(s *vmv1alpha1.WukongUplinkSpec) { s.NodeGroups[0].Interface = nmstate.ManagementNIC }),
			cure:    moved(move),
		},
		{
			name: "Move with Open vSwitch", network: asOVS, reason: cannot, texts: []string{"an Open vSwitch bridge takes no address"},
			cause: both(fenced(move), address("node-1", "203.0.113.8/24", "")), cure: noAddress("node-1"),
		},
		{
			name: "Move where only some nodes have an address", network: asUntagged, reason: cannot,
			texts: []string{"carries an address on node-1 and not on the other nodes", "node group of their own"},
			cause: both(fenced(move), address("node-1", "203.0.113.9/24", "")), cure: noAddress("node-1"),
		},
		{
			name: "Move does not help a VLAN interface", reason: vmv1alpha1.ReasonHostIPAtRisk, texts: []string{"hostIP: Move does not help"},
			cause: both(fenced(move), func(w *world, r *row) {
				link := vlanLink(vlanOf(r), r.nic)
				link.IPv4.Enabled, link.IPv4.Addresses = true, []string{"203.0.113.10/24"}
				w.must(w.NMState.Foreign("node-2", link))
			}),
			cure: take("node-2", vlanOf),
		},
	}
}

// refusedByUplink are refused because of how they name what carries them.
func refusedByUplink() []refusal {
	byName := func(bridge func(r *row) string) func(r *row) vmv1alpha1.Network {
		return func(r *row) vmv1alpha1.Network { return on(r.uplink, bridged("lan", bridge(r), 100)) }
	}
	return []refusal{
		{
			name: "NIC outside the fence", reason: vmv1alpha1.ReasonUplinkNotFound, texts: []string{"neither a WukongUplink nor an interface of one"},
			cause: func(*world, *row) {}, cure: fenced(plain),
		},
		{
			name: "NIC of several uplinks", reason: vmv1alpha1.ReasonUplinkAmbiguous, texts: []string{"an interface of several WukongUplinks", "-b"},
			cause: both(fenced(plain), func(w *world, r *row) { w.create(newUplink(r.uplink+"-b", r.nic)) }),
			cure: func(w *world, r *row) {
				w.remove(&vmv1alpha1.WukongUplink{ObjectMeta: metav1.ObjectMeta{Name: r.uplink + "-b"}})
			},
		},
		{
			name: "one NIC and VLAN in two spellings", reason: vmv1alpha1.ReasonUplinkConflict, texts: []string{"already the port of bridge x-nic", "holders/has"},
			cause: both(fenced(plain), func(w *world, r *row) { r.hold(w, byName(other)(r)) }),
			cure:  func(w *world, r *row) { w.delete("holders", r.holder) },
		},
		{
			name: "one NIC and VLAN in two spellings, by name", network: byName(bridgeOf), reason: vmv1alpha1.ReasonUplinkConflict,
			texts: []string{"already the port of bridge x-nic", "holders/has"},
			cause: both(fenced(plain), func(w *world, r *row) { r.hold(w, on(r.nic, bridged("lan", other(r), 100))) }),
			cure:  func(w *world, r *row) { w.delete("holders", r.holder) },
		},
		{
			name: "one bridge on two uplinks", reason: vmv1alpha1.ReasonBridgeConflict, texts: []string{"already exists for holders/has", "wire"},
			cause: both(fenced(plain), func(w *world, r *row) {
				w.create(newUplink(r.uplink+"-b", r.spare))
				r.hold(w, on(r.spare, bridged("lan", r.bridge, 100)))
			}),
			cure: func(w *world, r *row) { w.delete("holders", r.holder) },
		},
	}
}
