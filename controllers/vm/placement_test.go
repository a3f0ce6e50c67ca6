// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
	"github.com/novasphere/wukong/pkg/render/children"
)

func node(name string, state vmv1alpha1.NodeState, usable bool) vmv1alpha1.NodeBridgeNodeStatus {
	return vmv1alpha1.NodeBridgeNodeStatus{Name: name, State: state, Usable: usable}
}

func applied(name string) vmv1alpha1.NodeBridgeNodeStatus {
	return node(name, vmv1alpha1.NodeApplied, true)
}

// claim returns a claim with the reason of its Ready, which is not True unless the reason is Applied.
func claim(readyReason string, nodes ...vmv1alpha1.NodeBridgeNodeStatus) *vmv1alpha1.WukongNodeBridge {
	ready := conditions.False(vmv1alpha1.ConditionReady, readyReason, "")
	switch readyReason {
	case vmv1alpha1.ReasonApplied:
		ready.Status = metav1.ConditionTrue
	case vmv1alpha1.ReasonNMStateNotInstalled:
		ready.Status = metav1.ConditionUnknown
	}
	available := ready
	available.Type = vmv1alpha1.ConditionAvailable
	for _, node := range nodes {
		if node.Usable {
			available = conditions.True(vmv1alpha1.ConditionAvailable, vmv1alpha1.ReasonApplied, "")
		}
	}
	return &vmv1alpha1.WukongNodeBridge{Status: vmv1alpha1.WukongNodeBridgeStatus{
		Conditions: []metav1.Condition{ready, available}, Nodes: nodes,
	}}
}

// machineOn returns a machine with networks a, b and so on, whose bridges have these claims; nil stands for one that is gone.
func machineOn(t *testing.T, claims ...*vmv1alpha1.WukongNodeBridge) *observed {
	t.Helper()
	seen := &observed{wukong: declared()}
	seen.wukong.Spec.Networks = []vmv1alpha1.Network{{Name: "default"}, {Name: "plain", NADName: "plain"}}
	for i := range claims {
		name := string(rune('a' + i))
		seen.wukong.Spec.Networks = append(seen.wukong.Spec.Networks, vmv1alpha1.Network{Name: name, BridgeName: "br-" + name})
	}
	for _, child := range children.Of(seen.wukong, "eth1") {
		revision, err := child.Revision()
		if err != nil {
			t.Fatal(err)
		}
		network := vmv1alpha1.WukongNetwork{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{vmv1alpha1.LabelRevision: revision}}}
		network.Spec.Network = child.Network
		if child.NodeBridge != nil {
			network.Spec.NodeBridgeName = "vm-" + child.Network
			if bridge := claims[child.Network[0]-'a']; bridge != nil {
				bridge.Name = network.Spec.NodeBridgeName
				seen.bridges = append(seen.bridges, *bridge)
			}
		}
		seen.networks = append(seen.networks, network)
	}
	return seen
}

func TestPlacementOf(t *testing.T) {
	const ready, failedReason, progressing = vmv1alpha1.ReasonApplied, vmv1alpha1.ReasonNodesFailed, vmv1alpha1.ReasonProgressing
	failed := func(name string) vmv1alpha1.NodeBridgeNodeStatus { return node(name, vmv1alpha1.NodeFailed, false) }
	working := func(name string) vmv1alpha1.NodeBridgeNodeStatus {
		return node(name, vmv1alpha1.NodeProgressing, false)
	}
	renamed := applied("n1")
	renamed.Hostname = "host-1"
	deleted := claim(ready, applied("n1"))
	deleted.DeletionTimestamp = new(metav1.Now())
	later := claim(ready, applied("n1"))
	later.Generation = 2
	silent := claim(ready, applied("n1"))
	silent.Status.Nodes[0].Usable = false
	for _, row := range []struct {
		name      string
		claims    []*vmv1alpha1.WukongNodeBridge
		bridges   [][]string
		undecided bool
		nowhere   string
	}{
		{"no bridge", nil, nil, false, ""},
		{"everywhere", []*vmv1alpha1.WukongNodeBridge{claim(ready, applied("n2"), applied("n1"))}, [][]string{{"n1", "n2"}}, false, ""},
		{"by the label where the name is another", []*vmv1alpha1.WukongNodeBridge{claim(ready, renamed)}, [][]string{{"host-1"}}, false, ""},
		{"a node failed", []*vmv1alpha1.WukongNodeBridge{claim(failedReason, applied("n1"), failed("n2"))}, [][]string{{"n1"}}, false, ""},
		{"as far as it is", []*vmv1alpha1.WukongNodeBridge{claim(progressing, applied("n1"), working("n2"))}, [][]string{{"n1"}}, false, ""},
		{"usable whatever the state", []*vmv1alpha1.WukongNodeBridge{claim(ready, node("n1", vmv1alpha1.NodeNotReady, true))}, [][]string{{"n1"}}, false, ""},
		{"nobody checks", []*vmv1alpha1.WukongNodeBridge{claim(vmv1alpha1.ReasonNMStateNotInstalled)}, nil, false, ""},
		{"one that nobody checks, and one", []*vmv1alpha1.WukongNodeBridge{claim(vmv1alpha1.ReasonNMStateNotInstalled), claim(ready, applied("n1"))}, [][]string{{"n1"}}, false, ""},
		{"two that overlap", []*vmv1alpha1.WukongNodeBridge{claim(ready, applied("n1"), applied("n2")), claim(ready, applied("n2"))}, [][]string{{"n1", "n2"}, {"n2"}}, false, ""},
		{
			"two that do not", []*vmv1alpha1.WukongNodeBridge{claim(failedReason, applied("n1"), failed("n2")), claim(failedReason, failed("n1"), applied("n2"))},
			[][]string{{"n1"}, {"n2"}}, false, "bridge br-a is on n1, bridge br-b is on n2; correct what",
		},
		{"two that do not yet", []*vmv1alpha1.WukongNodeBridge{claim(ready, applied("n1")), claim(progressing, applied("n2"), working("n1"))}, [][]string{{"n1"}, {"n2"}}, true, ""},
		{
			"a node failed, and another is still being worked on",
			[]*vmv1alpha1.WukongNodeBridge{claim(ready, applied("n1")), claim(failedReason, failed("n3"), applied("n2"), working("n1"))},
			[][]string{{"n1"}, {"n2"}}, true, "",
		},
		{"on no node", []*vmv1alpha1.WukongNodeBridge{claim(failedReason, failed("n1"))}, [][]string{nil}, false, "bridge br-a is on no node"},
		{"made anew", []*vmv1alpha1.WukongNodeBridge{claim(progressing, working("n1"))}, [][]string{nil}, true, ""},
		{"not reported", []*vmv1alpha1.WukongNodeBridge{{}}, nil, true, ""},
		{"of an earlier form", []*vmv1alpha1.WukongNodeBridge{later}, nil, true, ""},
		{"available, and no node is said to be usable", []*vmv1alpha1.WukongNodeBridge{silent}, nil, true, ""},
		{"gone", []*vmv1alpha1.WukongNodeBridge{nil}, nil, true, ""},
		{"going", []*vmv1alpha1.WukongNodeBridge{deleted}, nil, true, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := machineOn(t, row.claims...).placement()
			if err != nil {
				t.Fatal(err)
			}
			if difference := cmp.Diff(row.bridges, got.bridges); difference != "" || got.undecided != row.undecided {
				t.Errorf("undecided is %t; -want +got:\n%s", got.undecided, difference)
			}
			if (got.nowhere == "") != (row.nowhere == "") || !strings.Contains(got.nowhere, row.nowhere) {
				t.Errorf("got %q", got.nowhere)
			}
		})
	}
}

func TestAdmit(t *testing.T) {
	now := time.Now()
	growing := func(since time.Duration) placement {
		return placement{bridges: [][]string{{"n1"}}, growing: true, since: now.Add(-since)}
	}
	for _, row := range []struct {
		name    string
		where   placement
		machine *kubevirtv1.VirtualMachine
		want    bool
		reason  string
	}{
		{"a new machine", placement{bridges: [][]string{{"n1"}}}, nil, true, ""},
		{"a new machine that fits nowhere", placement{nowhere: "no node"}, nil, false, vmv1alpha1.ReasonNoNodeForBridges},
		{"a new machine, and nothing is known", placement{undecided: true}, nil, false, vmv1alpha1.ReasonWaitingForNetworks},
		{"a new machine, and the bridges come to more nodes", growing(time.Minute), nil, false, vmv1alpha1.ReasonWaitingForNetworks},
		{"a new machine, and a node takes long", growing(settling), nil, true, ""},
		{"one that exists, and the bridges come to more nodes", growing(time.Minute), built(""), true, ""},
		{"one that exists and fits nowhere", placement{nowhere: "no node"}, built(""), true, ""},
		{"one that exists, and nothing is known", placement{undecided: true}, built(""), true, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			var res result
			if got := row.where.admit(row.machine, now, &res); got != row.want || (res.blocked == nil) != row.want {
				t.Fatalf("got %t and %v", got, res.blocked)
			}
			if res.blocked != nil && res.blocked.Reason != row.reason {
				t.Errorf("got %s, want %s", res.blocked.Reason, row.reason)
			}
			if want := row.where.since.Add(settling).Sub(now); res.again != 0 && res.again != want {
				t.Errorf("it is looked at again after %s, want %s", res.again, want)
			}
			if (res.again != 0) != (row.where.growing && !row.want) {
				t.Errorf("it is looked at again after %s", res.again)
			}
		})
	}
}

// A machine that runs is of no concern to a bridge on other nodes; one that cannot start is told why.
func TestNowhereIsToldOfMachinesThatDoNotRun(t *testing.T) {
	var res result
	placement{nowhere: "no node has all the bridges"}.admit(built(""), time.Now(), &res)
	for status, want := range map[kubevirtv1.VirtualMachinePrintableStatus]string{
		kubevirtv1.VirtualMachineStatusUnschedulable: vmv1alpha1.ReasonNoNodeForBridges,
		kubevirtv1.VirtualMachineStatusRunning:       vmv1alpha1.ReasonRunning,
		kubevirtv1.VirtualMachineStatusStopping:      vmv1alpha1.ReasonStopped,
	} {
		if got := machineReady(&observed{wukong: declared(), machine: built(status)}, res); got.Reason != want {
			t.Errorf("%s: got %s, want %s", status, got.Reason, want)
		}
	}
}

func TestKeep(t *testing.T) {
	withAffinity := func(affinity *corev1.Affinity) *kubevirtv1.VirtualMachine {
		machine := machineWithDisks()
		machine.Spec.Template.Spec.Affinity = affinity
		return machine
	}
	before, after := &corev1.Affinity{PodAffinity: &corev1.PodAffinity{}}, &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{}}
	for _, row := range []struct {
		name  string
		where placement
		live  *kubevirtv1.VirtualMachine
		want  *corev1.Affinity
	}{
		{"decided", placement{}, withAffinity(before), after},
		{"undecided", placement{undecided: true}, withAffinity(before), before},
		{"undecided, and it had none", placement{undecided: true}, withAffinity(nil), nil},
		{"undecided, without template", placement{undecided: true}, built(""), after},
	} {
		t.Run(row.name, func(t *testing.T) {
			machine := withAffinity(after.DeepCopy())
			row.where.keep(machine, row.live)
			if difference := cmp.Diff(row.want, machine.Spec.Template.Spec.Affinity); difference != "" {
				t.Errorf("-want +got:\n%s", difference)
			}
		})
	}
}

// A machine waits from the moment the last of its bridges got its first node.
func TestSince(t *testing.T) {
	early, late := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, time.January, 1, 0, 1, 0, 0, time.UTC)
	at := func(moment time.Time) *vmv1alpha1.WukongNodeBridge {
		bridge := claim(vmv1alpha1.ReasonProgressing, applied("n1"), node("n2", vmv1alpha1.NodeProgressing, false))
		bridge.Status.Conditions[1].LastTransitionTime = metav1.NewTime(moment)
		return bridge
	}
	for _, claims := range [][]*vmv1alpha1.WukongNodeBridge{{at(early), at(late)}, {at(late), at(early)}} {
		got, err := machineOn(t, claims...).placement()
		if err != nil || !got.growing || !got.since.Equal(late) {
			t.Errorf("growing is %t since %s (%v)", got.growing, got.since, err)
		}
	}
}

func TestReachChanged(t *testing.T) {
	const ready, progressing = vmv1alpha1.ReasonApplied, vmv1alpha1.ReasonProgressing
	going := claim(ready, applied("n1"))
	going.DeletionTimestamp = new(metav1.Now())
	worded := claim(ready, applied("n1"))
	worded.Status.Nodes[0].Message = "done"
	worded.Status.PolicyName = "policy"
	for _, row := range []struct {
		name          string
		before, after *vmv1alpha1.WukongNodeBridge
		want          bool
	}{
		{"other words", claim(ready, applied("n1")), worded, false},
		{"a node is further on its way", claim(progressing, node("n1", vmv1alpha1.NodeQueued, false)), claim(progressing, node("n1", vmv1alpha1.NodeProgressing, false)), false},
		{"a node more", claim(progressing, applied("n1"), node("n2", vmv1alpha1.NodeProgressing, false)), claim(ready, applied("n1"), applied("n2")), true},
		{"a node less", claim(ready, applied("n1"), applied("n2")), claim(vmv1alpha1.ReasonNodesFailed, applied("n1"), node("n2", vmv1alpha1.NodeFailed, false)), true},
		{"the first report", &vmv1alpha1.WukongNodeBridge{}, claim(progressing), true},
		{"nobody checks any more", claim(ready, applied("n1")), claim(vmv1alpha1.ReasonNMStateNotInstalled), true},
		{"going", claim(ready, applied("n1")), going, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := reachChanged().Update(event.UpdateEvent{ObjectOld: row.before, ObjectNew: row.after}); got != row.want {
				t.Errorf("got %t", got)
			}
		})
	}
}
