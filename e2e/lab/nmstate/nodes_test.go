// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"fmt"
	"strings"
	"testing"

	nmstatev1beta1 "github.com/nmstate/kubernetes-nmstate/api/v1beta1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/e2e/lab/neighbours"
	"github.com/novasphere/wukong/e2e/lab/nmstate/host"
)

func TestNotReadyNodeIsIgnored(t *testing.T) {
	s := newStage(t, Options{})
	if err := s.Node("node-2").SetReady(false); err != nil {
		t.Fatal(err)
	}
	s.create("lan", bridgeOnNIC, nil)
	if got, want := s.shows("lan", policyAvailable, reasonSuccess),
		"2/3 nodes successfully configured, 1 nodes ignored due to NotReady state"; got != want {
		t.Errorf("message is %q, want %q", got, want)
	}
	if _, exists := s.Node("node-2").Bridge("br-lan"); exists {
		t.Error("a silent node got the bridge")
	}
	if err := s.Node("node-2").SetReady(true); err != nil {
		t.Fatal(err)
	}
	s.enacted("node-2", "lan", enactmentAvailable, reasonConfigured)
}

func TestNodeWithoutHandlerIsNotCounted(t *testing.T) {
	s := newStage(t, Options{})
	if err := s.Node("node-3").RemoveHandler(); err != nil {
		t.Fatal(err)
	}
	s.create("lan", bridgeOnNIC, nil)
	if got, want := s.shows("lan", policyAvailable, reasonSuccess), "2/2 nodes successfully configured"; got != want {
		t.Errorf("message is %q, want %q", got, want)
	}
	if _, err := s.Node("node-3").readEnactment(t.Context(), "lan"); !apierrors.IsNotFound(err) {
		t.Errorf("enactment of a node without handler: %v, want NotFound", err)
	}
	if err := s.Node("node-3").AddHandler(); err != nil {
		t.Fatal(err)
	}
	s.enacted("node-3", "lan", enactmentAvailable, reasonConfigured)
}

func TestPolicyWithoutNode(t *testing.T) {
	s := newStage(t, Options{})
	s.create("nowhere", bridgeOnNIC, map[string]string{"zone": "none"})
	s.shows("nowhere", policyAvailable, reasonNoNode)
}

func TestRestartAppliesEverythingAgain(t *testing.T) {
	s := newStage(t, Options{})
	s.create("lan", bridgeOnNIC, nil)
	s.shows("lan", policyAvailable, reasonSuccess)
	if err := s.Node("node-1").Unplug("br-lan"); err != nil {
		t.Fatal(err)
	}
	s.never(func() string {
		if _, exists := s.Node("node-1").Bridge("br-lan"); exists {
			return "drift was repaired without a restart"
		}
		return ""
	})
	s.Node("node-1").Hold()
	if err := s.Node("node-1").RestartHandler(); err != nil {
		t.Fatal(err)
	}
	s.shows("lan", policyAvailable, reasonInProgress)
	s.Node("node-1").Release()
	s.shows("lan", policyAvailable, reasonSuccess)
	if _, exists := s.Node("node-1").Bridge("br-lan"); !exists {
		t.Error("the restarted handler did not apply the policy")
	}
}

func TestBridgeOverManagementNICIsRolledBack(t *testing.T) {
	s := newStage(t, Options{})
	s.create("suicide", strings.ReplaceAll(bridgeOnNIC, "ens161", ManagementNIC), map[string]string{corev1.LabelHostname: "node-1"})
	message := s.enacted("node-1", "suicide", enactmentFailing, reasonGaveUp)
	if !strings.Contains(message, "failed runnig probe 'ping'") {
		t.Errorf("message is %q", message)
	}
	if got := s.Node("node-1").State().DefaultRouteInterface(); got != ManagementNIC {
		t.Errorf("default route is on %q, want %s", got, ManagementNIC)
	}
}

func TestDeletedPolicyLeavesTheNode(t *testing.T) {
	s := newStage(t, Options{})
	policy := s.create("lan", bridgeOnNIC, nil)
	s.shows("lan", policyAvailable, reasonSuccess)
	if err := s.client.Delete(t.Context(), policy); err != nil {
		t.Fatal(err)
	}
	s.eventually(func() string {
		list, err := s.enactmentsOf(t.Context(), "lan")
		if err != nil || len(list) > 0 {
			return fmt.Sprintf("%d enactments are left (%v)", len(list), err)
		}
		return ""
	})
	if _, exists := s.Node("node-1").Bridge("br-lan"); !exists {
		t.Error("deleting the policy removed the bridge")
	}
}

func TestForeignInterfaceIsReported(t *testing.T) {
	s := newStage(t, Options{})
	s.create("lan", bridgeOnNIC, nil)
	s.shows("lan", policyAvailable, reasonSuccess)
	if err := s.Foreign("node-1", host.Interface{Name: "br-hand", Type: host.TypeLinuxBridge, Ports: []host.Port{{Name: "ens160"}}}); err != nil {
		t.Fatal(err)
	}
	state := &nmstatev1beta1.NodeNetworkState{}
	if err := s.client.Get(t.Context(), client.ObjectKey{Name: "node-1"}, state); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(state.Status.CurrentState.Raw), "controller: br-hand") {
		t.Errorf("NodeNetworkState does not show the bridge made by hand:\n%s", state.Status.CurrentState.Raw)
	}
}

func TestNodesComeAndGo(t *testing.T) {
	s := newStage(t, Options{Nodes: []NodeSpec{{Name: "alpha", Labels: map[string]string{"zone": "a"}}}})
	s.create("lan", bridgeOnNIC, map[string]string{"zone": "a"})
	s.shows("lan", policyAvailable, reasonSuccess)
	if err := s.AddNode(NodeSpec{Name: "beta", Labels: map[string]string{"zone": "a"}}); err != nil {
		t.Fatal(err)
	}
	s.enacted("beta", "lan", enactmentAvailable, reasonConfigured)

	node := &corev1.Node{}
	if err := s.client.Get(t.Context(), client.ObjectKey{Name: "beta"}, node); err != nil {
		t.Fatal(err)
	}
	before := node.DeepCopy()
	node.Labels["zone"] = "b"
	if err := s.client.Patch(t.Context(), node, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
	s.eventually(func() string {
		if _, err := s.Node("beta").readEnactment(t.Context(), "lan"); !apierrors.IsNotFound(err) {
			return fmt.Sprintf("enactment of a node that no longer matches: %v, want NotFound", err)
		}
		return ""
	})
	if err := s.RemoveNode("beta"); err != nil {
		t.Fatal(err)
	}
	s.eventually(func() string {
		err := s.client.Get(t.Context(), client.ObjectKey{Name: "beta"}, &corev1.Node{})
		if !apierrors.IsNotFound(err) {
			return fmt.Sprintf("removed node: %v, want NotFound", err)
		}
		return ""
	})
}

func TestNMStateGoesAndComesBack(t *testing.T) {
	s := newStage(t, Options{})
	s.create("lan", bridgeOnNIC, nil)
	s.shows("lan", policyAvailable, reasonSuccess)

	if err := neighbours.Remove(t.Context(), config, neighbours.NMState); err != nil {
		t.Fatal(err)
	}
	s.eventually(func() string {
		pods, err := s.Node("node-1").pods(t.Context())
		if err != nil || len(pods) > 0 {
			return fmt.Sprintf("%d handler pods are left (%v)", len(pods), err)
		}
		return ""
	})
	if _, exists := s.Node("node-1").Bridge("br-lan"); !exists {
		t.Error("removing NMState removed the bridge")
	}
	if err := neighbours.Install(t.Context(), config, neighbours.NMState); err != nil {
		t.Fatal(err)
	}
	s.create("vlan", bridgeOnVLAN, nil)
	// Handlers come up one by one, and a policy is judged by those that are there.
	s.eventually(func() string {
		if got, want := s.shows("vlan", policyAvailable, reasonSuccess), "3/3 nodes successfully configured"; got != want {
			return fmt.Sprintf("message is %q, want %q", got, want)
		}
		return ""
	})
}

func TestNMStateComesLater(t *testing.T) {
	if err := neighbours.Remove(t.Context(), config, neighbours.NMState); err != nil {
		t.Fatal(err)
	}
	s := newStage(t, Options{})
	s.never(func() string {
		pods, err := s.Node("node-1").pods(t.Context())
		if err != nil || len(pods) > 0 {
			return fmt.Sprintf("%d handler pods without NMState (%v)", len(pods), err)
		}
		return ""
	})
	if err := neighbours.Install(t.Context(), config, neighbours.NMState); err != nil {
		t.Fatal(err)
	}
	s.create("lan", bridgeOnNIC, nil)
	// Handlers come up one by one, and a policy is judged by those that are there.
	s.eventually(func() string {
		if got, want := s.shows("lan", policyAvailable, reasonSuccess), "3/3 nodes successfully configured"; got != want {
			return fmt.Sprintf("message is %q, want %q", got, want)
		}
		return ""
	})
}
