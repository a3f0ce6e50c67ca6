// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab/nmstate/host"
)

// unfencedRefusals are the bridges that are refused where no WukongUplink exists.
func unfencedRefusals() []refusal {
	return slices.Concat(refusedByNIC(), refusedByAddress(), refusedByVLAN(), refusedByName(), refusedByHolder(), refusedByPolicy())
}

// put returns a step that puts a link on one node by hand.
func put(node string, link func(r *row) host.Interface) func(*world, *row) {
	return func(w *world, r *row) { w.must(w.NMState.Foreign(node, link(r))) }
}

// take returns a step that takes a link off one node by hand.
func take(node string, name func(r *row) string) func(*world, *row) {
	return func(w *world, r *row) { w.must(w.NMState.Node(node).Unplug(name(r))) }
}

func nicOf(r *row) string    { return r.nic }
func bridgeOf(r *row) string { return r.bridge }
func vlanOf(r *row) string   { return r.nic + ".100" }

// other is a link of the row that belongs to somebody else.
func other(r *row) string { return "x-" + r.nic }

// nicThat returns the row's NIC with something special about it.
func nicThat(change func(*host.Interface)) func(r *row) host.Interface {
	return func(r *row) host.Interface {
		link := host.Interface{Name: r.nic, Type: host.TypeEthernet}
		change(&link)
		return link
	}
}

func plainNIC(r *row) host.Interface { return host.Interface{Name: r.nic, Type: host.TypeEthernet} }

// holding returns a link of somebody else with the given ports.
func holding(kind string, ports ...func(r *row) string) func(r *row) host.Interface {
	return func(r *row) host.Interface {
		link := host.Interface{Name: other(r), Type: kind}
		for _, port := range ports {
			link.Ports = append(link.Ports, host.Port{Name: port(r)})
		}
		return link
	}
}

func vlanLink(name, nic string) host.Interface {
	return host.Interface{Name: name, Type: host.TypeVLAN, VLAN: &host.VLAN{Base: nic, ID: 100}}
}

func asUntagged(r *row) vmv1alpha1.Network { return r.untagged() }

func asOVS(r *row) vmv1alpha1.Network {
	network := r.tagged()
	network.Type = vmv1alpha1.NetworkTypeOVS
	return network
}

// asTrunk asks for a port without a tag, to which every VLAN goes.
func asTrunk(r *row) vmv1alpha1.Network {
	network := r.untagged()
	network.Type = vmv1alpha1.NetworkTypeOVS
	return network
}

func refusedByNIC() []refusal {
	return []refusal{
		{
			name: "NIC missing on one node", cause: take("node-2", nicOf), cure: put("node-2", plainNIC),
			reason: vmv1alpha1.ReasonNICMissing, texts: []string{"node node-2 has no NIC", "WukongUplink"},
		},
		{
			name: "NIC down", cause: put("node-2", nicThat(func(l *host.Interface) { l.State = host.StateDown })), cure: put("node-2", plainNIC),
			reason: vmv1alpha1.ReasonNICDown, texts: []string{"of node node-2 is down", "bring it up"},
		},
		{
			name: "NIC unmanaged", cause: put("node-3", nicThat(func(l *host.Interface) { l.State = host.StateIgnore })), cure: put("node-3", plainNIC),
			reason: vmv1alpha1.ReasonNICDown, texts: []string{"node-3", "nmcli device set"},
		},
		{
			name: "NIC in another bridge", network: asUntagged, cause: put("node-1", holding(host.TypeLinuxBridge, nicOf)), cure: take("node-1", other),
			reason: vmv1alpha1.ReasonNICInUse, texts: []string{"is a port of linux-bridge x-nic", "use bridgeName"},
		},
		{
			name: "NIC in an Open vSwitch bridge", network: asUntagged, cause: put("node-1", holding(host.TypeOVSBridge, nicOf)), cure: take("node-1", other),
			reason: vmv1alpha1.ReasonNICInUse, texts: []string{"is a port of ovs-bridge x-nic"},
		},
		{
			name: "NIC in a bond", network: asUntagged, cause: put("node-1", holding(host.TypeBond, nicOf)), cure: take("node-1", other),
			reason: vmv1alpha1.ReasonNICInUse, texts: []string{"is a port of bond x-nic", "as the uplink"},
		},
		{
			name: "VLAN of a NIC in a bond", cause: put("node-1", holding(host.TypeBond, nicOf)), cure: take("node-1", other),
			reason: vmv1alpha1.ReasonNICInUse, texts: []string{"is a port of bond x-nic", "as the uplink"},
		},
		{
			name: "MTU larger than the NIC's",
			network: func(r *row) vmv1alpha1.Network {
				network, mtu := r.tagged(), int32(9000)
				network.MTU = &mtu
				return network
			},
			cause:  func(w *world, r *row) { w.must(w.NMState.Foreign("node-1", jumbo(r))) },
			cure:   func(w *world, r *row) { w.everywhere(jumbo(r)) },
			reason: vmv1alpha1.ReasonMTUTooLarge, texts: []string{"wants an MTU of 9000", "carries 1500", "2 nodes"},
		},
	}
}

func jumbo(r *row) host.Interface {
	return host.Interface{Name: r.nic, Type: host.TypeEthernet, MTU: 9000}
}

// address gives the row's NIC on a node an address, and a default route through it when a destination is given.
func address(node, cidr, destination string) func(*world, *row) {
	return func(w *world, r *row) {
		w.must(w.NMState.Node(node).Reconfigure(func(state host.State) host.State {
			link := state.Interfaces[r.nic]
			family := host.IP{Enabled: true, Addresses: []string{cidr}}
			if destination == "::/0" || destination == "" && slices.Contains([]byte(cidr), ':') {
				link.IPv6 = family
			} else {
				link.IPv4 = family
			}
			state.Interfaces[r.nic] = link
			if destination != "" {
				state.Routes = append(state.Routes, host.Route{
					Destination: destination, Interface: r.nic, Gateway: cidr, Table: 254, Metric: 500,
				})
			}
			return state
		}))
	}
}

// noAddress takes the addresses and routes from the row's NIC on a node.
func noAddress(node string) func(*world, *row) {
	return func(w *world, r *row) {
		w.must(w.NMState.Node(node).Reconfigure(func(state host.State) host.State {
			link := state.Interfaces[r.nic]
			link.IPv4, link.IPv6 = host.IP{}, host.IP{}
			state.Interfaces[r.nic] = link
			state.Routes = slices.DeleteFunc(state.Routes, func(route host.Route) bool { return route.Interface == r.nic })
			return state
		}))
	}
}

// internal makes an address one of a node's own, and puts it on the row's NIC.
func internal(name, ip, cidr string) func(*world, *row) {
	return func(w *world, r *row) {
		w.addInternalIP(name, ip)
		address(name, cidr, "")(w, r)
	}
}

func (w *world) addInternalIP(name, ip string) {
	w.t.Helper()
	node := &corev1.Node{}
	w.must(w.Client.Get(w.t.Context(), client.ObjectKey{Name: name}, node))
	node.Status.Addresses = append(node.Status.Addresses, corev1.NodeAddress{Type: corev1.NodeInternalIP, Address: ip})
	w.must(w.Client.Status().Update(w.t.Context(), node))
}

func refusedByAddress() []refusal {
	atRisk := vmv1alpha1.ReasonHostIPAtRisk
	return []refusal{
		{
			name: "default route IPv4", network: asUntagged, cause: address("node-2", "10.9.0.2/24", "0.0.0.0/0"), cure: noAddress("node-2"),
			reason: atRisk, texts: []string{"node node-2 would lose the default route", "use a VLAN of", "hostIP: Move"},
		},
		{
			name: "default route IPv6", network: asUntagged, cause: address("node-2", "fd09::2/64", "::/0"), cure: noAddress("node-2"),
			reason: atRisk, texts: []string{"node node-2 would lose the default route"},
		},
		{
			name: "InternalIP IPv4", network: asUntagged, cause: internal("node-3", "10.8.0.3", "10.8.0.3/24"), cure: noAddress("node-3"),
			reason: atRisk, texts: []string{"node node-3 would lose its InternalIP 10.8.0.3"},
		},
		{
			name: "InternalIP IPv6", network: asUntagged, cause: internal("node-3", "fd08:0:0::3", "fd08::3/64"), cure: noAddress("node-3"),
			reason: atRisk, texts: []string{"node node-3 would lose its InternalIP fd08::3"},
		},
		{
			name: "another address", network: asUntagged, cause: address("node-1", "203.0.113.5/24", ""), cure: noAddress("node-1"),
			reason: atRisk, texts: []string{"node node-1 would lose address 203.0.113.5/24"},
		},
		{
			name: "Open vSwitch on a NIC with an address", network: asOVS, cause: address("node-1", "203.0.113.6/24", ""), cure: noAddress("node-1"),
			reason: atRisk, texts: []string{"node node-1 would lose address 203.0.113.6/24", "network of type bridge"},
		},
	}
}

func refusedByVLAN() []refusal {
	return []refusal{
		{
			name: "VLAN in another bridge",
			cause: func(w *world, r *row) {
				w.must(w.NMState.Foreign("node-2", vlanLink(vlanOf(r), r.nic)))
				w.must(w.NMState.Foreign("node-2", holding(host.TypeLinuxBridge, vlanOf)(r)))
			},
			cure: func(w *world, r *row) {
				take("node-2", other)(w, r)
				take("node-2", vlanOf)(w, r)
			},
			reason: vmv1alpha1.ReasonVLANInUse, texts: []string{"VLAN 100 of NIC", "of node node-2 is in x-nic", "use bridgeName x-nic"},
		},
		{
			name:  "VLAN under another name",
			cause: put("node-2", func(r *row) host.Interface { return vlanLink(other(r), r.nic) }), cure: take("node-2", other),
			reason: vmv1alpha1.ReasonVLANInUse, texts: []string{"node node-2 has VLAN 100", "as interface x-nic", "rename or remove"},
		},
		{
			name: "VLAN interface with an address",
			cause: put("node-2", func(r *row) host.Interface {
				link := vlanLink(vlanOf(r), r.nic)
				link.IPv4 = host.IP{Enabled: true, Addresses: []string{"203.0.113.7/24"}}
				return link
			}),
			cure:   take("node-2", vlanOf),
			reason: vmv1alpha1.ReasonHostIPAtRisk, texts: []string{"node node-2 would lose address 203.0.113.7/24", "use another VLAN"},
		},
		{
			name:  "name of the VLAN interface taken",
			cause: put("node-2", func(r *row) host.Interface { return host.Interface{Name: vlanOf(r), Type: host.TypeDummy} }), cure: take("node-2", vlanOf),
			reason: vmv1alpha1.ReasonBridgeNameTaken, texts: []string{"of type dummy, not VLAN 100", "use another VLAN"},
		},
	}
}

func refusedByName() []refusal {
	named := func(kind string, ports ...func(r *row) string) func(*world, *row) {
		return put("node-3", func(r *row) host.Interface {
			link := holding(kind, ports...)(r)
			link.Name = r.bridge
			return link
		})
	}
	taken := func(name string, cause func(*world, *row), texts ...string) refusal {
		return refusal{
			name: "bridge name taken by " + name, cause: cause, cure: take("node-3", bridgeOf), reason: vmv1alpha1.ReasonBridgeNameTaken,
			texts: append(texts, "node node-3 has", "choose another bridgeName"),
		}
	}
	return []refusal{
		taken("a dummy", named(host.TypeDummy), "of type dummy"),
		taken("a NIC", named(host.TypeEthernet), "of type ethernet"),
		taken("another type of bridge", named(host.TypeOVSBridge), "of type ovs-bridge"),
		taken("a bridge with another port", named(host.TypeLinuxBridge, func(r *row) string { return r.spare }), "the port alt"),
		taken("a bridge without ports", named(host.TypeLinuxBridge), "no NIC as a port"),
	}
}

// refusedByHolder are refused because an older claim of another namespace has what they ask for.
func refusedByHolder() []refusal {
	held := func(name, reason string, has, asks func(r *row) vmv1alpha1.Network, texts ...string) refusal {
		return refusal{
			name: name, network: asks,
			cause:  func(w *world, r *row) { r.hold(w, has(r)) },
			cure:   func(w *world, r *row) { w.delete("holders", r.holder) },
			reason: reason, texts: append(texts, "holders/has"),
		}
	}
	tagged := func(r *row) vmv1alpha1.Network { return r.tagged() }
	elsewhere := func(r *row) vmv1alpha1.Network { return on(r.spare, bridged("lan", r.bridge, 100)) }
	otherVLAN := func(r *row) vmv1alpha1.Network { return on(r.nic, bridged("lan", r.bridge, 101)) }
	otherBridge := func(r *row) vmv1alpha1.Network { return on(r.nic, bridged("lan", other(r), 100)) }
	otherUntagged := func(r *row) vmv1alpha1.Network { return on(r.nic, bridged("lan", other(r), 0)) }
	smaller := func(r *row) vmv1alpha1.Network {
		network, mtu := r.tagged(), int32(1400)
		network.MTU = &mtu
		return network
	}
	macvlan := func(r *row) vmv1alpha1.Network {
		return vmv1alpha1.Network{Name: "lan", Type: vmv1alpha1.NetworkTypeMacvlan, BridgeName: r.nic}
	}
	conflict := vmv1alpha1.ReasonBridgeConflict
	return []refusal{
		held("bridge with another VLAN", conflict, otherVLAN, tagged, "VLAN 101", "VLAN 100"),
		held("bridge without a VLAN", conflict, asUntagged, tagged, "this claim wants"),
		held("bridge on another NIC", conflict, elsewhere, tagged, "on alt"),
		held("bridge of another type", conflict, asOVS, asUntagged, "ovs-bridge"),
		held("bridge with another MTU", conflict, smaller, tagged, "MTU 1400"),
		held("NIC and VLAN in another bridge", vmv1alpha1.ReasonUplinkConflict, otherBridge, tagged, "already the port of bridge x-nic"),
		held("NIC in another bridge of ours", vmv1alpha1.ReasonUplinkConflict, otherUntagged, asUntagged, "already the port of bridge x-nic"),
		held("NIC in a Linux bridge, asked for Open vSwitch", vmv1alpha1.ReasonUplinkConflict, otherUntagged, asOVS, "already the port of bridge x-nic"),
		held("NIC is a macvlan's parent", vmv1alpha1.ReasonNICInUse, macvlan, asUntagged, "parent of the macvlan"),
	}
}

// refusedByPolicy are refused because of a policy of somebody else, even one that NMState has not applied anywhere.
func refusedByPolicy() []refusal {
	foreign := func(name, state string, asks func(r *row) vmv1alpha1.Network, texts ...string) refusal {
		fill := func(r *row) string { return fmt.Sprintf(state, r.bridge, r.nic, r.spare, other(r)) }
		return refusal{
			name: "policy of somebody else " + name, network: asks,
			cause: func(w *world, r *row) { w.foreignPolicy("foreign-"+r.nic, fill(r)) },
			cure: func(w *world, r *row) {
				policy := w.foreignPolicyNamed("foreign-" + r.nic)
				w.remove(policy)
				w.unplug(r.bridge, other(r), vlanOf(r))
				w.everywhere(plainNIC(r))
			},
			reason: vmv1alpha1.ReasonForeignPolicy, texts: append(texts, "policy foreign-nic", "which Wukong did not make"),
		}
	}
	return []refusal{
		foreign("names our bridge with another port",
			"interfaces: [{name: %[1]s, type: linux-bridge, state: up, bridge: {port: [{name: %[3]s}]}}]", nil, "with the port alt"),
		foreign("names our bridge as another type",
			"interfaces: [{name: %[1]s, type: ovs-bridge, state: up, bridge: {port: [{name: %[3]s}]}}]", nil, "of type ovs-bridge"),
		foreign("takes our NIC",
			"interfaces: [{name: %[4]s, type: linux-bridge, state: up, bridge: {port: [{name: %[2]s}]}}]", asUntagged, "a port of x-nic"),
		foreign("takes our NIC into a bond",
			"interfaces: [{name: %[4]s, type: bond, state: up, link-aggregation: {mode: active-backup, port: [%[2]s]}}]", asUntagged, "a port of x-nic"),
		foreign("removes our bridge", "interfaces: [{name: %[1]s, type: linux-bridge, state: absent}]", nil, "removes br"),
		foreign("removes our VLAN", "interfaces: [{name: %[2]s.100, type: vlan, state: absent}]", nil, "which bridge br", "needs"),
		foreign("makes our VLAN under another name",
			"interfaces: [{name: %[4]s, type: vlan, state: up, vlan: {base-iface: %[2]s, id: 100}}]", nil, "as x-nic"),
	}
}

func (w *world) foreignPolicyNamed(name string) client.Object {
	return &metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{APIVersion: "nmstate.io/v1", Kind: "NodeNetworkConfigurationPolicy"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
	}
}
