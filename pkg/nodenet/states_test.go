// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"strings"
	"testing"
	"time"
)

var (
	one       = []Claim{claim("a", 0, lan)}
	gone      = []Claim{claim("a", 0, lan).deleted(0)}
	isRemoved = "-TearingDown -TearingDown"
	isWaiting = "-WaitingForPolicy -WaitingForPolicy"
)

// wanted is the outcome for a bridge that claim a holds.
func wanted(verdict string) outcome {
	return outcome{present: &lan, first: "a", told: told("a", verdict)}
}

var nodeStates = []row{
	{name: "half of the nodes", claims: one, policy: policy(lan), nodes: healthy("n1", "n2"), enactments: []Enactment{report("n1", applied), report("n2", progressing)}, want: wanted("+Applied -Progressing")},
	{name: "queued behind others", claims: one, policy: policy(lan), nodes: healthy("n1", "n2"), enactments: []Enactment{report("n1", applied), report("n2", queued)}, want: wanted("+Applied -Progressing")},
	{name: "no report yet", claims: one, policy: policy(lan), nodes: healthy("n1"), want: wanted(isProgressing)},
	{name: "a report of an earlier generation proves nothing", claims: one, policy: policy(lan), nodes: healthy("n1"), enactments: []Enactment{report("n1", applied).of(2)}, want: wanted(isProgressing)},
	{name: "nor does its failure", claims: one, policy: policy(lan), nodes: healthy("n1"), enactments: []Enactment{report("n1", failed).of(2)}, want: wanted(isProgressing)},
	{name: "failed everywhere", claims: one, policy: policy(lan), nodes: healthy("n1"), enactments: []Enactment{report("n1", failed)}, want: wanted("-NodesFailed -NodesFailed")},
	{name: "failed on one", claims: one, policy: policy(lan), nodes: healthy("n1", "n2"), enactments: []Enactment{report("n1", failed), report("n2", applied)}, want: wanted("+Applied -NodesFailed")},
	{name: "aborted because others failed", claims: one, policy: policy(lan), nodes: healthy("n1", "n2"), enactments: []Enactment{report("n1", applied), report("n2", aborted)}, want: wanted("+Applied -NodesFailed")},
	{name: "retrying", claims: one, policy: policy(lan).busy(), nodes: healthy("n1"), enactments: []Enactment{report("n1", retrying)}, want: wanted("-NodesFailed -NodesFailed")},
	{name: "what failed comes before what is under way", claims: one, policy: policy(lan), nodes: healthy("n1", "n2"), enactments: []Enactment{report("n1", failed), report("n2", progressing)}, want: wanted("-NodesFailed -NodesFailed")},
	{name: "a node that is not ready does not count", claims: one, policy: policy(lan), nodes: append(healthy("n1"), notReady("n2")), enactments: []Enactment{report("n1", applied), report("n2", failed)}, want: wanted(isApplied)},
	{name: "a node that is not ready and has the bridge", claims: one, policy: policy(lan), nodes: []Node{notReady("n1")}, enactments: []Enactment{report("n1", applied)}, want: wanted(isApplied)},
	{name: "only nodes that are not ready", claims: one, policy: policy(lan), nodes: []Node{notReady("n1")}, want: wanted("-NoMatchingNode -NoMatchingNode")},
	{name: "no node at all", claims: one, policy: policy(lan), want: wanted("-NoMatchingNode -NoMatchingNode")},
	{name: "a node without handler", claims: one, policy: policy(lan), nodes: append(healthy("n1"), noHandler("n2")), enactments: []Enactment{report("n1", applied)}, want: wanted("+Applied -NoHandler")},
	{name: "that runs no machines", claims: one, policy: policy(lan), nodes: append(healthy("n1"), Node{Name: "n2", Ready: true}), enactments: []Enactment{report("n1", applied)}, want: wanted(isApplied)},
	{name: "only nodes that run no machines and have no handler", claims: one, policy: policy(lan), nodes: []Node{{Name: "n1", Ready: true}}, want: wanted("-NoMatchingNode -NoMatchingNode")},
	{name: "the handler went after it had applied", claims: one, policy: policy(lan), nodes: []Node{noHandler("n1")}, enactments: []Enactment{report("n1", applied)}, want: wanted(isApplied)},
	{name: "a report of a node that is no more", claims: one, policy: policy(lan), nodes: healthy("n1"), enactments: []Enactment{report("n1", applied), report("n0", failed)}, want: wanted(isApplied)},
}

var teardown = []row{
	{name: "the last one leaves: the policy removes the bridge", claims: gone, policy: policy(lan), nodes: healthy("n1"), enactments: []Enactment{report("n1", applied)}, want: outcome{absent: &lan, told: told("a", isRemoved)}},
	{
		name: "two leave at once", claims: []Claim{claim("a", 0, lan).deleted(0), claim("b", 1, lan).deleted(0)}, policy: policy(lan), nodes: healthy("n1"), enactments: []Enactment{report("n1", applied)},
		want: outcome{absent: &lan, told: told("a", isRemoved, "b", isRemoved)},
	},
	{name: "the policy takes no update yet", claims: gone, policy: policy(lan).busy(), nodes: healthy("n1"), enactments: []Enactment{report("n1", progressing)}, want: outcome{recheck: slow, told: told("a", isRemoved)}},
	{
		name: "nor until the deadline after the last deletion", claims: []Claim{claim("a", 0, lan).deleted(slow), claim("b", 1, lan).deleted(slow - time.Second)}, policy: policy(lan).busy(), nodes: healthy("n1"),
		enactments: []Enactment{report("n1", progressing)},
		want:       outcome{recheck: time.Second, told: told("a", isRemoved, "b", isRemoved)},
	},
	{
		name: "past the deadline: it is left", claims: []Claim{claim("a", 0, lan).deleted(slow)}, policy: policy(lan).busy(), nodes: healthy("n1", "n2"), enactments: []Enactment{report("n1", progressing)},
		want: outcome{deletePolicy: true, left: "n1 n2", told: told("a", "release")},
	},
	{
		name: "nobody is there to take an update: the shorter deadline", claims: []Claim{claim("a", 0, lan).deleted(time.Minute)}, policy: policy(lan).busy(), nodes: []Node{noHandler("n1")},
		enactments: []Enactment{report("n1", progressing)},
		want:       outcome{recheck: time.Minute, told: told("a", isRemoved)},
	},
	{
		name: "and past it", claims: []Claim{claim("a", 0, lan).deleted(unreachable)}, policy: policy(lan).busy(), nodes: []Node{noHandler("n1"), notReady("n2")}, enactments: []Enactment{report("n1", progressing)},
		want: outcome{deletePolicy: true, left: "n1", told: told("a", "release")},
	},
	{name: "no handler ever saw the policy: nothing was made", claims: gone, policy: policy(lan).busy(), nodes: []Node{noHandler("n1")}, want: outcome{deletePolicy: true, told: told("a", "release")}},
	{
		name: "a handler is about to see the policy", claims: gone, policy: policy(lan).busy(), nodes: healthy("n1"),
		want: outcome{recheck: slow, told: told("a", isRemoved)},
	},
	{name: "the bridge is gone from the nodes", claims: gone, policy: policy(lan).tearingDown(time.Minute), nodes: healthy("n1", "n2"), enactments: []Enactment{report("n1", applied), report("n2", applied)}, want: outcome{deletePolicy: true, told: told("a", "release")}},
	{
		name: "from one of two", claims: gone, policy: policy(lan).tearingDown(time.Minute).busy(), nodes: healthy("n1", "n2"), enactments: []Enactment{report("n1", applied), report("n2", queued)},
		want: outcome{recheck: slow - time.Minute, told: told("a", isRemoved)},
	},
	{name: "an old report does not count", claims: gone, policy: policy(lan).tearingDown(0), nodes: healthy("n1"), enactments: []Enactment{report("n1", applied).of(2)}, want: outcome{recheck: slow, told: told("a", isRemoved)}},
	{
		name: "a node that does not answer has the shorter deadline", claims: gone, policy: policy(lan).tearingDown(time.Minute), nodes: append(healthy("n1"), notReady("n2")),
		enactments: []Enactment{report("n1", progressing), report("n2", progressing)},
		want:       outcome{recheck: unreachable - time.Minute, told: told("a", isRemoved)},
	},
	{
		name: "past it, only the others are waited for", claims: gone, policy: policy(lan).tearingDown(unreachable), nodes: append(healthy("n1"), notReady("n2")),
		enactments: []Enactment{report("n1", progressing), report("n2", progressing)},
		want:       outcome{recheck: slow - unreachable, told: told("a", isRemoved)},
	},
	{
		name: "it stays there, when the others are done", claims: gone, policy: policy(lan).tearingDown(unreachable), nodes: append(healthy("n1"), notReady("n2"), noHandler("n3")),
		enactments: []Enactment{report("n1", applied), report("n2", progressing), report("n3", progressing)},
		want:       outcome{deletePolicy: true, left: "n2 n3", told: told("a", "release")},
	},
	{
		name: "a node that never had a report and does not answer is not waited for", claims: gone, policy: policy(lan).tearingDown(0), nodes: append(healthy("n1"), notReady("n2"), noHandler("n3")),
		enactments: []Enactment{report("n1", applied)},
		want:       outcome{deletePolicy: true, told: told("a", "release")},
	},
	{
		name: "removal failed for good", claims: gone, policy: policy(lan).tearingDown(0), nodes: healthy("n1", "n2", "n3"),
		enactments: []Enactment{report("n1", failed), report("n2", aborted), report("n3", applied)},
		want:       outcome{deletePolicy: true, left: "n1 n2", told: told("a", "release")},
	},
	{name: "NMState tries again", claims: gone, policy: policy(lan).tearingDown(time.Minute), nodes: healthy("n1"), enactments: []Enactment{report("n1", retrying)}, want: outcome{recheck: slow - time.Minute, told: told("a", isRemoved)}},
	{name: "until its deadline", claims: gone, policy: policy(lan).tearingDown(slow), nodes: healthy("n1"), enactments: []Enactment{report("n1", retrying)}, want: outcome{deletePolicy: true, left: "n1", told: told("a", "release")}},
	{name: "the node itself is gone", claims: gone, policy: policy(lan).tearingDown(0), enactments: []Enactment{report("n1", progressing)}, want: outcome{deletePolicy: true, told: told("a", "release")}},
	{name: "the policy is on its way out", claims: gone, policy: policy(lan).tearingDown(0).deleting(), nodes: healthy("n1"), enactments: []Enactment{report("n1", applied)}, want: outcome{told: told("a", isRemoved)}},
	{name: "and gone", claims: gone, nodes: healthy("n1"), want: outcome{told: told("a", "release")}},
	{name: "the claims went first", policy: policy(lan).tearingDown(time.Minute), nodes: healthy("n1"), enactments: []Enactment{report("n1", applied)}, want: outcome{deletePolicy: true, told: told()}},
	{
		name: "somebody claims the bridge while it is removed: it is made again", claims: []Claim{claim("a", 0, lan).deleted(0), claim("b", 1, lan)}, policy: policy(lan).tearingDown(0), nodes: healthy("n1"),
		enactments: []Enactment{report("n1", applied)},
		want:       outcome{present: &lan, first: "b", told: told("a", "release", "b", isProgressing)},
	},
	{
		name: "but not by a policy that is being deleted", claims: one, policy: policy(lan).tearingDown(0).deleting(), nodes: healthy("n1"), enactments: []Enactment{report("n1", applied)},
		want: outcome{told: told("a", isWaiting)},
	},
	{
		name: "handed over to a claim that waited for the name", claims: []Claim{claim("a", 0, lan).deleted(0), claim("b", 1, lan200)}, policy: policy(lan), nodes: healthy("n1"),
		enactments: []Enactment{report("n1", applied)},
		want:       outcome{absent: &lan, told: told("a", isRemoved, "b", isWaiting)},
	},
	{
		name: "while the old form goes", claims: []Claim{claim("b", 1, lan200), claim("c", 2, lanOther)}, policy: policy(lan).tearingDown(0), nodes: healthy("n1"),
		enactments: []Enactment{report("n1", progressing)},
		want:       outcome{recheck: slow, told: told("b", isWaiting, "c", "-BridgeConflict -BridgeConflict")},
	},
	{name: "when it is gone", claims: []Claim{claim("b", 1, lan200)}, nodes: healthy("n1"), want: outcome{present: &lan200, first: "b", told: told("b", isProgressing)}},
	{
		name: "who never had the old form is let go at once", claims: []Claim{claim("a", 0, lan).deleted(0), claim("b", 1, lan200).deleted(0)}, policy: policy(lan), nodes: healthy("n1"),
		enactments: []Enactment{report("n1", applied)},
		want:       outcome{absent: &lan, told: told("a", isRemoved, "b", "release")},
	},
	{
		name: "a conflict of uplinks is told also meanwhile", claims: []Claim{claim("a", 0, lan).deleted(0), claim("b", 2, lan200)}, rivals: []Claim{claim("r", 1, wan200)}, policy: policy(lan), nodes: healthy("n1"),
		enactments: []Enactment{report("n1", applied)},
		want:       outcome{absent: &lan, told: told("a", isRemoved, "b", "-UplinkConflict -UplinkConflict")},
	},
}

func TestNodesAreToldInTheirOrder(t *testing.T) {
	r := row{
		claims: one, policy: policy(lan), nodes: append(healthy("c", "b"), notReady("a"), noHandler("d")),
		enactments: []Enactment{report("b", failed).saying("no such device"), report("c", applied)},
	}
	verdict := Decide(r.world(), "br-lan").Verdicts[one[0].Key]
	if got, want := statesOf(verdict.Nodes), "a=NotReady b=Failed c=Applied d=NoHandler"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if verdict.PolicyName != "first-lan-bridge" || verdict.Nodes[1].Message != "no such device" {
		t.Errorf("got policy %q and message %q", verdict.PolicyName, verdict.Nodes[1].Message)
	}
}

func TestMessagesSayWhatToDo(t *testing.T) {
	many := []Enactment{}
	names := []string{"n1", "n2", "n3", "n4", "n5", "n6", "n7"}
	for _, name := range names {
		many = append(many, report(name, failed))
	}
	for _, tc := range []struct {
		name string
		row  row
		want []string
	}{
		{"failure", row{claims: one, policy: policy(lan), nodes: healthy("n1"), enactments: []Enactment{report("n1", failed).saying("no such device")}}, []string{"bridge br-lan on n1 (no such device)"}},
		{"many failures", row{claims: one, policy: policy(lan), nodes: healthy(names...), enactments: many}, []string{"n1, n2, n3, n4, n5 and 2 more"}},
		{"no handler", row{claims: one, policy: policy(lan), nodes: []Node{noHandler("n1")}}, []string{"handler runs on n1", "nmstate-handler DaemonSet"}},
		{"conflict", row{claims: []Claim{claim("one/a", 0, lan), claim("a", 1, lan200)}}, []string{"already exists for one/a as linux-bridge on ens160 VLAN 100", "wants linux-bridge on ens160 VLAN 200", "another bridgeName"}},
		{"uplink conflict", row{claims: []Claim{claim("a", 1, lan)}, rivals: []Claim{claim("two/r", 0, wan)}}, []string{"ens160.100 is already the port of bridge br-wan for two/r", "use bridgeName br-wan"}},
		{"conflict with the machine's own bridge", row{claims: []Claim{claim("b", 0, lan).ownedBy("vm"), claim("a", 1, lan200).ownedBy("vm")}}, []string{"this machine itself has bridge br-lan", "choose another bridgeName"}},
		{"uplink conflict with the machine's own bridge", row{claims: []Claim{claim("a", 1, lan).ownedBy("vm")}, rivals: []Claim{claim("r", 0, wan).ownedBy("vm")}}, []string{"this machine itself has ens160.100 in bridge br-wan", "keep bridgeName br-wan"}},
		{"in use", row{claims: []Claim{claim("a", 0, lan).deleted(0).usedBy("Pod ns/p")}, policy: policy(lan), nodes: healthy("n1")}, []string{"bridge br-lan is kept", "Pod ns/p"}},
		{"no NMState", row{claims: one, noNMState: true}, []string{"trusted to exist", "install kubernetes-nmstate"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			message := Decide(tc.row.world(), "br-lan").Verdicts[claim("a", 0, lan).Key].Ready.Message
			for _, want := range tc.want {
				if !strings.Contains(message, want) {
					t.Errorf("got %q, want %q in it", message, want)
				}
			}
		})
	}
}
