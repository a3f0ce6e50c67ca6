// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// Verdict is what one claim is told.
type Verdict struct {
	// Release tells that nothing keeps the deleted claim any more. Nothing else is set then.
	Release bool
	// Refused tells that the claim does not get its bridge, for the reason in Ready.
	Refused bool
	// Allowed, Available and Ready are the claim's conditions.
	Allowed, Available, Ready Condition
	// PolicyName is the policy that makes the bridge, empty when there is none.
	PolicyName string
	// WukongUplink is the WukongUplink that the claim is on, empty when there is none.
	WukongUplink string
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

func is(reason, message string, args ...any) Condition {
	return Condition{Status: metav1.ConditionTrue, Reason: reason, Message: fmt.Sprintf(message, args...)}
}

func isNot(reason, message string, args ...any) Condition {
	return Condition{Status: metav1.ConditionFalse, Reason: reason, Message: fmt.Sprintf(message, args...)}
}

// tell fills in the verdicts. Whoever has the bridge remembers what was made of it, also when who was given it leaves.
func (d *deciding) tell() {
	known := ""
	if given := d.given(); len(given) > 0 && len(d.remembered()) > 0 {
		known = given[0].PolicyName
	}
	for _, claim := range d.claims[d.bridge] {
		verdict := d.verdict(claim)
		if d.untoldPolicy != "" && !verdict.Release && verdict.PolicyName == "" && d.madeFor(claim) {
			// It was given a bridge before it was refused, and nobody else remembers that.
			verdict.PolicyName, verdict.Nodes = d.untoldPolicy, d.results
		}
		if !verdict.Release && verdict.PolicyName == "" && known != "" && (!verdict.Refused || claim.PolicyName != "") {
			verdict.PolicyName, verdict.Nodes = cmp.Or(claim.PolicyName, known), d.results
		}
		d.Verdicts[claim.Key] = verdict
	}
}

func (d *deciding) verdict(claim *Claim) Verdict {
	granted := d.grants[claim.Key]
	switch {
	case claim.leaving() && d.letsGo(claim):
		return Verdict{Release: true}
	case claim.leaving():
		return d.tearingDown(claim)
	}
	v := d.told(granted)
	v.Allowed = d.allowed(granted)
	if !claim.DeletedAt.IsZero() {
		v.Ready = inUse(claim)
	}
	return v
}

// letsGo reports whether nothing of what a leaving claim was given has to be removed: it was given nothing, others go on
// using it, or it is gone. A claim may have been given what it was never told.
func (d *deciding) letsGo(claim *Claim) bool {
	if !d.busy || !claim.Granted && !d.madeFor(claim) {
		return true
	}
	return d.holder != nil && d.canonical(claim.Wanted) == d.holder.wanted
}

// madeFor reports whether a policy makes or removes what a claim asks for.
func (d *deciding) madeFor(claim *Claim) bool {
	return slices.ContainsFunc(d.policies[d.bridge], func(p *Policy) bool {
		return p.Bridge.Type == claim.Wanted.Type && p.Bridge.VLANID == claim.Wanted.VLANID
	})
}

// told returns what a claim that stays is told.
func (d *deciding) told(granted *grant) Verdict {
	if granted.refusal != nil {
		c := isNot(granted.refusal.Reason, "%s", granted.refusal.Message)
		return Verdict{Refused: true, Available: c, Ready: c, Nodes: granted.nodes}
	}
	v := Verdict{Nodes: d.results, PolicyName: d.policyName}
	if granted.uplink != nil {
		v.WukongUplink = granted.uplink.Name
	}
	v.Ready = d.ready(d.results)
	if problem := cmp.Or(d.blocked, d.waits); problem != nil {
		v.Ready = *problem
	}
	v.Available = v.Ready
	if slices.ContainsFunc(d.results, func(n NodeResult) bool { return n.Usable }) {
		reason := vmv1alpha1.ReasonApplied
		if d.adopted {
			reason = vmv1alpha1.ReasonAdopted
		}
		v.Available = is(reason, "at least one node has bridge %s", d.bridge)
	}
	return v
}

func (d *deciding) allowed(granted *grant) Condition {
	switch {
	case granted.outside != nil:
		return isNot(granted.outside.Reason, "%s", granted.outside.Message)
	case granted.uplink == nil:
		return is(vmv1alpha1.ReasonNoFence, "there is no WukongUplink, so any NIC may be used")
	case granted.refusal != nil && granted.refusal.Reason == vmv1alpha1.ReasonQuotaExceeded:
		return isNot(granted.refusal.Reason, "%s", granted.refusal.Message)
	}
	return is(vmv1alpha1.ReasonAllowed, "WukongUplink %s allows it", granted.uplink.Name)
}

// sum is what the states of the nodes come to.
type sum struct {
	usable                                  int
	failed, noHandler, progressing, missing []string
}

func (d *deciding) sumUp(nodes []NodeResult) sum {
	var s sum
	for _, node := range nodes {
		if node.Usable {
			s.usable++
		}
		switch node.State {
		case vmv1alpha1.NodeFailed, vmv1alpha1.NodeAborted, vmv1alpha1.NodeRetrying:
			s.failed = append(s.failed, describe(node))
		case vmv1alpha1.NodeNoHandler:
			if seen := d.node(node.Name); !node.Usable && seen != nil && seen.HostsMachines {
				s.noHandler = append(s.noHandler, node.Name)
			}
		case vmv1alpha1.NodeMissing, vmv1alpha1.NodeUnfit:
			s.missing = append(s.missing, node.Name)
		case vmv1alpha1.NodeProgressing, vmv1alpha1.NodeQueued:
			s.progressing = append(s.progressing, node.Name)
		}
	}
	return s
}

// ready sums up the nodes. What failed comes before what is still under way, since somebody has to act on it.
func (d *deciding) ready(nodes []NodeResult) Condition {
	s := d.sumUp(nodes)
	switch {
	case d.adopted && s.usable > 0:
		return d.isAdopted(s.missing)
	case len(s.failed) > 0:
		return d.nodesFailed(s.failed)
	case len(s.noHandler) > 0:
		return isNot(vmv1alpha1.ReasonNoHandler,
			"no kubernetes-nmstate handler runs on %s, so bridge %s cannot be made there; "+
				"let the nmstate-handler DaemonSet run on these nodes, or keep machines off them",
			list(s.noHandler), d.bridge)
	case len(s.progressing) > 0 || len(nodes) == 0 && d.policyName == "":
		return isNot(vmv1alpha1.ReasonProgressing, "waiting for NMState to configure bridge %s on the nodes; status.nodes tells how far each one is", d.bridge)
	case s.usable == 0:
		return noMatchingNode(d.bridge)
	default:
		return is(vmv1alpha1.ReasonApplied, "every healthy node has bridge %s", d.bridge)
	}
}

// nodesFailed says where NMState failed and how it is tried again. A policy that moves a host's address is not to be
// deleted: what it captured would be lost.
func (d *deciding) nodesFailed(failed []string) Condition {
	again := "when NMState has given up it is tried again by itself after a while"
	if !slices.ContainsFunc(d.policies[d.bridge], func(p *Policy) bool { return p.Bridge.HostIP }) {
		again += fmt.Sprintf(", or at once when you delete policy %s, which is then made again", d.policyName)
	}
	return isNot(vmv1alpha1.ReasonNodesFailed, "NMState could not configure bridge %s on %s; correct the cause there; %s", d.bridge, list(failed), again)
}

func (d *deciding) isAdopted(missing []string) Condition {
	message := fmt.Sprintf("bridge %s was there already, with the wanted port: it is used as it is, and never changed or removed", d.bridge)
	if len(missing) > 0 {
		message += fmt.Sprintf("; no machine is started on %s, which lack it", list(missing))
	}
	return is(vmv1alpha1.ReasonAdopted, "%s", message)
}

func noMatchingNode(bridge string) Condition {
	return isNot(vmv1alpha1.ReasonNoMatchingNode,
		"no healthy node can have bridge %s; add a node that is Ready, runs the nmstate-handler and is in a node group of the uplink", bridge)
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
func (d *deciding) tearingDown(claim *Claim) Verdict {
	message := "bridge %s is being removed from the nodes"
	for _, policy := range d.policies[d.bridge] {
		if !policy.removes() && !policy.AcceptsUpdate {
			message = "bridge %s will be removed from the nodes when NMState has finished with the policy's present version"
		}
	}
	c := isNot(vmv1alpha1.ReasonTearingDown, message, claim.Wanted.Bridge)
	if users := d.usersOnRemembered(); len(users) > 0 {
		c = waitingForMachines("bridge "+d.bridge+" is removed from the nodes", users)
	}
	v := Verdict{Allowed: is(vmv1alpha1.ReasonAllowed, "the claim is leaving"), Available: c, Ready: c, PolicyName: d.policyName, Nodes: d.results}
	if v.PolicyName == "" {
		v.PolicyName = claim.PolicyName
	}
	return v
}

// waitingForTeardown is told while a bridge's old form is still being removed.
func (d *deciding) waitingForTeardown() Condition {
	return isNot(vmv1alpha1.ReasonWaitingForPolicy,
		"bridge %s is made anew when its earlier form, which nobody claims any more, is gone from the nodes", d.bridge)
}

func stillInProgress(policy string) Condition {
	return isNot(vmv1alpha1.ReasonWaitingForPolicy,
		"NMState still works on policy %s and takes no new version until it has finished; nothing needs to be done", policy)
}

func waitingForMachines(what string, users []string) Condition {
	return isNot(vmv1alpha1.ReasonWaitingForMachines,
		"%s, which waits because it would cut off machines that run there: %s; migrate or stop them, or take the change back", what, list(users))
}

func inUse(claim *Claim) Condition {
	return isNot(vmv1alpha1.ReasonInUse, "bridge %s is kept until %s, which uses it, has stopped", claim.Wanted.Bridge, claim.UsedBy)
}

// withoutNMState decides while the cluster does not serve NMState's API: the nodes are not ours to configure.
func (d *deciding) withoutNMState() {
	stays := slices.ContainsFunc(d.claims[d.bridge], func(c *Claim) bool { return c.PolicyName != "" && !c.leaving() })
	for _, claim := range d.claims[d.bridge] {
		if claim.leaving() {
			d.Verdicts[claim.Key] = Verdict{Release: true}
			continue
		}
		granted := d.grants[claim.Key]
		v := d.trusted(claim, granted)
		v.Allowed = d.allowed(granted)
		d.Verdicts[claim.Key] = v
	}
	for _, name := range slices.Sorted(maps.Keys(d.madeOn())) {
		if !stays {
			d.LeftBehind = append(d.LeftBehind, NodeResult{Name: name, State: vmv1alpha1.NodeNoHandler, Message: "NMState is not installed"})
		}
	}
}

// trusted is what a claim is told while nobody can configure or check its bridge. The fence holds all the same.
func (d *deciding) trusted(claim *Claim, granted *grant) Verdict {
	c := Condition{
		Status: metav1.ConditionUnknown, Reason: vmv1alpha1.ReasonNMStateNotInstalled,
		Message: fmt.Sprintf("NMState is not installed, so bridge %s is not configured on the nodes and is trusted to exist; "+
			"install kubernetes-nmstate to have it made and checked", claim.Wanted.Bridge),
	}
	switch {
	case !claim.DeletedAt.IsZero():
		c = inUse(claim)
	case granted.outside != nil && granted.refusal != nil:
		c = isNot(granted.outside.Reason, "%s", granted.outside.Message)
	}
	v := Verdict{Available: c, Ready: c, PolicyName: claim.PolicyName}
	if claim.PolicyName != "" {
		// What was made is still on the nodes, and has to be remembered until NMState is back.
		for _, name := range slices.Sorted(maps.Keys(d.madeOn())) {
			v.Nodes = append(v.Nodes, NodeResult{Name: name, State: vmv1alpha1.NodeNoHandler, Message: "NMState is not installed"})
		}
	}
	return v
}
