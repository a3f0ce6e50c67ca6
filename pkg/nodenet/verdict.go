// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// Verdict is what one claim is told.
type Verdict struct {
	// Release tells that nothing keeps the deleted claim any more. Nothing else is set then.
	Release bool
	// Available and Ready are the claim's conditions.
	Available, Ready Condition
	// PolicyName is the policy that makes the bridge, empty when there is none.
	PolicyName string
	// Nodes are the states of the nodes, in the order of their names.
	Nodes []NodeResult
}

// Condition is the content of a status condition.
type Condition struct {
	// Status is the condition's status.
	Status metav1.ConditionStatus
	// Reason is one of the documented reasons.
	Reason string
	// Message says what a person has to know and do. It depends on nothing but what was observed.
	Message string
}

func is(reason, message string) Condition {
	return Condition{Status: metav1.ConditionTrue, Reason: reason, Message: message}
}

func isNot(reason, message string, args ...any) Condition {
	return Condition{Status: metav1.ConditionFalse, Reason: reason, Message: fmt.Sprintf(message, args...)}
}

func both(c Condition) Verdict {
	return Verdict{Available: c, Ready: c}
}

// progress returns what a claim is told about a bridge that is wanted and not contested.
func (o Observed) progress(claim Claim, nodes []NodeResult) Verdict {
	v := Verdict{Nodes: nodes}
	if o.Policy != nil && o.Policy.TeardownSince.IsZero() {
		v.PolicyName = o.Policy.Name
	}
	v.Available, v.Ready = o.available(nodes), o.ready(nodes)
	if !claim.DeletedAt.IsZero() {
		v.Ready = isNot(vmv1alpha1.ReasonInUse, "bridge %s is kept until %s, which uses it, has stopped", o.BridgeName, claim.UsedBy)
	}
	return v
}

func (o Observed) available(nodes []NodeResult) Condition {
	for _, node := range nodes {
		if node.State == vmv1alpha1.NodeApplied {
			return is(vmv1alpha1.ReasonApplied, "at least one node has bridge "+o.BridgeName)
		}
	}
	return o.ready(nodes)
}

// ready sums up the nodes. What failed comes before what is still under way, since somebody has to act on it.
func (o Observed) ready(nodes []NodeResult) Condition {
	hosts := make(map[string]bool, len(o.Nodes))
	for _, node := range o.Nodes {
		hosts[node.Name] = node.HostsMachines
	}
	var applied int
	var failed, noHandler, progressing []string
	for _, node := range nodes {
		switch node.State {
		case vmv1alpha1.NodeApplied:
			applied++
		case vmv1alpha1.NodeFailed, vmv1alpha1.NodeAborted, vmv1alpha1.NodeRetrying:
			failed = append(failed, describe(node))
		case vmv1alpha1.NodeNoHandler:
			if hosts[node.Name] {
				noHandler = append(noHandler, node.Name)
			}
		case vmv1alpha1.NodeNotReady:
		default:
			progressing = append(progressing, node.Name)
		}
	}
	switch {
	case len(failed) > 0:
		return isNot(vmv1alpha1.ReasonNodesFailed,
			"NMState could not configure bridge %s on %s; correct the cause there; when NMState has given up, delete policy %s: it is made again at once and tried anew",
			o.BridgeName, list(failed), o.Policy.Name)
	case len(noHandler) > 0:
		return isNot(vmv1alpha1.ReasonNoHandler,
			"no kubernetes-nmstate handler runs on %s, so bridge %s cannot be made there; "+
				"let the nmstate-handler DaemonSet run on these nodes, or keep machines off them",
			list(noHandler), o.BridgeName)
	case len(progressing) > 0 || nodes == nil:
		return isNot(vmv1alpha1.ReasonProgressing, "waiting for NMState to configure bridge %s on the nodes; status.nodes tells how far each one is", o.BridgeName)
	case applied == 0:
		return isNot(vmv1alpha1.ReasonNoMatchingNode, "no healthy node can have bridge %s; add a node that is Ready and runs the nmstate-handler", o.BridgeName)
	default:
		return is(vmv1alpha1.ReasonApplied, fmt.Sprintf("every healthy node has bridge %s", o.BridgeName))
	}
}

func describe(node NodeResult) string {
	if node.Message == "" {
		return node.Name
	}
	return node.Name + " (" + node.Message + ")"
}

// list joins names, and only counts those that would make the message unreadable.
func list(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// tearingDown returns what a deleted claim is told while the bridge goes.
func (o Observed) tearingDown(claim Claim) Verdict {
	message := "bridge %s is being removed from the nodes"
	if o.Policy.TeardownSince.IsZero() && !o.Policy.AcceptsUpdate {
		message = "bridge %s will be removed from the nodes when NMState has finished with the policy's present version"
	}
	v := both(isNot(vmv1alpha1.ReasonTearingDown, message, claim.Bridge.Name))
	v.PolicyName = o.Policy.Name
	if !o.Policy.TeardownSince.IsZero() {
		v.Nodes = o.nodeResults()
	}
	return v
}

// waitingForTeardown returns what a claim is told that wants a bridge whose old form is still being removed.
func (o Observed) waitingForTeardown(claim Claim) Verdict {
	return both(isNot(vmv1alpha1.ReasonWaitingForPolicy,
		"bridge %s is made anew when its earlier form, which nobody claims any more, is gone from the nodes", claim.Bridge.Name))
}

func bridgeConflict(claim, holder Claim) Verdict {
	if claim.Owner != "" && claim.Owner == holder.Owner {
		return both(isNot(vmv1alpha1.ReasonBridgeConflict,
			"this machine itself has bridge %s as %s, which cannot be changed to %s under it: choose another bridgeName as well, "+
				"or remove the network, restart the machine, and add the network again",
			claim.Bridge.Name, holder.Bridge, claim.Bridge))
	}
	return both(isNot(vmv1alpha1.ReasonBridgeConflict,
		"bridge %s already exists for %s as %s; this claim wants %s: use the same settings, or another bridgeName",
		claim.Bridge.Name, holder.Key, holder.Bridge, claim.Bridge))
}

func uplinkConflict(claim, rival Claim) Verdict {
	if claim.Owner != "" && claim.Owner == rival.Owner {
		return both(isNot(vmv1alpha1.ReasonUplinkConflict,
			"this machine itself has %s in bridge %s, and it cannot be in two bridges: keep bridgeName %s, "+
				"or remove the network, restart the machine, and add the network again",
			claim.Bridge.Port(), rival.Bridge.Name, rival.Bridge.Name))
	}
	return both(isNot(vmv1alpha1.ReasonUplinkConflict,
		"%s is already the port of bridge %s for %s and cannot be in two bridges; use bridgeName %s, or another VLAN or uplink",
		claim.Bridge.Port(), rival.Bridge.Name, rival.Key, rival.Bridge.Name))
}

func nmstateNotInstalled(claim Claim) Verdict {
	c := Condition{
		Status: metav1.ConditionUnknown, Reason: vmv1alpha1.ReasonNMStateNotInstalled,
		Message: fmt.Sprintf("NMState is not installed, so bridge %s is not configured on the nodes and is trusted to exist; "+
			"install kubernetes-nmstate to have it made and checked", claim.Bridge.Name),
	}
	if !claim.DeletedAt.IsZero() {
		c = isNot(vmv1alpha1.ReasonInUse, "bridge %s is kept until %s, which uses it, has stopped", claim.Bridge.Name, claim.UsedBy)
	}
	return both(c)
}

// nodeResults returns the state of each node, in the order of their names.
func (o Observed) nodeResults() []NodeResult {
	enactments := make(map[string]Enactment, len(o.Enactments))
	for _, enactment := range o.Enactments {
		enactments[enactment.Node] = enactment
	}
	results := make([]NodeResult, 0, len(o.Nodes))
	for _, node := range o.Nodes {
		results = append(results, node.result(enactments[node.Name], o.Policy.Generation))
	}
	slices.SortFunc(results, func(a, b NodeResult) int { return cmp.Compare(a.Name, b.Name) })
	return results
}

// result returns the state of the bridge on the node. A report counts only for the policy's present
// generation: NMState's own summary stays True for a while after a change.
func (n Node) result(enactment Enactment, generation int64) NodeResult {
	current := enactment.Node != "" && enactment.Generation == generation
	switch {
	case current && enactment.State == vmv1alpha1.NodeApplied:
		return NodeResult{Name: n.Name, State: vmv1alpha1.NodeApplied}
	case !n.Ready:
		return NodeResult{Name: n.Name, State: vmv1alpha1.NodeNotReady}
	case !n.Handler:
		return NodeResult{Name: n.Name, State: vmv1alpha1.NodeNoHandler}
	case current:
		return NodeResult{Name: n.Name, State: enactment.State, Message: enactment.Message}
	default:
		return NodeResult{Name: n.Name, State: vmv1alpha1.NodeProgressing}
	}
}
