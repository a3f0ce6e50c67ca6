// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"reflect"
	"testing"
	"time"

	"github.com/nmstate/kubernetes-nmstate/api/shared"
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/nodenet"
	"github.com/novasphere/wukong/pkg/render/nncp"
)

var lan = nncp.Bridge{Name: "br-lan", Type: vmv1alpha1.BridgeTypeLinux, Uplink: "ens160", VLANID: 100}

func policy(t *testing.T) *nmstatev1.NodeNetworkConfigurationPolicy {
	t.Helper()
	built, err := nncp.Present("vm-lan-bridge", lan, 0)
	if err != nil {
		t.Fatal(err)
	}
	return built
}

func TestAcceptsUpdate(t *testing.T) {
	const policyAvailable = shared.NodeNetworkConfigurationPolicyConditionAvailable
	for _, row := range []struct {
		name string
		list shared.ConditionList
		want bool
	}{
		{"no handler has seen it", nil, false},
		{"only another condition", shared.ConditionList{{Type: shared.NodeNetworkConfigurationPolicyConditionDegraded, Reason: shared.NodeNetworkConfigurationPolicyConditionFailedToConfigure}}, false},
		{"without reason", shared.ConditionList{{Type: policyAvailable, Status: corev1.ConditionUnknown}}, false},
		{"in progress", shared.ConditionList{{Type: policyAvailable, Status: corev1.ConditionFalse, Reason: shared.NodeNetworkConfigurationPolicyConditionConfigurationProgressing}}, false},
		{"configured", shared.ConditionList{{Type: policyAvailable, Status: corev1.ConditionTrue, Reason: shared.NodeNetworkConfigurationPolicyConditionSuccessfullyConfigured}}, true},
		{"failed", shared.ConditionList{{Type: policyAvailable, Status: corev1.ConditionFalse, Reason: shared.NodeNetworkConfigurationPolicyConditionFailedToConfigure}}, true},
		{"no node matches", shared.ConditionList{{Type: policyAvailable, Status: corev1.ConditionTrue, Reason: shared.NodeNetworkConfigurationPolicyConditionConfigurationNoMatchingNode}}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			object := policy(t)
			object.Status.Conditions = row.list
			if got := acceptsUpdate(object); got != row.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestPolicyOf(t *testing.T) {
	object := policy(t)
	object.Generation = 7
	object.Annotations[vmv1alpha1.AnnotationTeardownSince] = "2026-01-01T00:00:00Z"
	object.DeletionTimestamp = new(metav1.Now())
	got, err := policyOf(object)
	want := nodenet.Policy{
		Name: "vm-lan-bridge", Role: nodenet.RoleBridge, Generation: 7, Bridge: lan, TeardownSince: time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC), Deleting: true,
	}
	if err != nil || !reflect.DeepEqual(*got, want) {
		t.Errorf("got %+v (%v), want %+v", got, err, want)
	}
	got, err = policyOf(policy(t))
	if err != nil || !reflect.DeepEqual(*got, nodenet.Policy{Name: "vm-lan-bridge", Role: nodenet.RoleBridge, Bridge: lan}) {
		t.Errorf("got %+v (%v)", got, err)
	}
}

func TestPolicyOfWithBrokenRecords(t *testing.T) {
	for name, annotations := range map[string]map[string]string{
		"bridge is gone":      {},
		"bridge is no JSON":   {nncp.AnnotationBridge: "br-lan"},
		"teardown is no time": {nncp.AnnotationBridge: "{}", vmv1alpha1.AnnotationTeardownSince: "yesterday"},
	} {
		object := policy(t)
		object.Annotations = annotations
		if got, err := policyOf(object); err == nil {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func node(ready corev1.ConditionStatus, labels map[string]string) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "n1", Labels: labels},
		Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{
			{Type: corev1.NodeMemoryPressure, Status: corev1.ConditionTrue}, {Type: corev1.NodeReady, Status: ready},
		}},
	}
}

func TestNodeOf(t *testing.T) {
	hosts := map[string]string{"kubevirt.io/schedulable": "true"}
	for _, row := range []struct {
		name string
		node *corev1.Node
		want nodenet.Node
	}{
		{"ready, with machines", node(corev1.ConditionTrue, hosts), nodenet.Node{Name: "n1", Ready: true, HostsMachines: true}},
		{"ready, without machines", node(corev1.ConditionTrue, map[string]string{"kubevirt.io/schedulable": "false"}), nodenet.Node{Name: "n1", Ready: true}},
		{"not ready", node(corev1.ConditionFalse, hosts), nodenet.Node{Name: "n1", HostsMachines: true}},
		{"does not answer", node(corev1.ConditionUnknown, nil), nodenet.Node{Name: "n1"}},
		{"just joined", &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1"}}, nodenet.Node{Name: "n1"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.want.Labels = row.node.Labels
			if got := nodeOf(row.node); !reflect.DeepEqual(got, row.want) {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
		})
	}
}

func pod(phase corev1.PodPhase) *corev1.Pod {
	return &corev1.Pod{Spec: corev1.PodSpec{NodeName: "n1"}, Status: corev1.PodStatus{Phase: phase}}
}

func TestHandles(t *testing.T) {
	leaving := pod(corev1.PodRunning)
	leaving.DeletionTimestamp = new(metav1.Now())
	for _, row := range []struct {
		name string
		pod  *corev1.Pod
		want bool
	}{
		{"running", pod(corev1.PodRunning), true}, {"pending", pod(corev1.PodPending), false}, {"failed", pod(corev1.PodFailed), false},
		{"its node is gone", pod(corev1.PodUnknown), false}, {"leaving", leaving, false},
	} {
		if got := handles(row.pod); got != row.want {
			t.Errorf("%s: got %t", row.name, got)
		}
	}
}

// A kubelet's heartbeat must not wake every bridge of the cluster.
func TestWhatChangesADecision(t *testing.T) {
	heartbeat := node(corev1.ConditionTrue, nil)
	heartbeat.Status.Conditions[1].LastHeartbeatTime = metav1.Now()
	heartbeat.Annotations = map[string]string{"volumes.kubernetes.io/controller-managed-attach-detach": "true"}
	moved := pod(corev1.PodRunning)
	moved.Spec.NodeName = "n2"
	restarted := pod(corev1.PodRunning)
	restarted.Status.Message = "restarted"
	for _, row := range []struct {
		name          string
		before, after client.Object
		want          bool
	}{
		{"heartbeat", node(corev1.ConditionTrue, nil), heartbeat, false},
		{"not ready any more", node(corev1.ConditionTrue, nil), node(corev1.ConditionUnknown, nil), true},
		{"machines may run there now", node(corev1.ConditionTrue, nil), node(corev1.ConditionTrue, map[string]string{hostsMachinesLabel: "true"}), true},
		{"handler's own status", pod(corev1.PodRunning), restarted, false},
		{"handler starts", pod(corev1.PodPending), pod(corev1.PodRunning), true},
		{"handler on another node", pod(corev1.PodRunning), moved, true},
	} {
		passes := nodeChanged()
		if _, isPod := row.before.(*corev1.Pod); isPod {
			passes = podChanged()
		}
		if got := passes.Update(event.UpdateEvent{ObjectOld: row.before, ObjectNew: row.after}); got != row.want {
			t.Errorf("%s: got %t", row.name, got)
		}
	}
}
