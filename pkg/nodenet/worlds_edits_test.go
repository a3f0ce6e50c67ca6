// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/nodenet/hostnet"
)

// rates say how wild a world is.
type rates struct {
	// failure and stuck are how many of a hundred applies fail, and deletions of policies wait for a finalizer.
	failure, stuck int
	// weights are how often each of the edits happens, in their order.
	weights []int
	// stops is how many of a hundred decisions are not carried out to their end.
	stops int
}

// edit is something that happens in a world.
type edit struct {
	weight int
	// wild edits happen only in some worlds.
	wild bool
	do   func(*cluster)
}

var edits = []edit{
	{weight: 25, do: (*cluster).reconcileOne},
	{weight: 25, do: (*cluster).handleSome},
	{weight: 6, do: func(c *cluster) { c.reportNode(pick(c, c.nodes)) }},
	{weight: 5, do: (*cluster).pass},
	{weight: 9, do: (*cluster).makeClaim},
	{weight: 5, do: (*cluster).deleteClaim},
	{weight: 8, do: (*cluster).startMachine},
	{weight: 3, do: (*cluster).stopMachine},
	{weight: 2, do: (*cluster).migrateMachine},
	{weight: 3, wild: true, do: (*cluster).editUplink},
	{weight: 1, wild: true, do: (*cluster).makeUplink},
	{weight: 1, wild: true, do: (*cluster).deleteUplink},
	{weight: 1, wild: true, do: (*cluster).relabelNamespace},
	{weight: 3, wild: true, do: (*cluster).toggleReady},
	{weight: 3, wild: true, do: (*cluster).toggleHandler},
	{weight: 2, wild: true, do: (*cluster).toggleFailing},
	{weight: 2, wild: true, do: (*cluster).relabelNode},
	{weight: 1, wild: true, do: (*cluster).addNode},
	{weight: 1, wild: true, do: (*cluster).removeNode},
	{weight: 1, wild: true, do: (*cluster).toggleNMState},
	{weight: 2, wild: true, do: (*cluster).deletePolicyByHand},
	{weight: 2, wild: true, do: (*cluster).editByHand},
	{weight: 1, wild: true, do: (*cluster).foreignPolicy},
	{weight: 2, wild: true, do: (*cluster).editParents},
	{weight: 1, wild: true, do: (*cluster).unstick},
}

// newCluster returns the world of a seed as it begins.
func newCluster(seed uint64, tracing bool) *cluster {
	c := &cluster{
		comparing: seed%50 == 0,
		random:    rand.New(rand.NewPCG(seed, 17)), clock: start, served: true, tracing: tracing,
		policies: map[string]*heldPolicy{}, reports: map[reportKey]*nodeReport{}, unsettled: map[string]bool{},
		left: map[string]bool{}, retained: map[string]bool{}, tally: map[string]int{},
		spaces: map[string]map[string]string{"a": {"team": "a"}, "b": {"team": "b"}, "c": nil},
	}
	for _, e := range edits {
		weight := e.weight
		if e.wild && c.chance(60) {
			weight = 0
		}
		c.rates.weights = append(c.rates.weights, weight)
	}
	c.rates.failure, c.rates.stuck, c.rates.stops = pick(c, []int{0, 0, 10}), pick(c, []int{0, 0, 20}), pick(c, []int{0, 0, 15, 40})
	for range 1 + c.random.IntN(6) {
		c.addNode()
	}
	for range pick(c, []int{0, 0, 1, 1, 2, 3, 4}) {
		c.makeUplink()
	}
	return c
}

// happen does one thing at random.
func (c *cluster) happen() {
	c.step++
	c.clock = c.clock.Add(time.Second)
	total := 0
	for _, weight := range c.rates.weights {
		total += weight
	}
	number := c.random.IntN(total)
	for i, weight := range c.rates.weights {
		if number -= weight; number < 0 {
			edits[i].do(c)
			return
		}
	}
}

func (c *cluster) reconcileOne() {
	names := c.bridgeNames()
	if len(names) == 0 {
		return
	}
	most := -1
	if c.chance(c.rates.stops) {
		most = c.random.IntN(3)
	}
	c.reconcile(pick(c, names), most)
}

func (c *cluster) handleSome() {
	for range 1 + c.random.IntN(6) {
		todo := c.backlog()
		if len(todo) == 0 {
			return
		}
		w := pick(c, todo)
		c.handle(w)
		if c.chance(70) {
			c.reportNode(w.node)
		}
	}
}

// pass lets time pass; NMState reports each node once a minute.
func (c *cluster) pass() {
	c.clock = c.clock.Add(time.Duration(1+c.random.IntN(8)) * time.Minute)
	for _, node := range c.nodes {
		c.reportNode(node)
	}
}

// anyCarrier names what a network may be on.
func (c *cluster) anyCarrier() string {
	if len(c.uplinks) > 0 && c.chance(75) {
		return pick(c, c.uplinks).Name
	}
	return pick(c, []string{"ens160", "ens161", "ens161", "ens162", "eno1", "eno2"})
}

func (c *cluster) makeClaim() {
	if len(c.claims) >= 30 {
		return
	}
	wanted := Wanted{
		Bridge: fmt.Sprintf("br-%d", c.random.IntN(6)), Type: vmv1alpha1.BridgeTypeLinux, Uplink: c.anyCarrier(),
		VLANID: pick(c, []int32{0, 10, 20, 30}), MTU: pick(c, []int32{0, 0, 0, 1500, 9000}),
	}
	if c.chance(15) {
		wanted.Type = vmv1alpha1.BridgeTypeOVS
	}
	claim := &heldClaim{created: c.clock, owner: fmt.Sprint(c.random.IntN(8)), network: "net", wanted: wanted}
	if len(c.claims) > 0 && c.chance(45) {
		claim.wanted = pick(c, c.claims).wanted
	}
	c.nextClaim++
	claim.key = types.NamespacedName{Namespace: pick(c, []string{"a", "b", "c"}), Name: fmt.Sprintf("claim%d", c.nextClaim)}
	if c.chance(20) {
		claim.key.Name = fmt.Sprintf("same%d", c.random.IntN(3))
	}
	if slices.ContainsFunc(c.claims, func(other *heldClaim) bool { return other.key == claim.key }) {
		return
	}
	c.claims = append(c.claims, claim)
	c.say("new claim %s on %s: %s", claim.key, claim.wanted.Bridge, claim.wanted)
}

func (c *cluster) deleteClaim() {
	if len(c.claims) == 0 {
		return
	}
	claim := pick(c, c.claims)
	if claim.deletedAt.IsZero() {
		claim.deletedAt = c.clock
		c.say("delete claim %s", claim.key)
	}
	if c.chance(50) {
		c.stopMachinesOf(claim)
	}
}

func (c *cluster) stopMachinesOf(claim *heldClaim) {
	c.machines = slices.DeleteFunc(c.machines, func(m *machine) bool {
		if m.claim == claim {
			c.say("machine %s on %s stops", m.name, m.node)
		}
		return m.claim == claim
	})
}

// places are the nodes on which a machine may be started through a claim, as the claim says. While a decision is only half
// carried out the claim says what is old.
func (c *cluster) places(claim *heldClaim) []string {
	var nodes []string
	if !claim.deletedAt.IsZero() || claim.told == nil || claim.told.Available.Status != metav1.ConditionTrue || c.unsettled[claim.wanted.Bridge] {
		return nil
	}
	for _, result := range claim.told.Nodes {
		if node := c.node(result.Name); result.Usable && node != nil && node.ready {
			nodes = append(nodes, result.Name)
		}
	}
	return nodes
}

func (c *cluster) startMachine() {
	if len(c.claims) == 0 {
		return
	}
	claim := pick(c, c.claims)
	if nodes := c.places(claim); len(nodes) > 0 && len(c.machines) < 12 {
		m := &machine{name: fmt.Sprintf("vm%d", c.step), claim: claim, node: pick(c, nodes)}
		c.machines = append(c.machines, m)
		c.say("machine %s starts on %s through %s (%s)", m.name, m.node, claim.key, claim.wanted.Bridge)
	}
}

func (c *cluster) stopMachine() {
	if len(c.machines) > 0 {
		at := c.random.IntN(len(c.machines))
		c.say("machine %s on %s stops", c.machines[at].name, c.machines[at].node)
		c.machines = slices.Delete(c.machines, at, at+1)
	}
}

func (c *cluster) migrateMachine() {
	if len(c.machines) == 0 {
		return
	}
	m := pick(c, c.machines)
	if nodes := c.places(m.claim); len(nodes) > 0 {
		m.node = pick(c, nodes)
		c.say("machine %s moves to %s", m.name, m.node)
	}
}

func (c *cluster) anyGroups() []vmv1alpha1.UplinkNodeGroup {
	type selector = map[string]vmv1alpha1.LabelValue
	nic := vmv1alpha1.InterfaceName(pick(c, []string{"ens160", "ens161", "ens161", "ens162", "eno1"}))
	r1 := vmv1alpha1.UplinkNodeGroup{Name: "one", Interface: pick(c, []vmv1alpha1.InterfaceName{"ens160", "ens161", "ens161"}), NodeSelector: selector{"rack": "r1"}}
	r2 := vmv1alpha1.UplinkNodeGroup{Name: "two", Interface: pick(c, []vmv1alpha1.InterfaceName{"eno1", "eno2", "ens161"}), NodeSelector: selector{"rack": "r2"}}
	switch c.random.IntN(6) {
	case 0, 1:
		return []vmv1alpha1.UplinkNodeGroup{{Name: "all", Interface: nic}}
	case 2, 3:
		return []vmv1alpha1.UplinkNodeGroup{r1, r2}
	case 4:
		return []vmv1alpha1.UplinkNodeGroup{r1}
	default:
		r2.NodeSelector = selector{"zone": "z1"}
		return []vmv1alpha1.UplinkNodeGroup{r1, r2}
	}
}

func (c *cluster) anySpec() vmv1alpha1.WukongUplinkSpec {
	spec := vmv1alpha1.WukongUplinkSpec{
		NodeGroups:    c.anyGroups(),
		Untagged:      pick(c, []vmv1alpha1.UntaggedPolicy{vmv1alpha1.UntaggedAllow, vmv1alpha1.UntaggedAllow, vmv1alpha1.UntaggedRefuse}),
		HostIP:        pick(c, []vmv1alpha1.HostIPPolicy{vmv1alpha1.HostIPRefuse, vmv1alpha1.HostIPMove}),
		ReclaimPolicy: pick(c, []vmv1alpha1.ReclaimPolicy{vmv1alpha1.ReclaimDelete, vmv1alpha1.ReclaimDelete, vmv1alpha1.ReclaimDelete, vmv1alpha1.ReclaimRetain}),
		OnFailure:     pick(c, []vmv1alpha1.FailurePolicy{vmv1alpha1.FailureRollBack, vmv1alpha1.FailureRollBack, vmv1alpha1.FailureKeep}),
		MTU:           pick(c, []*int32{nil, nil, new(int32(1400)), new(int32(9000))}),
	}
	spec.VLANRanges = []vmv1alpha1.VLANRange{{First: 10, Last: pick(c, []int32{10, 30, 30})}}
	if c.chance(20) {
		spec.Quota.Bridges = new(int32(1 + c.random.IntN(3)))
	}
	if c.chance(20) {
		spec.Quota.BridgesPerNamespace = new(int32(1 + c.random.IntN(2)))
	}
	if c.chance(20) {
		spec.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"team": "a"}}
	}
	if c.chance(10) {
		spec.NetworkTypes = []vmv1alpha1.NetworkType{vmv1alpha1.NetworkTypeBridge}
	}
	return spec
}

func (c *cluster) makeUplink() {
	name := pick(c, []string{"up-a", "up-b", "up-c", "up-d"})
	if (&planner{uplinks: c.uplinks}).uplinkNamed(name) != nil {
		return
	}
	uplink := &vmv1alpha1.WukongUplink{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: c.anySpec()}
	c.uplinks = append(c.uplinks, uplink)
	c.say("new uplink %s %s", name, describeUplink(uplink))
}

func (c *cluster) editUplink() {
	if len(c.uplinks) == 0 {
		return
	}
	at := c.random.IntN(len(c.uplinks))
	uplink, fresh := c.uplinks[at].DeepCopy(), c.anySpec()
	switch c.random.IntN(6) {
	case 0:
		uplink.Spec.NodeGroups = fresh.NodeGroups
	case 1:
		uplink.Spec.MTU, uplink.Spec.OnFailure = fresh.MTU, fresh.OnFailure
	case 2:
		uplink.Spec.ReclaimPolicy, uplink.Spec.HostIP = fresh.ReclaimPolicy, fresh.HostIP
	case 3:
		uplink.Spec.VLANRanges, uplink.Spec.Untagged, uplink.Spec.NamespaceSelector = fresh.VLANRanges, fresh.Untagged, fresh.NamespaceSelector
	case 4:
		uplink.Spec.NodeGroups[0].Interface = fresh.NodeGroups[0].Interface
	default:
		uplink.Spec = fresh
	}
	c.uplinks[at] = uplink
	c.say("uplink %s is now %s", uplink.Name, describeUplink(uplink))
}

func (c *cluster) deleteUplink() {
	if len(c.uplinks) > 0 {
		at := c.random.IntN(len(c.uplinks))
		c.say("delete uplink %s", c.uplinks[at].Name)
		c.uplinks = slices.Delete(slices.Clone(c.uplinks), at, at+1)
	}
}

func (c *cluster) relabelNamespace() {
	name := pick(c, []string{"a", "b", "c"})
	c.spaces[name] = pick(c, []map[string]string{nil, {"team": "a"}, {"team": "b"}})
	c.say("namespace %s is now labelled %v", name, c.spaces[name])
}

func (c *cluster) toggleReady() {
	node := pick(c, c.nodes)
	node.ready = !node.ready
	c.reportNode(node)
	c.say("node %s ready=%t", node.name, node.ready)
}

func (c *cluster) toggleHandler() {
	node := pick(c, c.nodes)
	if node.handler = !node.handler || c.chance(30); node.handler {
		c.reapply(node, c.chance(50))
		c.reportNode(node)
	}
	c.say("handler of %s runs=%t (again)", node.name, node.handler)
}

func (c *cluster) toggleFailing() {
	node := pick(c, c.nodes)
	node.failing = !node.failing
	c.say("node %s failing=%t", node.name, node.failing)
}

func (c *cluster) relabelNode() {
	node := pick(c, c.nodes)
	for name := range c.policies {
		c.loseOn(node, name)
	}
	node.labels = c.anyLabels(node.name)
	for _, policy := range c.policies {
		if !node.matches(policy.Bridge.NodeSelector) {
			delete(policy.covers, node.name)
			delete(policy.checked, node.name)
		}
		c.join(node, policy)
	}
	if node.works() {
		c.reapply(node, false)
	}
	c.say("node %s is now labelled %v", node.name, node.labels)
}

func (c *cluster) anyLabels(name string) map[string]string {
	return map[string]string{hostnameLabel: name, "rack": pick(c, []string{"r1", "r1", "r2", "r3"}), "zone": pick(c, []string{"z1", "z2", "z2", "z2"})}
}

func (c *cluster) addNode() {
	if len(c.nodes) >= 6 {
		return
	}
	c.tally["nodes"]++
	number := c.tally["nodes"]
	node := &heldNode{
		name: fmt.Sprintf("n%d", number), ready: true, handler: true, hosts: c.chance(80),
		makers: map[string]maker{}, initial: map[string][]netip.Prefix{},
	}
	node.labels = c.anyLabels(node.name)
	node.now = &network{internal: netip.AddrFrom4([4]byte{10, 0, 0, byte(number)}), Network: hostnet.Network{Interfaces: map[string]hostnet.Interface{}}}
	nics := []string{"ens160", "ens161", "ens162"}
	if node.labels["rack"] == "r2" || c.chance(10) {
		nics = []string{"eno1", "eno2", "ens161"}
	}
	for _, name := range nics {
		node.now.Interfaces[name] = hostnet.Interface{Name: name, Type: "ethernet", State: "up", MTU: 1500}
	}
	node.address(nics[0], netip.PrefixFrom(node.now.internal, 24))
	node.now.DefaultRoutes, node.now.Routed = []string{nics[0]}, []string{nics[0]}
	if c.chance(25) {
		node.address(nics[2], netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 9, 0, byte(number)}), 24))
	}
	c.nodes = append(c.nodes, node)
	c.reportNode(node)
	c.say("new node %s %v with %v", node.name, node.labels, nics)
}

func (n *heldNode) address(nic string, prefix netip.Prefix) {
	i := n.now.Interfaces[nic]
	i.Addresses = []netip.Prefix{prefix}
	n.now.Interfaces[nic], n.initial[nic] = i, i.Addresses
}

func (c *cluster) removeNode() {
	if len(c.nodes) < 2 {
		return
	}
	at := c.random.IntN(len(c.nodes))
	node := c.nodes[at]
	c.nodes = slices.Delete(slices.Clone(c.nodes), at, at+1)
	c.machines = slices.DeleteFunc(c.machines, func(m *machine) bool { return m.node == node.name })
	for key := range c.reports {
		if key.node == node.name {
			delete(c.reports, key)
		}
	}
	c.say("node %s is removed", node.name)
}

func (c *cluster) toggleNMState() {
	c.say("NMState served=%t", !c.served)
	if c.served {
		c.gone()
		return
	}
	c.comeBack()
}

func (c *cluster) comeBack() {
	c.served = true
	for _, node := range c.nodes {
		if c.healed || c.chance(80) {
			c.reportNode(node)
		}
	}
}

func (c *cluster) deletePolicyByHand() {
	if names := sortedGroups(c.policies); len(names) > 0 {
		name := pick(c, names)
		c.say("somebody deletes %s", name)
		c.lose(name)
		c.dropPolicy(name)
	}
}

func (c *cluster) unstick() {
	for _, name := range sortedGroups(c.policies) {
		if c.policies[name].deleting {
			c.say("%s is gone", name)
			c.dropPolicy(name)
		}
	}
}

// editByHand changes a node's network as an administrator would, who is careful not to take what is in use.
func (c *cluster) editByHand() {
	node := pick(c, c.nodes)
	nic := pick(c, []string{"ens161", "ens161", "ens162", "eno2"})
	bridge := fmt.Sprintf("br-%d", c.random.IntN(6))
	switch c.random.IntN(4) {
	case 0, 1:
		vlan := pick(c, []int32{0, 10, 20})
		if c.chance(50) && len(c.claims) > 0 {
			bridge, vlan = pick(c, c.claims).wanted.Bridge, pick(c, c.claims).wanted.VLANID
		}
		c.makeByHand(node, bridge, nic, vlan, "by hand")
	case 2:
		c.removeOursByHand(node, bridge)
	default:
		if i, found := node.now.Interfaces[nic]; found && i.Controller == "" && len(i.Addresses) == 0 {
			i.State = pick(c, []string{"up", "down"})
			node.change(c, nic, func(n *network) { n.Interfaces[nic] = i })
			c.say("%s of %s is %s", nic, node.name, i.State)
		}
	}
	c.reportNode(node)
}

// change edits a node by hand.
func (n *heldNode) change(c *cluster, name string, do func(*network)) {
	n.now = n.now.clone()
	do(n.now)
	if m := n.makers[name]; !m.ours {
		m.step = c.step
		n.makers[name] = m
	}
}

func (c *cluster) makeByHand(node *heldNode, bridge, nic string, vlan int32, who string) {
	i, found := node.now.Interfaces[nic]
	port := hostnet.Interface{Name: nic + "." + fmt.Sprint(vlan), Type: "vlan", State: "up", MTU: 1500, VLANBase: nic, VLANID: vlan}
	if c.chance(20) {
		port.Name = fmt.Sprintf("vlan%d", vlan)
	}
	_, nameTaken := node.now.Interfaces[bridge]
	_, portTaken := node.now.Interfaces[port.Name]
	for _, other := range node.now.Interfaces {
		portTaken = portTaken || other.VLANBase == nic && other.VLANID == vlan
	}
	switch {
	case !found || nameTaken || vlan != 0 && portTaken || vlan == 0 && (i.Controller != "" || len(i.Addresses) > 0):
		return
	case vlan == 0:
		port = i
	default:
		node.change(c, port.Name, func(n *network) { n.Interfaces[port.Name] = port })
	}
	node.change(c, port.Name, func(*network) {})
	node.change(c, bridge, func(n *network) {
		n.Interfaces[bridge] = hostnet.Interface{Name: bridge, Type: "linux-bridge", State: "up", MTU: 1500}
		n.setPorts(bridge, port.Name)
	})
	if made := node.makers[bridge]; c.expected(node, bridge) {
		made.joined = true
		node.makers[bridge] = made
		if vlan != 0 {
			node.makers[port.Name] = made
		}
	}
	c.say("%s has a bridge %s with port %s now, made %s", node.name, bridge, port.Name, who)
}

// expected reports whether a policy of ours is about to make a bridge on a node, so that nobody can tell it from what
// somebody makes there by hand meanwhile.
func (c *cluster) expected(node *heldNode, bridge string) bool {
	for _, policy := range c.policies {
		if policy.Bridge.Name == bridge && node.matches(policy.Bridge.NodeSelector) {
			return true
		}
	}
	return slices.ContainsFunc(c.claims, func(held *heldClaim) bool {
		claim := c.claim(held, "")
		return claim.Wanted.Bridge == bridge && claim.PolicyName != "" && slices.Contains(claim.MadeOn, node.name)
	})
}

func (c *cluster) removeOursByHand(node *heldNode, bridge string) {
	i, found := node.now.Interfaces[bridge]
	if found && node.makers[bridge].ours && len(i.Addresses) == 0 {
		node.change(c, bridge, func(n *network) { n.remove(bridge) })
		delete(node.makers, bridge)
		c.left[node.name+"/"+bridge] = true
		c.say("somebody removes %s of %s", bridge, node.name)
	}
}

// foreignPolicy makes or deletes a policy of somebody else, who has it applied with as much care.
func (c *cluster) foreignPolicy() {
	if !c.served {
		return
	}
	if len(c.foreign) > 0 && c.chance(40) {
		c.say("foreign policy %s is deleted", c.foreign[0].Name)
		c.foreign = slices.Clone(c.foreign[1:])
		return
	}
	bridge, nic, vlan := fmt.Sprintf("br-%d", c.random.IntN(6)), pick(c, []string{"ens161", "ens162"}), pick(c, []int32{0, 10, 20})
	policy := Foreign{Name: fmt.Sprintf("foreign%d", c.step), NodeSelector: pick(c, []map[string]string{nil, {"rack": "r1"}})}
	port := nic
	if vlan != 0 {
		port = fmt.Sprintf("%s.%d", nic, vlan)
	}
	policy.Intent = hostnet.Intent{
		Bridges: map[string][]string{bridge: {port}}, Interfaces: []string{bridge}, Types: map[string]string{bridge: "linux-bridge"},
	}
	c.foreign = append(c.foreign, policy)
	c.say("foreign policy %s makes %s with %s on %v", policy.Name, bridge, port, policy.NodeSelector)
	for _, node := range c.nodes {
		if node.works() && node.matches(policy.NodeSelector) {
			c.makeByHand(node, bridge, nic, vlan, "by "+policy.Name)
			c.reportNode(node)
		}
	}
}

// editParents makes macvlans, lets them have their NICs, and deletes them.
func (c *cluster) editParents() {
	for i := range c.parents {
		if ParentRefused(c.world(""), c.parents[i].Key) == nil {
			c.parents = slices.Clone(c.parents)
			c.parents[i].Granted = true
		}
	}
	switch {
	case len(c.parents) > 2 || len(c.parents) > 0 && c.chance(40):
		c.parents = slices.Clone(c.parents[1:])
	default:
		parent := Parent{Key: types.NamespacedName{Namespace: "a", Name: fmt.Sprintf("macvlan%d", c.step)}, Created: c.clock, Interface: c.anyCarrier(), VLANID: pick(c, []int32{0, 0, 10})}
		c.parents = append(c.parents, parent)
		c.say("macvlan %s on %s VLAN %d", parent.Key, parent.Interface, parent.VLANID)
	}
}

// heal repairs everything but what is only declared wrongly.
func (c *cluster) heal() {
	c.step++
	c.say("everything heals")
	c.healed = true
	c.unstick()
	for _, node := range c.nodes {
		node.ready, node.failing = true, false
		if !node.handler {
			node.handler = true
			c.reapply(node, false)
		}
		c.reportNode(node)
	}
	if !c.served {
		c.comeBack()
	}
	// A policy whose last busy node was removed stays in progress until a handler looks at it again, whichever.
	for name := range c.policies {
		c.summarise(name)
	}
}
