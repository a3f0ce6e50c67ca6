// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// at returns the time some seconds after the objects were made.
func at(seconds int64) metav1.Time { return metav1.NewTime(time.Unix(1000+seconds, 0)) }

func named(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: "ns", Name: name, Generation: 1, CreationTimestamp: at(0)}
}

func deleted(object metav1.ObjectMeta, when metav1.Time) metav1.ObjectMeta {
	object.DeletionTimestamp, object.Finalizers = &when, []string{vmv1alpha1.FinalizerWukong}
	return object
}

func said(conditionType string, status metav1.ConditionStatus, reason string, since int64) metav1.Condition {
	return metav1.Condition{Type: conditionType, Status: status, Reason: reason, LastTransitionTime: at(since), ObservedGeneration: 1}
}

func wukong(name string, said ...metav1.Condition) *vmv1alpha1.Wukong {
	return &vmv1alpha1.Wukong{ObjectMeta: named(name), Status: vmv1alpha1.WukongStatus{Conditions: said}}
}

func claim(name, bridge, policy string, said []metav1.Condition, states ...vmv1alpha1.NodeState) *vmv1alpha1.WukongNodeBridge {
	made := &vmv1alpha1.WukongNodeBridge{ObjectMeta: named(name)}
	made.Spec.BridgeName = vmv1alpha1.InterfaceName(bridge)
	made.Status.PolicyName, made.Status.Conditions = policy, said
	for i, state := range states {
		made.Status.Nodes = append(made.Status.Nodes, vmv1alpha1.NodeBridgeNodeStatus{Name: fmt.Sprintf("node-%d", i+1), State: state})
	}
	return made
}

func network(name string, said ...metav1.Condition) *vmv1alpha1.WukongNetwork {
	return &vmv1alpha1.WukongNetwork{ObjectMeta: named(name), Status: vmv1alpha1.WukongNetworkStatus{Conditions: said}}
}

func newScheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := vmv1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return scheme
}

// register returns a registry with all metrics of a state.
func register(t *testing.T, reader client.Reader) *prometheus.Registry {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	if err := Register(registry, "v1", reader); err != nil {
		t.Fatal(err)
	}
	return registry
}

func expect(t *testing.T, registry prometheus.Gatherer, metric Metric, samples ...string) {
	t.Helper()
	want := fmt.Sprintf("# HELP %s %s\n# TYPE %s %s\n%s\n", metric.Name, metric.Help, metric.Name, metric.Type, strings.Join(samples, "\n"))
	if len(samples) == 0 {
		want = ""
	}
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), metric.Name); err != nil {
		t.Error(err)
	}
}

// cluster is a state in which there is something to tell of everything.
func cluster(t *testing.T) client.WithWatch {
	t.Helper()
	const no, unknown, yes = metav1.ConditionFalse, metav1.ConditionUnknown, metav1.ConditionTrue
	ready, allowed, addresses := vmv1alpha1.ConditionReady, vmv1alpha1.ConditionAllowed, vmv1alpha1.ConditionAddressesReady
	edited := wukong("edited", said(ready, yes, vmv1alpha1.ReasonReady, 5))
	edited.Generation = 2
	leaving := wukong("leaving", said(ready, no, vmv1alpha1.ReasonDeleting, 40))
	leaving.ObjectMeta = deleted(leaving.ObjectMeta, at(39))
	stale := network("stale", said(addresses, no, vmv1alpha1.ReasonAddressConflict, 1))
	stale.Generation = 2
	return fake.NewClientBuilder().WithScheme(newScheme(t)).WithObjects(
		wukong("new"), edited, leaving,
		wukong("fine", said(ready, yes, vmv1alpha1.ReasonReady, 9)),
		wukong("stuck-1", said(ready, no, vmv1alpha1.ReasonNodesFailed, 30)),
		wukong("stuck-2", said(ready, no, vmv1alpha1.ReasonNodesFailed, 20)),
		wukong("unproved", said(ready, unknown, vmv1alpha1.ReasonNMStateNotInstalled, 12)),
		wukong("refused", said(vmv1alpha1.ConditionVirtualMachineReady, no, vmv1alpha1.ReasonNameConflict, 1)),

		network("ip", said(addresses, no, vmv1alpha1.ReasonAddressConflict, 1)),
		network("mac", said(addresses, no, vmv1alpha1.ReasonMACAddressConflict, 1)),
		network("held", said(addresses, yes, vmv1alpha1.ReasonAddressesHeld, 1)),
		network("fenced", said(allowed, no, vmv1alpha1.ReasonAttachmentNotAllowed, 1)),
		stale,

		claim("a", "br-lan", "p", []metav1.Condition{said(ready, no, vmv1alpha1.ReasonNodesFailed, 1)},
			vmv1alpha1.NodeApplied, vmv1alpha1.NodeFailed, vmv1alpha1.NodeApplied),
		claim("b", "br-lan", "p", nil, vmv1alpha1.NodeApplied, vmv1alpha1.NodeFailed, vmv1alpha1.NodeApplied),
		// An older claim that was refused tells nothing of the bridge.
		claim("0", "br-lan", "", []metav1.Condition{said(ready, no, vmv1alpha1.ReasonBridgeConflict, 1)}, vmv1alpha1.NodeUnfit),
		claim("c", "br-dmz", "", []metav1.Condition{
			said(allowed, no, vmv1alpha1.ReasonVLANNotAllowed, 1), said(ready, no, vmv1alpha1.ReasonVLANNotAllowed, 1),
		}, vmv1alpha1.NodeUnfit),
	).Build()
}

func TestState(t *testing.T) {
	registry := register(t, cluster(t))
	expect(t, registry, notReadySince,
		`wukong_not_ready_since_timestamp_seconds{reason="Deleting",status="False"} 1040`,
		`wukong_not_ready_since_timestamp_seconds{reason="NMStateNotInstalled",status="Unknown"} 1012`,
		`wukong_not_ready_since_timestamp_seconds{reason="NodesFailed",status="False"} 1020`,
		`wukong_not_ready_since_timestamp_seconds{reason="NotReported",status="Unknown"} 1000`)
	expect(t, registry, deletingSince, `wukong_deleting_since_timestamp_seconds{kind="Wukong"} 1039`)
	expect(t, registry, bridgeClaims, `wukong_bridge_claims{bridge="br-dmz"} 1`, `wukong_bridge_claims{bridge="br-lan"} 3`)
	expect(t, registry, bridgeNodes,
		`wukong_bridge_nodes{bridge="br-dmz",state="Unfit"} 1`,
		`wukong_bridge_nodes{bridge="br-lan",state="Applied"} 2`,
		`wukong_bridge_nodes{bridge="br-lan",state="Failed"} 1`)
	expect(t, registry, nodeBridges,
		`wukong_node_bridges{node="node-1",state="Applied"} 1`,
		`wukong_node_bridges{node="node-1",state="Unfit"} 1`,
		`wukong_node_bridges{node="node-2",state="Failed"} 1`,
		`wukong_node_bridges{node="node-3",state="Applied"} 1`)
	expect(t, registry, conflicts, `wukong_conflicts{reason="BridgeConflict"} 1`, `wukong_conflicts{reason="NameConflict"} 1`)
	expect(t, registry, refusals, `wukong_refusals{reason="AttachmentNotAllowed"} 1`, `wukong_refusals{reason="VLANNotAllowed"} 1`)
	expect(t, registry, addressDuplicates, `wukong_address_duplicates{type="ip"} 1`, `wukong_address_duplicates{type="mac"} 1`)
}

func TestWukongsByCondition(t *testing.T) {
	registry := register(t, fake.NewClientBuilder().WithScheme(newScheme(t)).WithObjects(
		wukong("a", said(vmv1alpha1.ConditionReady, metav1.ConditionTrue, vmv1alpha1.ReasonReady, 1)),
		wukong("b", said(vmv1alpha1.ConditionReady, metav1.ConditionTrue, vmv1alpha1.ReasonReady, 2),
			said(vmv1alpha1.ConditionNetworksReady, metav1.ConditionTrue, vmv1alpha1.ReasonReady, 2)),
	).Build())
	samples := []string{
		`wukong_wukongs{condition="NetworksReady",reason="NotReported",status="Unknown"} 1`,
		`wukong_wukongs{condition="NetworksReady",reason="Ready",status="True"} 1`,
		`wukong_wukongs{condition="Ready",reason="Ready",status="True"} 2`,
	}
	for _, conditionType := range []string{"CloudInitReady", "DisksReady", "GuestNetworkInSync", "RestartRequired", "VirtualMachineReady"} {
		samples = append(samples, fmt.Sprintf(`wukong_wukongs{condition=%q,reason="NotReported",status="Unknown"} 2`, conditionType))
	}
	expect(t, registry, wukongs, samples...)
}

// TestSeriesAreBounded finds as many series for a thousand machines as for one.
func TestSeriesAreBounded(t *testing.T) {
	series := func(machines int) int {
		builder := fake.NewClientBuilder().WithScheme(newScheme(t))
		for i := range machines {
			name := fmt.Sprintf("vm-%d", i)
			builder.WithObjects(
				wukong(name, said(vmv1alpha1.ConditionReady, metav1.ConditionFalse, vmv1alpha1.ReasonNodesFailed, int64(i))),
				network(name, said(vmv1alpha1.ConditionAddressesReady, metav1.ConditionFalse, vmv1alpha1.ReasonAddressConflict, 1)),
				claim(name, "br-lan", "p", nil, vmv1alpha1.NodeApplied, vmv1alpha1.NodeFailed))
		}
		var names []string
		for _, metric := range ofState {
			names = append(names, metric.Name)
		}
		count, err := testutil.GatherAndCount(register(t, builder.Build()), names...)
		if err != nil {
			t.Fatal(err)
		}
		return count
	}
	if one, many := series(1), series(1000); one != many || one == 0 {
		t.Errorf("%d series for one machine, %d for a thousand", one, many)
	}
}

// TestUnreadableStateIsLeftOut serves everything else while a cache cannot be read.
func TestUnreadableStateIsLeftOut(t *testing.T) {
	for name, refuse := range map[string]func(context.Context) error{
		"not there": func(context.Context) error { return errors.New("the cache is not started") },
		"not filled": func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			registry := register(t, interceptor.NewClient(cluster(t), interceptor.Funcs{
				List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
					if _, isNetworks := list.(*vmv1alpha1.WukongNetworkList); isNetworks {
						return refuse(ctx)
					}
					return c.List(ctx, list, opts...)
				},
			}))
			expect(t, registry, addressDuplicates)
			expect(t, registry, deletingSince, `wukong_deleting_since_timestamp_seconds{kind="Wukong"} 1039`)
			count, err := testutil.GatherAndCount(registry, buildInfo.Name)
			if err != nil || count != 1 {
				t.Errorf("the build is not told: %d, %v", count, err)
			}
		})
	}
}
