// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"

	"github.com/novasphere/wukong/e2e/lab/nmstate/host"
	"github.com/novasphere/wukong/pkg/nodenet/hostnet"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

// compare holds what the simulated network made of a policy against what the lab's model makes of the very document that
// Wukong writes. It is slow, so only some worlds do it.
func (c *cluster) compare(node *heldNode, policy *heldPolicy, report *nodeReport, next *network, err error) {
	if !c.comparing {
		return
	}
	c.tally["applies compared with the lab"]++
	before := labOf(node.now)
	if reported := parsedOf(before); !reflect.DeepEqual(reported, bare(node.now)) {
		c.violated("the lab shows %s otherwise:\n%+v\n%+v", node.name, reported, bare(node.now))
		return
	}
	if policy.Bridge.HostIP && report.tried > 0 {
		// What was captured at first may not be there any more, and the lab would have to be told.
		return
	}
	if policy.Bridge.HostIP && !reflect.DeepEqual(report.found, node.now.capture(policy.Bridge, policy.Form)) {
		return
	}
	after, labErr := labApply(before, policy.Write)
	if (err == nil) != (labErr == nil) {
		c.violated("%s on %s: %v, in the lab %v", policy.Name, node.name, err, labErr)
		return
	}
	if got := parsedOf(after); !reflect.DeepEqual(got, bare(next)) {
		c.violated("%s on %s makes\n%+v\nand in the lab\n%+v", policy.Name, node.name, bare(next), got)
	}
}

// labApply renders a policy and applies it as the lab's handler does.
func labApply(state host.State, write Write) (host.State, error) {
	var policy *nmstatev1.NodeNetworkConfigurationPolicy
	var err error
	switch write.Form {
	case FormAbsent:
		policy, err = nncp.Absent("policy", write.Bridge)
	case FormRestore:
		policy, err = nncp.Restore("policy", write.Bridge)
	default:
		policy, err = nncp.Present("policy", write.Bridge, write.Attempt)
	}
	if err != nil {
		return state, err
	}
	captures, err := host.Capture(state.Show(), policy.Spec.Capture, nil)
	if err != nil {
		return state, err
	}
	var desired any
	text, err := json.Marshal(policy.Spec.DesiredState)
	if err == nil {
		err = json.Unmarshal(text, &desired)
	}
	if err != nil {
		return state, err
	}
	rendered, err := host.Render(desired, captures)
	if err != nil {
		return state, err
	}
	if text, err = json.Marshal(rendered); err != nil {
		return state, err
	}
	return host.Apply(state, text)
}

// labOf returns a simulated network as the lab has it.
func labOf(n *network) host.State {
	state := host.State{Address: n.internal.String(), Interfaces: map[string]host.Interface{}}
	for _, name := range slices.Sorted(maps.Keys(n.Interfaces)) {
		i := n.Interfaces[name]
		link := host.Interface{Name: name, Type: i.Type, State: i.State, MTU: int(i.MTU), Controller: i.Controller, MAC: "02:00:00:00:00:01"}
		if i.Type == host.TypeOVSBridge {
			link.MTU = host.DefaultMTU
		}
		if i.Type == host.TypeVLAN {
			link.VLAN = &host.VLAN{Base: i.VLANBase, ID: int(i.VLANID)}
		}
		for _, address := range i.Addresses {
			link.IPv4.Enabled, link.IPv4.Addresses = true, append(link.IPv4.Addresses, address.String())
		}
		for _, port := range i.Ports {
			link.Ports = append(link.Ports, host.Port{Name: port})
		}
		state.Interfaces[name] = link
	}
	for _, name := range n.DefaultRoutes {
		state.Routes = append(state.Routes, host.Route{Destination: "0.0.0.0/0", Interface: name, Gateway: "10.0.0.254", Table: 254})
	}
	return state
}

// parsedOf returns what our own parser reads of a network that the lab reports, without what is not simulated.
func parsedOf(state host.State) hostnet.Network {
	text, err := json.Marshal(state.Show())
	if err != nil {
		panic(err)
	}
	parsed, err := hostnet.Parse(text)
	if err != nil {
		panic(err)
	}
	return withoutMACs(parsed)
}

func bare(n *network) hostnet.Network { return withoutMACs(n.Network) }

func withoutMACs(n hostnet.Network) hostnet.Network {
	interfaces := make(map[string]hostnet.Interface, len(n.Interfaces))
	for name, i := range n.Interfaces {
		i.MAC = ""
		if len(i.Ports) == 0 {
			i.Ports = nil
		}
		if len(i.Addresses) == 0 {
			i.Addresses = nil
		}
		interfaces[name] = i
	}
	n.Interfaces = interfaces
	n.DefaultRoutes, n.Routed = slices.Clip(n.DefaultRoutes), slices.Clip(n.Routed)
	if len(n.DefaultRoutes) == 0 {
		n.DefaultRoutes = nil
	}
	if len(n.Routed) == 0 {
		n.Routed = nil
	}
	return n
}
