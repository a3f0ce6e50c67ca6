// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/nodenet/hostnet"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

const (
	slow        = 10 * time.Minute
	unreachable = 2 * time.Minute
)

// start is the time at which everything in the rows begins; now is some time later.
var (
	start = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	now   = start.Add(time.Hour)
)

var (
	lan      = nncp.Bridge{Name: "br-lan", Type: vmv1alpha1.BridgeTypeLinux, Uplink: "ens160", VLANID: 100}
	lan200   = nncp.Bridge{Name: "br-lan", Type: vmv1alpha1.BridgeTypeLinux, Uplink: "ens160", VLANID: 200}
	lanOther = nncp.Bridge{Name: "br-lan", Type: vmv1alpha1.BridgeTypeLinux, Uplink: "ens161", VLANID: 100}
	lanOVS   = nncp.Bridge{Name: "br-lan", Type: vmv1alpha1.BridgeTypeOVS, Uplink: "ens160", VLANID: 100}
	lanJumbo = nncp.Bridge{Name: "br-lan", Type: vmv1alpha1.BridgeTypeLinux, Uplink: "ens160", VLANID: 100, MTU: 9000}
	wan      = nncp.Bridge{Name: "br-wan", Type: vmv1alpha1.BridgeTypeLinux, Uplink: "ens160", VLANID: 100}
	wan200   = nncp.Bridge{Name: "br-wan", Type: vmv1alpha1.BridgeTypeLinux, Uplink: "ens160", VLANID: 200}
)

// claim returns a claim, as old as the number of minutes says.
func claim(name string, minute int, bridge nncp.Bridge) Claim {
	namespace, name, found := strings.Cut(name, "/")
	if !found {
		namespace, name = "ns", namespace
	}
	return Claim{
		Key: types.NamespacedName{Namespace: namespace, Name: name}, Created: start.Add(time.Duration(minute) * time.Minute),
		Wanted: Wanted{Bridge: bridge.Name, Type: bridge.Type, Uplink: bridge.Uplink, VLANID: bridge.VLANID, MTU: bridge.MTU},
	}
}

// deleted returns the claim deleted so long ago.
func (c Claim) deleted(ago time.Duration) Claim {
	c.DeletedAt = now.Add(-ago)
	return c
}

func (c Claim) usedBy(machine string) Claim {
	c.UsedBy = machine
	return c
}

func (c Claim) ownedBy(wukong string) Claim {
	c.Owner = wukong
	return c
}

// policy returns a policy that makes a bridge, in its third generation, and accepts updates.
func policy(bridge nncp.Bridge) *Policy {
	return &Policy{Name: "first-lan-bridge", Role: RoleBridge, Generation: 3, Bridge: bridge, AcceptsUpdate: true}
}

func (p *Policy) busy() *Policy {
	p.AcceptsUpdate = false
	return p
}

func (p *Policy) deleting() *Policy {
	p.Deleting = true
	return p
}

// tearingDown returns the policy removing its bridge since so long.
func (p *Policy) tearingDown(since time.Duration) *Policy {
	p.TeardownSince = now.Add(-since)
	return p
}

// healthy returns ready nodes that host machines and have a handler.
func healthy(names ...string) []Node {
	var nodes []Node
	for _, name := range names {
		nodes = append(nodes, Node{Name: name, Ready: true, Handler: true, HostsMachines: true, Host: plainHost(name)})
	}
	return nodes
}

// plainHost is a node that NMState has reported, with NICs that nobody uses.
func plainHost(name string) *hostnet.Node {
	host := &hostnet.Node{Name: name, Network: hostnet.Network{Interfaces: map[string]hostnet.Interface{}}}
	for _, nic := range []string{"ens160", "ens161"} {
		host.Network.Interfaces[nic] = hostnet.Interface{Name: nic, Type: "ethernet", State: "up", MTU: 9000}
	}
	return host
}

func notReady(name string) Node {
	return Node{Name: name, Handler: true, HostsMachines: true}
}

func noHandler(name string) Node {
	return Node{Name: name, Ready: true, HostsMachines: true}
}

// report returns what NMState says of the third generation on a node.
func report(node string, state vmv1alpha1.NodeState) Enactment {
	return Enactment{Node: node, Generation: 3, State: state}
}

func (e Enactment) saying(message string) Enactment {
	e.Message = message
	return e
}

func (e Enactment) of(generation int64) Enactment {
	e.Generation = generation
	return e
}

// outcome is a decision in short.
type outcome struct {
	// present and absent are the bridges to make and to remove, first the claim that names the policy.
	present, absent *nncp.Bridge
	first           string
	deletePolicy    bool
	// left are the nodes on which the bridge stays.
	left    string
	recheck time.Duration
	// told is what each claim is told of Available and Ready, with + for True, - for False and ? for Unknown.
	told map[string]string
}

func outcomeOf(d Decision) outcome {
	o := outcome{deletePolicy: len(d.Deletes) > 0, recheck: d.RecheckAfter, told: map[string]string{}}
	for i := range d.Writes {
		if d.Writes[i].Form == FormPresent {
			o.present = &d.Writes[i].Bridge
		} else {
			o.absent = &d.Writes[i].Bridge
		}
	}
	if o.present != nil {
		o.first = short(d.FirstClaim)
	}
	var left []string
	for _, node := range d.LeftBehind {
		left = append(left, node.Name)
	}
	o.left = strings.Join(left, " ")
	for key, verdict := range d.Verdicts {
		o.told[short(key)] = verdict.inShort()
	}
	return o
}

func short(key types.NamespacedName) string {
	return strings.TrimPrefix(key.String(), "ns/")
}

func (v Verdict) inShort() string {
	if v.Release {
		return "release"
	}
	return v.Available.inShort() + " " + v.Ready.inShort()
}

func (c Condition) inShort() string {
	signs := map[metav1.ConditionStatus]string{metav1.ConditionTrue: "+", metav1.ConditionFalse: "-", metav1.ConditionUnknown: "?"}
	return signs[c.Status] + c.Reason
}

// statesOf returns what is told of each node, for example "a=Applied b=Failed".
func statesOf(nodes []NodeResult) string {
	var states []string
	for _, node := range nodes {
		states = append(states, node.Name+"="+string(node.State))
	}
	if !slices.IsSorted(states) {
		return "not sorted: " + strings.Join(states, " ")
	}
	return strings.Join(states, " ")
}
