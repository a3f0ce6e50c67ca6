// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package hostnet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// Verdict says whether a bridge may be made on a node.
type Verdict struct {
	// Findings are what speaks against it, the most dangerous first; empty when the bridge may be made, or used.
	Findings []Finding
	// Exists tells that the node has the bridge already: of the wanted type, with the wanted port among its ports.
	Exists bool
	// HostIP tells that the NIC carries an InternalIP of the node or a default route.
	HostIP bool
	// Moves tells that the NIC carries an address or a default route which has to be moved to the bridge when it is
	// made, as MoveHostIP allows. It is true as well for addresses that are not the node's InternalIP.
	Moves bool
	// MovesRoutes tells that routes go through the NIC, which have to move as well.
	MovesRoutes bool
}

// Finding is one thing that speaks against a bridge.
type Finding struct {
	// Reason is one of the documented reasons of a WukongNodeBridge.
	Reason string
	// Message names the node and the interface, and says what to do.
	Message string
}

// danger orders findings: first what cuts a node off, then what takes something from others, then what cannot work.
var danger = []string{
	vmv1alpha1.ReasonHostIPAtRisk,
	vmv1alpha1.ReasonHostIPCannotMove,
	vmv1alpha1.ReasonNICInUse,
	vmv1alpha1.ReasonVLANInUse,
	vmv1alpha1.ReasonBridgeNameTaken,
	vmv1alpha1.ReasonNICMissing,
	vmv1alpha1.ReasonNICDown,
	vmv1alpha1.ReasonMTUTooLarge,
}

// Check says whether the bridge may be made on the node. NMState itself would take the NIC that carries the node's
// address without a word (kubernetes-nmstate, issue 1063).
func Check(node Node, want Wanted) Verdict {
	c := check{Node: node, want: want}
	c.nic, c.hasNIC = node.Network.Interfaces[want.NIC]
	c.exists = c.bridgeExists()
	v := Verdict{Exists: c.exists, HostIP: c.hasNIC && c.carriesHost(c.nic)}
	v.Findings = slices.Concat(c.checkBridge(), c.checkNIC())
	if want.takesNIC() {
		v.Moves = c.moves()
		v.MovesRoutes = v.Moves && slices.Contains(node.Network.Routed, want.NIC)
		v.Findings = append(v.Findings, c.takeNIC()...)
	} else {
		v.Findings = append(v.Findings, c.takeVLAN()...)
	}
	slices.SortStableFunc(v.Findings, func(a, b Finding) int {
		return cmp.Or(slices.Index(danger, a.Reason)-slices.Index(danger, b.Reason), cmp.Compare(a.Message, b.Message))
	})
	return v
}

// check is one bridge against one node.
type check struct {
	Node
	want   Wanted
	nic    Interface
	hasNIC bool
	exists bool
}

func finding(reason, message string, args ...any) Finding {
	return Finding{Reason: reason, Message: fmt.Sprintf(message, args...)}
}

// list joins names as a person would, and only counts those that would make the message unreadable.
func list(names []string) string {
	const most = 5
	switch count := len(names); {
	case count > most:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), count-most)
	case count > 1:
		return strings.Join(names[:count-1], ", ") + " and " + names[count-1]
	default:
		return strings.Join(names, "")
	}
}
