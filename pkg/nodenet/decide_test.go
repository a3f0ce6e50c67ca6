// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// row is one observation and what has to be decided on it.
type row struct {
	name       string
	noNMState  bool
	claims     []Claim
	rivals     []Claim
	policy     *Policy
	enactments []Enactment
	nodes      []Node
	want       outcome
}

// world is what a row describes. A claim whose bridge a policy makes was granted it before.
func (r row) world() World {
	w := World{
		NMStateServed: !r.noNMState, Claims: slices.Concat(r.claims, r.rivals), Nodes: r.nodes, Now: now,
		Deadlines: Deadlines{Unreachable: unreachable, Slow: slow},
	}
	// Rows without nodes are about the claims alone.
	w.Offline = r.nodes == nil && r.policy == nil
	if r.policy != nil {
		policy := *r.policy
		policy.Enactments = r.enactments
		w.Policies = []Policy{policy}
		for i := range w.Claims {
			wanted := groupsOf(w.Claims[i].Wanted, nil)[""]
			if policy.Bridge.Equal(wanted) && (policy.TeardownSince.IsZero() || !w.Claims[i].DeletedAt.IsZero()) {
				w.Claims[i].Granted, w.Claims[i].PolicyName = true, policy.Name
			}
		}
	}
	return w
}

// States of nodes, for short.
const (
	applied     = vmv1alpha1.NodeApplied
	progressing = vmv1alpha1.NodeProgressing
	queued      = vmv1alpha1.NodeQueued
	retrying    = vmv1alpha1.NodeRetrying
	failed      = vmv1alpha1.NodeFailed
	aborted     = vmv1alpha1.NodeAborted
)

func told(pairs ...string) map[string]string {
	verdicts := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		verdicts[pairs[i]] = pairs[i+1]
	}
	return verdicts
}

const (
	isProgressing = "-Progressing -Progressing"
	isApplied     = "+Applied +Applied"
)

var sharing = []row{
	{name: "nothing at all", want: outcome{told: told()}},
	{
		name: "the first claim makes the policy", claims: []Claim{claim("a", 0, lan)}, nodes: healthy("n1"),
		want: outcome{present: &lan, first: "a", told: told("a", isProgressing)},
	},
	{
		name: "two claims, one policy named after the older", claims: []Claim{claim("b", 0, lan), claim("a", 1, lan)},
		want: outcome{present: &lan, first: "b", told: told("a", isProgressing, "b", isProgressing)},
	},
	{
		name: "claims of one age are ordered by name", claims: []Claim{claim("two/a", 0, lan), claim("one/b", 0, lan)},
		want: outcome{present: &lan, first: "one/b", told: told("one/b", isProgressing, "two/a", isProgressing)},
	},
	{
		name: "applied on every node", claims: []Claim{claim("a", 0, lan), claim("b", 1, lan)}, policy: policy(lan), nodes: healthy("n1", "n2"),
		enactments: []Enactment{report("n1", applied), report("n2", applied)},
		want:       outcome{present: &lan, first: "a", told: told("a", isApplied, "b", isApplied)},
	},
	{
		name: "the first claimant leaves, the others stay", claims: []Claim{claim("a", 0, lan).deleted(0), claim("b", 1, lan), claim("c", 2, lan)},
		policy: policy(lan), nodes: healthy("n1"), enactments: []Enactment{report("n1", applied)},
		want: outcome{present: &lan, first: "b", told: told("a", "release", "b", isApplied, "c", isApplied)},
	},
	{
		name: "one leaves while the policy is still worked on", claims: []Claim{claim("a", 0, lan).deleted(0), claim("b", 1, lan)}, policy: policy(lan).busy(), nodes: healthy("n1"),
		enactments: []Enactment{report("n1", progressing)},
		want:       outcome{present: &lan, first: "b", told: told("a", "release", "b", isProgressing)},
	},
	{
		name: "a deleted claim that is in use is kept, and the bridge with it", claims: []Claim{claim("a", 0, lan).deleted(slow).usedBy("VirtualMachine ns/vm")},
		policy: policy(lan), nodes: healthy("n1"), enactments: []Enactment{report("n1", applied)},
		want: outcome{present: &lan, first: "a", told: told("a", "+Applied -InUse")},
	},
	{
		name: "in use beside one that leaves", claims: []Claim{claim("a", 0, lan).deleted(0), claim("b", 1, lan).deleted(0).usedBy("Pod ns/p")},
		policy: policy(lan), nodes: healthy("n1"), enactments: []Enactment{report("n1", applied)},
		want: outcome{present: &lan, first: "b", told: told("a", "release", "b", "+Applied -InUse")},
	},
	{
		name: "the policy is missing: it is made again", claims: []Claim{claim("a", 0, lan)}, nodes: healthy("n1"), enactments: []Enactment{report("n1", applied)},
		want: outcome{present: &lan, first: "a", told: told("a", isProgressing)},
	},
	{
		name: "somebody deletes the policy: wait until it is gone", claims: []Claim{claim("a", 0, lan)}, policy: policy(lan).deleting(), nodes: healthy("n1"),
		enactments: []Enactment{report("n1", applied)},
		want:       outcome{told: told("a", isApplied)},
	},
	{
		name: "claims that were gone before anything was made", claims: []Claim{claim("a", 0, lan).deleted(0), claim("b", 1, lan).deleted(0)}, nodes: healthy("n1"),
		want: outcome{told: told("a", "release", "b", "release")},
	},
	{
		name: "a policy without claims is nobody's business", policy: policy(lan), nodes: healthy("n1"), enactments: []Enactment{report("n1", applied)},
		want: outcome{told: told()},
	},
	{name: "not even when it fails", policy: policy(lan).busy(), nodes: healthy("n1"), enactments: []Enactment{report("n1", failed)}, want: outcome{told: told()}},
}

var conflicts = []row{
	{
		name: "another VLAN: the older claim wins", claims: []Claim{claim("b", 0, lan), claim("a", 1, lan200)},
		want: outcome{present: &lan, first: "b", told: told("b", isProgressing, "a", "-BridgeConflict -BridgeConflict")},
	},
	{
		name: "another NIC", claims: []Claim{claim("a", 0, lan), claim("b", 1, lanOther)},
		want: outcome{present: &lan, first: "a", told: told("a", isProgressing, "b", "-BridgeConflict -BridgeConflict")},
	},
	{
		name: "another type", claims: []Claim{claim("a", 0, lanOVS), claim("b", 1, lan)},
		want: outcome{present: &lanOVS, first: "a", told: told("a", isProgressing, "b", "-BridgeConflict -BridgeConflict")},
	},
	{
		name: "another MTU", claims: []Claim{claim("a", 0, lan), claim("b", 1, lanJumbo)},
		want: outcome{present: &lan, first: "a", told: told("a", isProgressing, "b", "-BridgeConflict -BridgeConflict")},
	},
	{
		name: "several against one", claims: []Claim{claim("a", 0, lan), claim("b", 1, lan200), claim("c", 2, lan), claim("d", 3, lan200)},
		want: outcome{present: &lan, first: "a", told: told("a", isProgressing, "b", "-BridgeConflict -BridgeConflict", "c", isProgressing, "d", "-BridgeConflict -BridgeConflict")},
	},
	{
		name: "a bridge that exists stays, however old the other claim", claims: []Claim{claim("a", 0, lan200), claim("b", 1, lan)}, policy: policy(lan), nodes: healthy("n1"),
		enactments: []Enactment{report("n1", applied)},
		want:       outcome{present: &lan, first: "b", told: told("a", "-BridgeConflict -BridgeConflict", "b", isApplied)},
	},
	{
		name: "who only waits for the name is let go at once", claims: []Claim{claim("a", 0, lan), claim("b", 1, lan200).deleted(0)}, policy: policy(lan), nodes: healthy("n1"),
		enactments: []Enactment{report("n1", applied)},
		want:       outcome{present: &lan, first: "a", told: told("a", isApplied, "b", "release")},
	},
	{
		name: "a deleted holder that is in use still holds", claims: []Claim{claim("a", 0, lan).deleted(slow).usedBy("Pod ns/p"), claim("b", 1, lan200)}, policy: policy(lan), nodes: healthy("n1"),
		enactments: []Enactment{report("n1", applied)},
		want:       outcome{present: &lan, first: "a", told: told("a", "+Applied -InUse", "b", "-BridgeConflict -BridgeConflict")},
	},
	{
		name: "NIC and VLAN are in an older claim's bridge", claims: []Claim{claim("a", 1, lan)}, rivals: []Claim{claim("r", 0, wan)},
		want: outcome{told: told("a", "-UplinkConflict -UplinkConflict")},
	},
	{
		name: "in a younger claim's bridge", claims: []Claim{claim("a", 0, lan)}, rivals: []Claim{claim("r", 1, wan)},
		want: outcome{present: &lan, first: "a", told: told("a", isProgressing)},
	},
	{
		name: "in the bridge of a claim of the same age: the name decides", claims: []Claim{claim("s", 0, lan)}, rivals: []Claim{claim("r", 0, wan)},
		want: outcome{told: told("s", "-UplinkConflict -UplinkConflict")},
	},
	{
		name: "the older rival leaves", claims: []Claim{claim("a", 1, lan)}, rivals: []Claim{claim("r", 0, wan).deleted(0)},
		want: outcome{present: &lan, first: "a", told: told("a", isProgressing)},
	},
	{
		name: "the older rival is deleted and in use", claims: []Claim{claim("a", 1, lan)}, rivals: []Claim{claim("r", 0, wan).deleted(0).usedBy("Pod ns/p")},
		want: outcome{told: told("a", "-UplinkConflict -UplinkConflict")},
	},
	{
		name: "another VLAN of the same NIC is no conflict", claims: []Claim{claim("a", 1, lan)}, rivals: []Claim{claim("r", 0, wan200)},
		want: outcome{present: &lan, first: "a", told: told("a", isProgressing)},
	},
	{
		name: "the claim that conflicts is deleted", claims: []Claim{claim("a", 1, lan).deleted(0)}, rivals: []Claim{claim("r", 0, wan)},
		want: outcome{told: told("a", "release")},
	},
	{
		name: "who is in an uplink conflict holds no bridge", claims: []Claim{claim("a", 1, lan), claim("b", 2, lan200)}, rivals: []Claim{claim("r", 0, wan)},
		want: outcome{present: &lan200, first: "b", told: told("a", "-UplinkConflict -UplinkConflict", "b", isProgressing)},
	},
	{
		name: "both of two that share win over a rival that is younger than the first: it holds nothing", claims: []Claim{claim("a", 0, lan), claim("b", 2, lan)}, rivals: []Claim{claim("r", 1, wan)},
		want: outcome{present: &lan, first: "a", told: told("a", isProgressing, "b", isProgressing)},
	},
}

var absentAPI = []row{
	{name: "without NMState a claim is trusted", noNMState: true, claims: []Claim{claim("a", 0, lan)}, want: outcome{told: told("a", "?NMStateNotInstalled ?NMStateNotInstalled")}},
	{name: "without NMState a deleted claim goes", noNMState: true, claims: []Claim{claim("a", 0, lan).deleted(0), claim("b", 0, lan)}, want: outcome{told: told("a", "release", "b", "?NMStateNotInstalled ?NMStateNotInstalled")}},
	{
		name: "without NMState a claim in use stays", noNMState: true, claims: []Claim{claim("a", 0, lan).deleted(0).usedBy("Pod ns/p")},
		want: outcome{told: told("a", "-InUse -InUse")},
	},
	{
		name: "without NMState there are no conflicts to find", noNMState: true, claims: []Claim{claim("a", 0, lan), claim("b", 1, lan200)}, rivals: []Claim{claim("r", 0, wan)},
		want: outcome{told: told("a", "?NMStateNotInstalled ?NMStateNotInstalled", "b", "?NMStateNotInstalled ?NMStateNotInstalled")},
	},
}

func TestDecide(t *testing.T) {
	for _, rows := range [][]row{sharing, conflicts, absentAPI, nodeStates, teardown} {
		for _, row := range rows {
			t.Run(row.name, func(t *testing.T) {
				got := outcomeOf(Decide(row.world(), "br-lan"))
				if !reflect.DeepEqual(got, row.want) {
					t.Errorf("\ngot  %+v\nwant %+v", got, row.want)
				}
			})
		}
	}
}

// A cache lists objects in any order.
func TestDecideIsTheSameInAnyOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, rows := range [][]row{sharing, conflicts, absentAPI, nodeStates, teardown} {
		for _, row := range rows {
			want := Decide(row.world(), "br-lan")
			for range 20 {
				w := row.world()
				w.Claims, w.Nodes = shuffled(random, w.Claims), shuffled(random, w.Nodes)
				for i := range w.Policies {
					w.Policies[i].Enactments = shuffled(random, w.Policies[i].Enactments)
				}
				if got := Decide(w, "br-lan"); !reflect.DeepEqual(got, want) {
					t.Errorf("%s: the order of what was observed changes the decision\ngot  %+v\nwant %+v", row.name, got, want)
					break
				}
			}
		}
	}
}

func shuffled[T any](random *rand.Rand, list []T) []T {
	mixed := append([]T{}, list...)
	random.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	return mixed
}

func TestDecideKeepsItsInput(t *testing.T) {
	claims := []Claim{claim("b", 1, lan), claim("a", 0, lan)}
	Decide(World{NMStateServed: true, Claims: claims}, "br-lan")
	if claims[0].Key.Name != "b" {
		t.Error("the caller's list was sorted")
	}
}
