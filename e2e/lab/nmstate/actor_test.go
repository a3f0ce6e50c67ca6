// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"strings"
	"testing"

	"github.com/nmstate/kubernetes-nmstate/api/shared"
	nmstatev1beta1 "github.com/nmstate/kubernetes-nmstate/api/v1beta1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const bridgeOnVLAN = `
interfaces:
- {name: ens160.100, type: vlan, state: up, vlan: {base-iface: ens160, id: 100}, ipv4: {enabled: false}}
- name: br-v100
  type: linux-bridge
  state: up
  bridge: {options: {stp: {enabled: false}}, port: [{name: ens160.100, vlan: {}}]}
`

const bridgeOnNIC = `
interfaces:
- name: br-lan
  type: linux-bridge
  state: up
  bridge: {options: {stp: {enabled: false}}, port: [{name: ens161}]}
`

const (
	reasonConfigured = shared.NodeNetworkConfigurationEnactmentConditionSuccessfullyConfigured
	reasonGaveUp     = shared.NodeNetworkConfigurationEnactmentConditionFailedToConfigure
	reasonQueued     = shared.NodeNetworkConfigurationEnactmentConditionMaxUnavailableLimitReached
	reasonAborted    = shared.NodeNetworkConfigurationEnactmentConditionConfigurationAborted
)

func TestPolicyIsAppliedOnAllNodes(t *testing.T) {
	s := newStage(t, Options{})
	s.create("lan", bridgeOnNIC, nil)

	if got, want := s.shows("lan", policyAvailable, reasonSuccess), "3/3 nodes successfully configured"; got != want {
		t.Errorf("message is %q, want %q", got, want)
	}
	for _, name := range s.Nodes() {
		bridge, exists := s.Node(name).Bridge("br-lan")
		if !exists || len(bridge.Ports) != 1 || bridge.Ports[0].Name != "ens161" {
			t.Errorf("bridge on %s is %+v", name, bridge)
		}
		if bridge.Ports[0].VLAN["mode"] != "trunk" {
			t.Errorf("port on %s has no injected trunk: %v", name, bridge.Ports[0].VLAN)
		}
		s.enacted(name, "lan", enactmentAvailable, reasonConfigured)
	}
	s.eventually(func() string {
		state := &nmstatev1beta1.NodeNetworkState{}
		if err := s.client.Get(t.Context(), client.ObjectKey{Name: "node-2"}, state); err != nil {
			return err.Error()
		}
		if !strings.Contains(string(state.Status.CurrentState.Raw), "br-lan") {
			return "NodeNetworkState of node-2 does not show br-lan"
		}
		return ""
	})
}

func TestPolicyMayBeChangedOnceJudged(t *testing.T) {
	s := newStage(t, Options{})
	s.create("lan", bridgeOnVLAN, nil)
	s.shows("lan", policyAvailable, reasonSuccess)

	if err := s.change("lan", `
interfaces:
- {name: br-v100, type: linux-bridge, state: absent}
- {name: ens160.100, type: vlan, state: absent}
`); err != nil {
		t.Fatal(err)
	}
	s.eventually(func() string {
		for _, name := range s.Nodes() {
			if _, exists := s.Node(name).Bridge("br-v100"); exists {
				return "bridge is still on " + name
			}
		}
		return ""
	})
	s.shows("lan", policyAvailable, reasonSuccess)
}

func TestPolicyInProgressCannotBeChanged(t *testing.T) {
	s := newStage(t, Options{})
	s.Node("node-1").Hold()
	s.create("lan", bridgeOnVLAN, nil)
	s.shows("lan", policyProgressing, reasonInProgress)

	if err := s.change("lan", bridgeOnNIC); !apierrors.IsForbidden(err) {
		t.Errorf("update in progress: %v, want Forbidden", err)
	}
	s.Node("node-1").Release()
	s.shows("lan", policyAvailable, reasonSuccess)
}

func TestFailureGoesThroughItsRetries(t *testing.T) {
	s := newStage(t, Options{})
	s.Node("node-2").FailWith("NmstateError: PluginFailure: out of luck")
	s.create("lan", bridgeOnNIC, nil)

	retrying := s.enacted("node-2", "lan", enactmentFailing, reasonRetrying)
	if !strings.Contains(retrying, "failed to reconcile NodeNetworkConfigurationPolicy on node node-2. Retrying ") {
		t.Errorf("retrying says %q", retrying)
	}
	final := s.enacted("node-2", "lan", enactmentFailing, reasonGaveUp)
	if !strings.Contains(final, "out of luck") {
		t.Errorf("final failure says %q", final)
	}
	if got, want := s.shows("lan", policyDegraded, reasonFailed), "1/3 nodes failed to configure"; got != want {
		t.Errorf("message is %q, want %q", got, want)
	}
	e, err := s.Node("node-2").readEnactment(t.Context(), "lan")
	if err != nil || e.attempts() != Attempts {
		t.Errorf("enactment counts %d attempts (%v), want %d", e.attempts(), err, Attempts)
	}
	if _, exists := s.Node("node-2").Bridge("br-lan"); exists {
		t.Error("a failed node has the bridge")
	}

	s.Node("node-2").Succeed()
	if err := s.change("lan", bridgeOnNIC+"  mtu: 1400\n"); err != nil {
		t.Fatal(err)
	}
	s.shows("lan", policyAvailable, reasonSuccess)
}

func TestFailureThatPasses(t *testing.T) {
	s := newStage(t, Options{})
	s.Node("node-3").FailTimes(2, "NmstateError: Timeout: dbus")
	s.create("lan", bridgeOnNIC, nil)
	s.enacted("node-3", "lan", enactmentFailing, reasonRetrying)
	s.shows("lan", policyAvailable, reasonSuccess)
}

func TestQueueAndAbort(t *testing.T) {
	s := newStage(t, Options{})
	s.Node("node-1").FailWith("no")
	s.Node("node-1").Hold()
	s.create("first", bridgeOnNIC, map[string]string{corev1.LabelHostname: "node-1"})
	s.enacted("node-1", "first", enactmentProgressing, shared.NodeNetworkConfigurationEnactmentConditionConfigurationProgressing)

	one := intstr.FromInt32(1)
	second := s.policy("none")
	second.Name = "second"
	second.Spec.MaxUnavailable = &one
	second.Spec.DesiredState = shared.NewState(bridgeOnVLAN)
	for _, name := range []string{"node-2", "node-3"} {
		s.Node(name).Hold()
	}
	if err := s.client.Create(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	var pending string
	s.eventually(func() string {
		for _, name := range []string{"node-2", "node-3"} {
			e, err := s.Node(name).readEnactment(t.Context(), "second")
			if err == nil && isTrue(e.Status.Conditions, enactmentPending) {
				pending = name
				return ""
			}
		}
		return "neither node-2 nor node-3 waits for its turn"
	})
	busy := map[string]string{"node-2": "node-3", "node-3": "node-2"}[pending]
	s.Node(busy).FailWith("no")
	s.Node(busy).Release()
	s.enacted(busy, "second", enactmentFailing, reasonGaveUp)
	s.enacted(pending, "second", enactmentAborted, reasonAborted)
	s.Node("node-1").Release()
	s.enacted("node-1", "second", enactmentAborted, reasonAborted)
	if got, want := s.shows("second", policyDegraded, reasonFailed),
		"1/3 nodes failed to configure, 2 nodes aborted configuration"; got != want {
		t.Errorf("message is %q, want %q", got, want)
	}
}
