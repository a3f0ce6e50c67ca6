// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"fmt"
	"maps"
	"net/netip"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/nodenet/hostnet"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// onUplink is a claim on a bridge of the WukongUplink dc.
func onUplink(name string, minute int, bridge string, vlan int32) Claim {
	return claim(name, minute, nncp.Bridge{Name: bridge, Type: vmv1alpha1.BridgeTypeLinux, Uplink: "dc", VLANID: vlan})
}

// tagged makes a claim one on an Open vSwitch bridge, for a port with this tag.
func tagged(claim Claim, tag int32) Claim {
	claim.Wanted.Type, claim.Tag = vmv1alpha1.BridgeTypeOVS, tag
	return claim
}

// datacenter is a WukongUplink with two racks, in which the NIC is another one.
func datacenter(change ...func(*vmv1alpha1.WukongUplinkSpec)) *vmv1alpha1.WukongUplink {
	uplink := &vmv1alpha1.WukongUplink{ObjectMeta: metav1.ObjectMeta{Name: "dc"}}
	uplink.Spec = vmv1alpha1.WukongUplinkSpec{
		NodeGroups: []vmv1alpha1.UplinkNodeGroup{
			{Name: "rack1", Interface: "ens160", NodeSelector: map[string]vmv1alpha1.LabelValue{"rack": "1"}},
			{Name: "rack2", Interface: "ens161", NodeSelector: map[string]vmv1alpha1.LabelValue{"rack": "2"}},
		},
		VLANRanges: []vmv1alpha1.VLANRange{{First: 100, Last: 199}},
		Untagged:   vmv1alpha1.UntaggedRefuse, HostIP: vmv1alpha1.HostIPRefuse, ReclaimPolicy: vmv1alpha1.ReclaimDelete,
	}
	for _, c := range change {
		c(&uplink.Spec)
	}
	return uplink
}

// racked returns healthy nodes named after their rack, as "1a".
func racked(names ...string) []Node {
	nodes := healthy(names...)
	for i := range nodes {
		nodes[i].Labels = map[string]string{"rack": names[i][:1], hostnameLabel: names[i]}
	}
	return nodes
}

// having puts a bridge on a node.
func having(node Node, bridge nncp.Bridge) Node {
	host := *node.Host
	host.Network.Interfaces = maps.Clone(node.Host.Network.Interfaces)
	port := bridge.Port()
	host.Network.Interfaces[bridge.Name] = hostnet.Interface{Name: bridge.Name, Type: string(bridge.Type), State: "up", Ports: []string{port}}
	if bridge.VLANID != 0 {
		host.Network.Interfaces[port] = hostnet.Interface{
			Name: port, Type: "vlan", State: "up", Controller: bridge.Name, VLANBase: bridge.Uplink, VLANID: bridge.VLANID,
		}
	} else {
		nic := host.Network.Interfaces[port]
		nic.Controller = bridge.Name
		host.Network.Interfaces[port] = nic
	}
	node.Host = &host
	return node
}

// carrying gives a NIC an address and the node it.
func carrying(node Node, nic, address string) Node {
	prefix := netip.MustParsePrefix(address)
	host := *node.Host
	host.InternalIPs = []netip.Addr{prefix.Addr()}
	host.Network.Interfaces = map[string]hostnet.Interface{}
	for name, one := range node.Host.Network.Interfaces {
		if name == nic {
			one.Addresses = []netip.Prefix{prefix}
		}
		host.Network.Interfaces[name] = one
	}
	host.Network.DefaultRoutes, host.Network.Routed = []string{nic}, []string{nic}
	node.Host = &host
	return node
}

// world returns a world with one WukongUplink.
func world(uplink *vmv1alpha1.WukongUplink, nodes []Node, claims ...Claim) World {
	w := World{NMStateServed: true, Claims: claims, Nodes: nodes, Now: now, Deadlines: Deadlines{
		Unreachable: unreachable, Slow: slow, Retry: time.Minute, RetryMost: time.Hour, Drift: time.Minute,
	}}
	if uplink != nil {
		w.Uplinks = []*vmv1alpha1.WukongUplink{uplink}
	}
	return w
}

// wrote describes the writes and deletions of a decision, for example "Present rack1 ens160.100".
func wrote(d Decision) string {
	var parts []string
	for _, w := range d.Writes {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", w.Form, w.Bridge.NodeGroup, w.Bridge.Port(), w.Node)))
	}
	for _, x := range d.Deletes {
		parts = append(parts, "delete "+x.Name)
	}
	return strings.Join(parts, ", ")
}

// made returns a policy for a group of dc as it was made for a claim.
func made(w World, claim *Claim, group string, state vmv1alpha1.NodeState) Policy {
	uplink, _ := Resolve(w.Uplinks, claim.Wanted.Uplink)
	bridge := groupsOf(claim.Wanted, uplink)[group]
	p := Policy{Name: claim.Key.Name + "-" + group, Role: RoleBridge, Generation: 3, Bridge: bridge, AcceptsUpdate: true}
	for i := range w.Nodes {
		if w.Nodes[i].matches(bridge.NodeSelector) {
			p.Enactments = append(p.Enactments, Enactment{Node: w.Nodes[i].Name, Generation: 3, State: state, Since: now.Add(-time.Hour)})
		}
	}
	claim.Granted, claim.PolicyName = true, p.Name
	return p
}

func TestOnePolicyForEachNodeGroup(t *testing.T) {
	w := world(datacenter(func(s *vmv1alpha1.WukongUplinkSpec) {
		mtu, most := int32(1400), intstr.FromInt32(1)
		s.MTU, s.MaxUnavailable = &mtu, &most
	}), racked("1a", "1b", "2a", "3a"), onUplink("a", 0, "br-lan", 100), onUplink("b", 1, "br-lan", 100))
	d := Decide(w, "br-lan")
	if got, want := wrote(d), "Present rack1 ens160.100, Present rack2 ens161.100"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	first := d.Writes[0].Bridge
	if first.MTU != 1400 || first.MaxUnavailable != "1" || first.NodeSelector["rack"] != "1" || first.WukongUplink != "dc" {
		t.Errorf("the first group gets %+v", first)
	}
}

func TestFenceRefuses(t *testing.T) {
	one := int32(1)
	for _, tc := range []struct {
		name   string
		uplink func(*vmv1alpha1.WukongUplinkSpec)
		claim  Claim
		others []Claim
		reason string
		says   string
	}{
		{"another NIC", nil, claim("a", 9, wan200), nil, "", ""},
		{"no such uplink", nil, claim("a", 9, nncp.Bridge{Name: "br-x", Type: vmv1alpha1.BridgeTypeLinux, Uplink: "eno9", VLANID: 100}), nil, vmv1alpha1.ReasonUplinkNotFound, "write one of dc as uplink"},
		{"a VLAN out of range", nil, onUplink("a", 9, "br-x", 200), nil, vmv1alpha1.ReasonVLANNotAllowed, "out of 100-199"},
		{"untagged", nil, onUplink("a", 9, "br-x", 0), nil, vmv1alpha1.ReasonVLANNotAllowed, "untagged"},
		{"a tag out of range", nil, tagged(onUplink("a", 9, "br-x", 0), 200), nil, vmv1alpha1.ReasonVLANNotAllowed, "does not allow VLAN 200"},
		{"a trunk", func(s *vmv1alpha1.WukongUplinkSpec) { s.Untagged = vmv1alpha1.UntaggedAllow }, tagged(onUplink("a", 9, "br-x", 0), 0), nil, vmv1alpha1.ReasonVLANNotAllowed, "carries every VLAN"},
		{"a trunk where every VLAN is allowed", func(s *vmv1alpha1.WukongUplinkSpec) {
			s.Untagged, s.VLANRanges = vmv1alpha1.UntaggedAllow, []vmv1alpha1.VLANRange{{First: 1000, Last: 4094}, {First: 1, Last: 1000}}
		}, tagged(onUplink("a", 9, "br-x", 0), 0), nil, "", ""},
		{"a tag in the range", nil, tagged(onUplink("a", 9, "br-x", 0), 100), nil, "", ""},
		{"a namespace", func(s *vmv1alpha1.WukongUplinkSpec) {
			s.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"team": "red"}}
		}, onUplink("a", 9, "br-x", 100), nil, vmv1alpha1.ReasonNamespaceNotAllowed, "team=red"},
		{"a type", func(s *vmv1alpha1.WukongUplinkSpec) { s.NetworkTypes = []vmv1alpha1.NetworkType{"ovs"} }, onUplink("a", 9, "br-x", 100), nil, vmv1alpha1.ReasonNetworkTypeNotAllowed, "use one of ovs"},
		{"an MTU", func(s *vmv1alpha1.WukongUplinkSpec) { s.MTU = new(int32(1500)) }, claim("a", 9, nncp.Bridge{Name: "br-x", Type: vmv1alpha1.BridgeTypeLinux, Uplink: "dc", VLANID: 100, MTU: 9000}), nil, vmv1alpha1.ReasonMTUNotAllowed, "at most 1500"},
		{"the quota of all", func(s *vmv1alpha1.WukongUplinkSpec) { s.Quota.Bridges = &one }, onUplink("a", 9, "br-x", 101), []Claim{onUplink("other/b", 0, "br-y", 100)}, vmv1alpha1.ReasonQuotaExceeded, "at most 1 distinct"},
		{"the quota of a namespace", func(s *vmv1alpha1.WukongUplinkSpec) { s.Quota.BridgesPerNamespace = &one }, onUplink("a", 9, "br-x", 101), []Claim{onUplink("b", 0, "br-y", 100)}, vmv1alpha1.ReasonQuotaExceeded, "namespace ns 1 distinct"},
		{"not the quota of another namespace", func(s *vmv1alpha1.WukongUplinkSpec) { s.Quota.BridgesPerNamespace = &one }, onUplink("a", 9, "br-x", 101), []Claim{onUplink("other/b", 0, "br-y", 100)}, "", ""},
		{"not one bridge more", func(s *vmv1alpha1.WukongUplinkSpec) { s.Quota.Bridges = &one }, onUplink("a", 9, "br-y", 100), []Claim{onUplink("other/b", 0, "br-y", 100)}, "", ""},
		{"nodes in two groups", func(s *vmv1alpha1.WukongUplinkSpec) { s.NodeGroups[1].NodeSelector = nil }, onUplink("a", 9, "br-x", 100), nil, vmv1alpha1.ReasonUplinkInvalid, "1a (rack1, rack2)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			uplink := datacenter()
			if tc.uplink != nil {
				tc.uplink(&uplink.Spec)
			}
			if tc.name == "another NIC" {
				tc.claim.Wanted.VLANID = 150
			}
			w := world(uplink, racked("1a", "2a"), append(tc.others, tc.claim)...)
			d := Decide(w, tc.claim.Wanted.Bridge)
			told := d.Verdicts[tc.claim.Key]
			if tc.reason == "" {
				if len(d.Writes) != 2 || told.Allowed.Status != metav1.ConditionTrue {
					t.Errorf("got %q and %+v", wrote(d), told)
				}
				return
			}
			if len(d.Writes) != 0 || told.Ready.Reason != tc.reason || !strings.Contains(told.Ready.Message, tc.says) {
				t.Errorf("got %q and %+v", wrote(d), told.Ready)
			}
			if tc.reason != vmv1alpha1.ReasonUplinkInvalid && (told.Allowed.Status != metav1.ConditionFalse || told.Allowed.Reason != tc.reason) {
				t.Errorf("Allowed is %+v", told.Allowed)
			}
		})
	}
}

// TestMovedFence moves the fence under a bridge that is used: nothing is written, and it is told.
func TestMovedFence(t *testing.T) {
	c := onUplink("a", 0, "br-lan", 100)
	w := world(datacenter(), racked("1a", "2a"), c)
	w.Policies = []Policy{made(w, &w.Claims[0], "rack1", applied), made(w, &w.Claims[0], "rack2", applied)}
	for i, group := range []int{0, 1} {
		w.Nodes[i] = having(w.Nodes[i], w.Policies[group].Bridge)
	}
	for name, move := range map[string]func(){
		"range":  func() { w.Uplinks[0].Spec.VLANRanges = []vmv1alpha1.VLANRange{{First: 300, Last: 300}} },
		"rename": func() { w.Uplinks[0].Name = "other" },
	} {
		w.Uplinks[0] = datacenter()
		move()
		d := Decide(w, "br-lan")
		told := d.Verdicts[c.Key]
		if told.Allowed.Status != metav1.ConditionFalse || told.Ready.Status != metav1.ConditionTrue {
			t.Errorf("%s: Allowed is %+v, Ready is %+v", name, told.Allowed, told.Ready)
		}
		for _, write := range d.Writes {
			if write.Form != FormPresent || !write.Bridge.Equal(made(world(datacenter(), w.Nodes), &c, write.Bridge.NodeGroup, applied).Bridge) &&
				write.Bridge.WukongUplink != "dc" {
				t.Errorf("%s: wrote %+v", name, write)
			}
		}
	}
}

func TestChanges(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*World)
		wrote  string
		ready  string
	}{
		{"nothing", func(*World) {}, "Present rack1 ens160.100, Present rack2 ens161.100", vmv1alpha1.ReasonApplied},
		{"another MTU, in place", func(w *World) { w.Uplinks[0].Spec.MTU = new(int32(1400)) }, "Present rack1 ens160.100, Present rack2 ens161.100", vmv1alpha1.ReasonApplied},
		{"an MTU that no NIC carries", func(w *World) { w.Uplinks[0].Spec.MTU = new(int32(9001)) }, "", vmv1alpha1.ReasonMTUTooLarge},
		{"while NMState works", func(w *World) {
			w.Uplinks[0].Spec.MTU = new(int32(1400))
			w.Policies[0].AcceptsUpdate = false
		}, "Present rack2 ens161.100", vmv1alpha1.ReasonWaitingForPolicy},
		{"another NIC", func(w *World) { w.Uplinks[0].Spec.NodeGroups[0].Interface = "ens161" }, "Absent rack1 ens160.100, Present rack2 ens161.100", vmv1alpha1.ReasonWaitingForPolicy},
		{"another NIC under a machine", func(w *World) {
			w.Uplinks[0].Spec.NodeGroups[0].Interface = "ens161"
			w.Claims[0].Users = []User{{Name: "VirtualMachine ns/vm", Node: "1a"}}
		}, "Present rack1 ens160.100, Present rack2 ens161.100", vmv1alpha1.ReasonWaitingForMachines},
		{"a group goes", func(w *World) { w.Uplinks[0].Spec.NodeGroups = w.Uplinks[0].Spec.NodeGroups[:1] }, "Present rack1 ens160.100, Absent rack2 ens161.100", vmv1alpha1.ReasonApplied},
		{"a node leaves by its label", func(w *World) { w.Nodes[0].Labels["rack"] = "9" }, "Present rack1 ens160.100, Present rack2 ens161.100, Absent rack1 ens160.100 1a", ""},
		{"a node leaves with a machine on it", func(w *World) {
			w.Nodes[0].Labels["rack"] = "9"
			w.Claims[0].Users = []User{{Name: "VirtualMachine ns/vm", Node: "1a"}}
		}, "Present rack1 ens160.100, Present rack2 ens161.100", ""},
		{"the last claim leaves", func(w *World) { w.Claims[0].DeletedAt = now }, "Absent rack1 ens160.100, Absent rack2 ens161.100", vmv1alpha1.ReasonTearingDown},
		{"the last claim leaves what is retained", func(w *World) {
			w.Claims[0].DeletedAt = now
			w.Uplinks[0].Spec.ReclaimPolicy = vmv1alpha1.ReclaimRetain
		}, "", "release"},
		{"the policies were deleted by hand", func(w *World) { w.Policies = nil }, "Present rack1 ens160.100, Present rack2 ens161.100", vmv1alpha1.ReasonProgressing},
		{"and the claim as well", func(w *World) { w.Policies, w.Claims[0].DeletedAt = nil, now }, "Absent rack1 ens160.100, Absent rack2 ens161.100", vmv1alpha1.ReasonTearingDown},
		{"a bridge removed by hand", func(w *World) { w.Nodes[1].Host = plainHost("2a") }, "Present rack1 ens160.100, Present rack2 ens161.100", vmv1alpha1.ReasonNodesFailed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := onUplink("a", 0, "br-lan", 100)
			c.MadeOn = []string{"1a", "2a"}
			w := world(datacenter(), racked("1a", "2a"), c)
			w.Policies = []Policy{made(w, &w.Claims[0], "rack1", applied), made(w, &w.Claims[0], "rack2", applied)}
			for i := range w.Nodes {
				w.Nodes[i] = having(w.Nodes[i], w.Policies[i].Bridge)
			}
			tc.change(&w)
			d := Decide(w, "br-lan")
			told := d.Verdicts[c.Key]
			ready := told.Ready.Reason
			if told.Release {
				ready = "release"
			}
			if wrote(d) != tc.wrote || tc.ready != "" && ready != tc.ready {
				t.Errorf("got %q and %s (%s), want %q and %s", wrote(d), ready, told.Ready.Message, tc.wrote, tc.ready)
			}
		})
	}
}

// TestRollBackToFewerNodes fails a change on a node that what worked before is not for: it is remembered first what was made
// there.
func TestRollBackToFewerNodes(t *testing.T) {
	for name, tc := range map[string]struct {
		remembered, back bool
	}{
		"not remembered yet": {remembered: false, back: false},
		"remembered":         {remembered: true, back: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := settled()
			w.Nodes[0].Labels["zone"] = "a"
			last := w.Policies[0].Bridge
			last.NodeSelector = maps.Clone(last.NodeSelector)
			last.NodeSelector["zone"] = "z"
			w.Policies[0].LastGood = &last
			w.Policies[0].Enactments[0].State = failed
			if !tc.remembered {
				w.Claims[0].MadeOn = []string{"2a"}
			}
			d := Decide(w, "br-lan")
			if back := d.Writes[0].Refused != nil; back != tc.back {
				t.Errorf("got %+v, %s", d.Writes[0], d.Verdicts[w.Claims[0].Key].Ready.Message)
			}
			if told := statesOf(d.Verdicts[w.Claims[0].Key].Nodes); told != "1a=Failed 2a=Applied" {
				t.Errorf("the claim is told %s", told)
			}
		})
	}
}

// TestRollBack fails a change on a node: what worked before is written again, once, unless the uplink says otherwise.
func TestRollBack(t *testing.T) {
	c := onUplink("a", 0, "br-lan", 100)
	w := world(datacenter(func(s *vmv1alpha1.WukongUplinkSpec) { s.NodeGroups = s.NodeGroups[:1] }), racked("1a"), c)
	before := made(w, &w.Claims[0], "rack1", applied)
	w.Nodes[0] = having(w.Nodes[0], before.Bridge)
	w.Uplinks[0].Spec.MTU = new(int32(1400))
	w.Policies = []Policy{before}
	change := Decide(w, "br-lan").Writes[0]
	if change.LastGood == nil || !change.LastGood.Equal(before.Bridge) || change.Bridge.MTU != 1400 {
		t.Fatalf("the change is %+v", change)
	}
	failing := before
	failing.Bridge, failing.LastGood = change.Bridge, change.LastGood
	failing.Enactments = []Enactment{{Node: "1a", Generation: 3, State: failed, Since: now, Message: "no buffer"}}
	w.Policies = []Policy{failing}
	back := Decide(w, "br-lan").Writes[0]
	// Left out, the MTU of the change would stay on the nodes.
	if back.Bridge.MTU != 0 || back.Bridge.MTUBefore != 9000 || back.Refused == nil || back.Refused.MTU != 1400 || !strings.Contains(back.RefusedBecause, "no buffer") {
		t.Fatalf("it goes back to %+v", back)
	}
	// What has worked everywhere since is no change any more: a failure long after it takes nothing back.
	worked := failing
	worked.Enactments = []Enactment{{Node: "1a", Generation: 3, State: applied, Since: now}}
	w.Policies = []Policy{worked}
	if settled := Decide(w, "br-lan").Writes[0]; settled.LastGood != nil || settled.Bridge.MTU != 1400 {
		t.Errorf("a change that worked becomes %+v", settled)
	}
	rolledBack := before
	rolledBack.Bridge = back.Bridge
	rolledBack.Refused, rolledBack.RefusedBecause = back.Refused, back.RefusedBecause
	w.Policies = []Policy{rolledBack}
	d := Decide(w, "br-lan")
	if told := d.Verdicts[c.Key]; d.Writes[0].Bridge.MTU != 0 || told.Ready.Reason != vmv1alpha1.ReasonRolledBack || !strings.Contains(told.Ready.Message, "no buffer") {
		t.Errorf("then %+v and %+v", d.Writes, told.Ready)
	}
	w.Uplinks[0].Spec.OnFailure = vmv1alpha1.FailureKeep
	if again := Decide(w, "br-lan").Writes[0]; again.Bridge.MTU != 1400 || again.Refused != nil {
		t.Errorf("with onFailure Keep a change that was taken back becomes %+v", again)
	}
	failing.Enactments[0].Since = now.Add(-2 * time.Minute)
	w.Policies = []Policy{failing}
	if kept := Decide(w, "br-lan").Writes[0]; kept.Bridge.MTU != 1400 || kept.Attempt != 1 {
		t.Errorf("with onFailure Keep it becomes %+v", kept)
	}
}

func TestRetries(t *testing.T) {
	for _, tc := range []struct {
		attempt int
		ago     time.Duration
		want    int
		recheck time.Duration
	}{
		{0, 10 * time.Second, 0, 50 * time.Second}, {0, time.Minute, 1, 0}, {1, time.Minute, 1, time.Minute}, {1, 2 * time.Minute, 2, 0},
		{30, 59 * time.Minute, 30, time.Minute}, {30, time.Hour, 31, 0},
	} {
		w := world(nil, healthy("n1"), claim("a", 0, lan))
		p := made(w, &w.Claims[0], "", failed)
		p.Attempt, p.Enactments[0].Since = tc.attempt, now.Add(-tc.ago)
		w.Policies = []Policy{p}
		d := Decide(w, "br-lan")
		if d.Writes[0].Attempt != tc.want || d.RecheckAfter != tc.recheck {
			t.Errorf("attempt %d after %s: got %d and %s", tc.attempt, tc.ago, d.Writes[0].Attempt, d.RecheckAfter)
		}
	}
}

// TestRemovalAfterAnEarlierFailure has a policy that removes a bridge show the failure of an earlier one of its name: that says
// nothing of the removal, which is waited for as long as for any slow node.
func TestRemovalAfterAnEarlierFailure(t *testing.T) {
	w := world(nil, healthy("n1"), claim("a", 0, lan).deleted(0))
	p := made(w, &w.Claims[0], "", failed)
	w.Claims[0].MadeOn, w.Nodes[0] = []string{"n1"}, having(w.Nodes[0], lan)
	p.TeardownSince, p.Created = now.Add(-2*time.Minute), now.Add(-2*time.Minute)
	w.Policies = []Policy{p}
	if d := Decide(w, "br-lan"); len(d.LeftBehind) > 0 || len(d.Deletes) > 0 || d.Verdicts[w.Claims[0].Key].Release {
		t.Errorf("got %q, %+v, left behind %+v", wrote(d), d.Verdicts, d.LeftBehind)
	}
}

// TestFailureOfAnEarlierPolicy makes a policy again that NMState had given up: a handler that did not see it go counts the attempts
// at the earlier one and never tries this one, which is another for it from its next generation on.
func TestFailureOfAnEarlierPolicy(t *testing.T) {
	for _, tc := range []struct {
		name    string
		retry   time.Duration
		ago     time.Duration
		attempt int
		recheck time.Duration
		reason  string
		says    string
	}{
		{"the handler may come to it", time.Minute, 10 * time.Second, 0, 50 * time.Second, vmv1alpha1.ReasonProgressing, "waiting for NMState"},
		{"it does not", time.Minute, time.Minute, 1, 0, vmv1alpha1.ReasonNodesFailed, "has not tried the policy, since it failed with an earlier one of the same name: no buffer"},
		{"it does not, and nothing is tried again", 0, slow, 0, 0, vmv1alpha1.ReasonNodesFailed, "delete policy a-"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := world(nil, healthy("n1"), claim("a", 0, lan))
			w.Deadlines.Retry = tc.retry
			p := made(w, &w.Claims[0], "", failed)
			p.Created, p.Enactments[0].Since, p.Enactments[0].Message = now.Add(-tc.ago), now.Add(-time.Hour), "no buffer"
			w.Policies = []Policy{p}
			d := Decide(w, "br-lan")
			if d.Writes[0].Attempt != tc.attempt || d.RecheckAfter != tc.recheck {
				t.Errorf("attempt %d, looked at again after %s", d.Writes[0].Attempt, d.RecheckAfter)
			}
			if told := d.Verdicts[w.Claims[0].Key].Ready; told.Reason != tc.reason || !strings.Contains(told.Message, tc.says) {
				t.Errorf("the claim is told %+v", told)
			}
		})
	}
}

func TestHostIP(t *testing.T) {
	move := func(s *vmv1alpha1.WukongUplinkSpec) {
		s.NodeGroups, s.Untagged, s.HostIP = s.NodeGroups[:1], vmv1alpha1.UntaggedAllow, vmv1alpha1.HostIPMove
	}
	c := onUplink("a", 0, "br-host", 0)
	nodes := racked("1a", "1b")
	for i, address := range []string{"10.0.0.5/24", "10.0.0.6/24"} {
		nodes[i] = carrying(nodes[i], "ens160", address)
	}
	refused := Decide(world(datacenter(move, func(s *vmv1alpha1.WukongUplinkSpec) { s.HostIP = vmv1alpha1.HostIPRefuse }), nodes, c), "br-host")
	if told := refused.Verdicts[c.Key].Ready; len(refused.Writes) > 0 || told.Reason != vmv1alpha1.ReasonHostIPAtRisk {
		t.Errorf("without Move: %q, %+v", wrote(refused), told)
	}
	d := Decide(world(datacenter(move), nodes, c), "br-host")
	if len(d.Writes) != 1 || !d.Writes[0].Bridge.HostIP || !d.Writes[0].Bridge.HostRoutes {
		t.Fatalf("with Move: %+v, %+v", d.Writes, d.Verdicts[c.Key].Ready)
	}
	mixed := Decide(world(datacenter(move), append(racked("1c"), nodes...), c), "br-host")
	if told := mixed.Verdicts[c.Key].Ready; len(mixed.Writes) > 0 || told.Reason != vmv1alpha1.ReasonHostIPCannotMove {
		t.Errorf("on some nodes only: %q, %+v", wrote(mixed), told)
	}

	w := world(datacenter(move), nodes, c)
	p := made(w, &w.Claims[0], "rack1", applied)
	p.Bridge.HostIP = true
	w.Policies, w.Claims[0].MadeOn = []Policy{p}, []string{"1a", "1b"}
	for i := range w.Nodes {
		w.Nodes[i] = having(racked(w.Nodes[i].Name)[0], p.Bridge)
		w.Nodes[i] = carrying(w.Nodes[i], "br-host", "10.0.0.5/24")
	}
	if settled := Decide(w, "br-host"); wrote(settled) != "Present rack1 ens160" || settled.Verdicts[c.Key].Ready.Reason != vmv1alpha1.ReasonApplied {
		t.Errorf("settled: %q, %+v", wrote(settled), settled.Verdicts[c.Key].Ready)
	}
	w.Claims[0].DeletedAt = now
	if gone := Decide(w, "br-host"); wrote(gone) != "Restore rack1 ens160, delete a-rack1" {
		t.Errorf("torn down: %q", wrote(gone))
	}
	w.Policies = nil
	if gone := Decide(w, "br-host"); wrote(gone) != "Restore rack1 ens160 1a, Restore rack1 ens160 1b" {
		t.Errorf("torn down without its policy: %q", wrote(gone))
	}
	w.Claims[0].DeletedAt = time.Time{}
	if kept := Decide(w, "br-host"); len(kept.Writes) > 0 || kept.Verdicts[c.Key].PolicyName == "" || kept.Verdicts[c.Key].Ready.Status != metav1.ConditionTrue {
		t.Errorf("its policy was deleted: %q, %+v", wrote(kept), kept.Verdicts[c.Key])
	}
}

func TestAdoption(t *testing.T) {
	c := claim("a", 0, lan)
	nodes := healthy("n1", "n2")
	nodes[0] = having(nodes[0], lan)
	d := Decide(world(nil, nodes, c), "br-lan")
	told := d.Verdicts[c.Key]
	if len(d.Writes) > 0 || told.Ready.Reason != vmv1alpha1.ReasonAdopted || statesOf(told.Nodes) != "n1=Adopted n2=Missing" || !told.Nodes[0].Usable || told.Nodes[1].Usable {
		t.Errorf("on one node: %q, %+v", wrote(d), told)
	}
	intent, err := hostnet.Foreign([]byte(`{"interfaces": [
		{"name": "br-lan", "type": "linux-bridge", "state": "up", "bridge": {"port": [{"name": "ens160.100"}]}},
		{"name": "ens160.100", "type": "vlan", "state": "up", "vlan": {"base-iface": "ens160", "id": 100}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	w := world(nil, healthy("n1"), c)
	w.Foreign = []Foreign{{Name: "management-bridge", Intent: intent}}
	d = Decide(w, "br-lan")
	if told := d.Verdicts[c.Key].Ready; len(d.Writes) > 0 || told.Reason != vmv1alpha1.ReasonProgressing || !strings.Contains(told.Message, "management-bridge") {
		t.Errorf("by a policy that is not applied yet: %q, %+v", wrote(d), told)
	}
	w.Nodes[0] = having(w.Nodes[0], lan)
	if told := Decide(w, "br-lan").Verdicts[c.Key].Ready; told.Reason != vmv1alpha1.ReasonAdopted {
		t.Errorf("by a policy: %+v", told)
	}
	w.Claims[0].Wanted.VLANID = 200
	d = Decide(w, "br-lan")
	if told := d.Verdicts[c.Key].Ready; len(d.Writes) > 0 || told.Reason != vmv1alpha1.ReasonForeignPolicy || !strings.Contains(told.Message, "management-bridge") {
		t.Errorf("against a policy: %q, %+v", wrote(d), told)
	}
	leaving := claim("a", 0, lan).deleted(0)
	leaving.Granted = true
	if d = Decide(world(nil, nodes, leaving), "br-lan"); len(d.Writes) > 0 || !d.Verdicts[c.Key].Release {
		t.Errorf("released: %q, %+v", wrote(d), d.Verdicts[c.Key])
	}
}

func TestMacvlanAgainstUntaggedBridge(t *testing.T) {
	untagged := claim("a", 5, nncp.Bridge{Name: "br-x", Type: vmv1alpha1.BridgeTypeLinux, Uplink: "ens160"})
	w := world(nil, healthy("n1"), untagged)
	w.Parents = []Parent{{Key: claim("m", 0, lan).Key, Created: start, Interface: "ens160"}}
	if told := Decide(w, "br-x").Verdicts[untagged.Key].Ready; told.Reason != vmv1alpha1.ReasonNICInUse {
		t.Errorf("a younger bridge: %+v", told)
	}
	if refusal := ParentRefused(w, w.Parents[0].Key); refusal != nil {
		t.Errorf("the older macvlan: %+v", refusal)
	}
	w.Parents[0].Created = start.Add(time.Hour)
	if refusal := ParentRefused(w, w.Parents[0].Key); refusal == nil || !strings.Contains(refusal.Message, "br-x") {
		t.Errorf("a younger macvlan: %+v", refusal)
	}
	w.Parents[0].VLANID = 7
	if refusal := ParentRefused(w, w.Parents[0].Key); refusal != nil {
		t.Errorf("on a VLAN: %+v", refusal)
	}
}

func TestReport(t *testing.T) {
	nodes := racked("1a", "2a", "2b")
	delete(nodes[2].Host.Network.Interfaces, "ens161")
	w := world(datacenter(), nodes, onUplink("a", 0, "br-lan", 100), onUplink("b", 0, "br-out", 999))
	report, found := Report(w, "dc")
	if !found || report.FoundNodes != "2/3" || report.Ready.Reason != vmv1alpha1.ReasonInterfaceMissing || !strings.Contains(report.Ready.Message, "2b (ens161)") {
		t.Errorf("got %+v", report)
	}
	if len(report.Bridges) != 0 {
		t.Errorf("of claims that cannot be met the bridges are %+v", report.Bridges)
	}
	w.Nodes = racked("1a", "2a", "2b")
	if report, _ = Report(w, "dc"); len(report.Bridges) != 1 || report.Bridges[0].Name != "br-lan" || report.Ready.Status != metav1.ConditionTrue {
		t.Errorf("got %+v", report)
	}
}

// TestImpossibleClaimHoldsNothing has an older claim ask for what no node can do: a younger one gets the bridge's name, the NIC
// and the VLAN, and keeps them.
func TestImpossibleClaimHoldsNothing(t *testing.T) {
	tooLarge := lan
	tooLarge.MTU = 9001
	impossible, sound := claim("red/a", 0, tooLarge), claim("blue/b", 1, lan)
	w := world(nil, healthy("n1"), impossible, sound)
	d := Decide(w, "br-lan")
	if told := d.Verdicts[impossible.Key]; told.Ready.Reason != vmv1alpha1.ReasonMTUTooLarge || statesOf(told.Nodes) != "n1=Unfit" {
		t.Errorf("the impossible one is told %+v", told)
	}
	if told := d.Verdicts[sound.Key]; len(d.Writes) != 1 || d.Writes[0].Bridge.MTU != 0 || told.Ready.Reason != vmv1alpha1.ReasonProgressing {
		t.Errorf("the other one: %q, %+v", wrote(d), told)
	}
	// Before the status tells that it was granted, and although the first could have its way now.
	w.Policies = []Policy{{Name: "b-bridge", Role: RoleBridge, Generation: 1, Bridge: lan, AcceptsUpdate: true}}
	for nic, link := range w.Nodes[0].Host.Network.Interfaces {
		link.MTU = 9100
		w.Nodes[0].Host.Network.Interfaces[nic] = link
	}
	if told := Decide(w, "br-lan").Verdicts[impossible.Key]; told.Ready.Reason != vmv1alpha1.ReasonBridgeConflict {
		t.Errorf("then the first one is told %+v", told.Ready)
	}
}

// TestLastClaimWaitsForUsers has the machine of the last claim stop between the two looks at what is attached: the claim
// goes by the later one, and the removal by the earlier one. Nobody would remove the bridge if the claim were let go.
func TestLastClaimWaitsForUsers(t *testing.T) {
	w := world(nil, healthy("n1"), claim("a", 0, lan).deleted(0))
	w.Policies = []Policy{made(w, &w.Claims[0], "", applied)}
	w.Claims[0].Users = []User{{Name: "VirtualMachine ns/vm", Node: "n1"}}
	if d := Decide(w, "br-lan"); wrote(d) != "" || d.Verdicts[w.Claims[0].Key].Release {
		t.Errorf("with a user it writes %q and tells %+v", wrote(d), d.Verdicts)
	}
	w.Claims[0].Users = nil
	if d := Decide(w, "br-lan"); wrote(d) != "Absent  ens160.100" {
		t.Errorf("without a user it writes %q", wrote(d))
	}
}

// TestLastClaimThatWasToldNothing deletes a claim in the moment in which its policy was made and it was not told of it.
func TestLastClaimThatWasToldNothing(t *testing.T) {
	w := world(nil, healthy("n1"), claim("a", 0, lan).deleted(0))
	w.Policies = []Policy{made(w, &w.Claims[0], "", progressing)}
	w.Policies[0].AcceptsUpdate = false
	w.Claims[0].Granted, w.Claims[0].PolicyName = false, ""
	if d := Decide(w, "br-lan"); wrote(d) != "" || d.Verdicts[w.Claims[0].Key].Release {
		t.Errorf("while NMState works it writes %q and tells %+v", wrote(d), d.Verdicts)
	}
	w.Policies = nil
	if d := Decide(w, "br-lan"); !d.Verdicts[w.Claims[0].Key].Release {
		t.Errorf("without a policy it tells %+v", d.Verdicts)
	}
}

// TestUplinkAroundABridge builds the first WukongUplink around a bridge that is in use: only the record of it changes.
func TestUplinkAroundABridge(t *testing.T) {
	w := world(nil, healthy("n1"), claim("a", 0, lan))
	policy := made(w, &w.Claims[0], "", applied)
	w.Nodes[0] = having(w.Nodes[0], policy.Bridge)
	w.Policies = []Policy{policy}
	w.Uplinks = []*vmv1alpha1.WukongUplink{datacenter(func(s *vmv1alpha1.WukongUplinkSpec) {
		s.NodeGroups = []vmv1alpha1.UplinkNodeGroup{{Name: "all", Interface: "ens160"}}
	})}
	d := Decide(w, "br-lan")
	if len(d.Writes) != 1 || d.Writes[0].LastGood != nil || d.Writes[0].Bridge.WukongUplink != "dc" || d.Writes[0].Name != policy.Name {
		t.Errorf("it writes %+v", d.Writes)
	}
}

// TestReportOfAnEarlierPolicy has a slow node show what it did for an earlier policy of the same name, in the same generation:
// the bridge counts neither as made nor as removed there.
func TestReportOfAnEarlierPolicy(t *testing.T) {
	w := world(nil, healthy("n1"), claim("a", 0, lan).deleted(0))
	p := made(w, &w.Claims[0], "", applied)
	w.Claims[0].MadeOn, w.Nodes[0] = []string{"n1"}, having(w.Nodes[0], lan)
	p.TeardownSince, p.Created = now.Add(-time.Minute), now.Add(-2*time.Minute)
	w.Policies = []Policy{p}
	d := Decide(w, "br-lan")
	if len(d.Deletes) > 0 || d.Verdicts[w.Claims[0].Key].Release {
		t.Errorf("got %q, %+v", wrote(d), d.Verdicts)
	}
	w.Policies[0].Enactments[0].Since = now.Add(-30 * time.Second)
	w.Nodes[0].Host = plainHost("n1")
	if d = Decide(w, "br-lan"); len(d.Deletes) != 1 || !d.Verdicts[w.Claims[0].Key].Release {
		t.Errorf("when the node has answered: %q, %+v", wrote(d), d.Verdicts)
	}
}
