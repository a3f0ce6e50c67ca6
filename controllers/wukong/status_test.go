// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package wukong

import (
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
)

func lacks(network string, status metav1.ConditionStatus, reason string) missingLink {
	return missingLink{network, metav1.Condition{Type: vmv1alpha1.ConditionReady, Status: status, Reason: reason, Message: "says " + network}}
}

func TestNetworksReadyOf(t *testing.T) {
	const no, unknown = metav1.ConditionFalse, metav1.ConditionUnknown
	for _, row := range []struct {
		name    string
		missing []missingLink
		status  metav1.ConditionStatus
		reason  string
		message string
	}{
		{"nothing", nil, metav1.ConditionTrue, vmv1alpha1.ReasonReady, "every network is there"},
		{"one", []missingLink{lacks("lan", no, vmv1alpha1.ReasonNodesFailed)}, no, vmv1alpha1.ReasonNodesFailed, "network lan: says lan"},
		{
			"two for one reason", []missingLink{lacks("lan", no, vmv1alpha1.ReasonNodesFailed), lacks("wan", no, vmv1alpha1.ReasonNodesFailed)},
			no, vmv1alpha1.ReasonNodesFailed, "network lan: says lan; network wan: says wan",
		},
		{"two for two reasons", []missingLink{lacks("lan", no, vmv1alpha1.ReasonNodesFailed), lacks("wan", no, vmv1alpha1.ReasonBridgeConflict)}, no, vmv1alpha1.ReasonNetworksNotReady, "network lan"},
		{"trusted, since nobody can check it", []missingLink{lacks("lan", unknown, vmv1alpha1.ReasonNMStateNotInstalled)}, unknown, vmv1alpha1.ReasonNMStateNotInstalled, "network lan"},
		{"trusted, and another one fails", []missingLink{lacks("lan", unknown, vmv1alpha1.ReasonNMStateNotInstalled), lacks("wan", no, vmv1alpha1.ReasonMultusNotInstalled)}, no, vmv1alpha1.ReasonNetworksNotReady, "network wan"},
		{"under way", []missingLink{lacks("lan", no, vmv1alpha1.ReasonProgressing)}, no, vmv1alpha1.ReasonProgressing, "network lan"},
		{"what goes on by itself does not hide what fails", []missingLink{lacks("lan", no, vmv1alpha1.ReasonProgressing), lacks("wan", no, vmv1alpha1.ReasonNodesFailed)}, no, vmv1alpha1.ReasonNodesFailed, "network lan"},
		{"several on their way", []missingLink{lacks("lan", no, vmv1alpha1.ReasonNetworkPending), lacks("wan", no, vmv1alpha1.ReasonWaitingForNodeBridge)}, no, vmv1alpha1.ReasonProgressing, "network lan"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := networksReadyOf(row.missing)
			if got.Type != vmv1alpha1.ConditionNetworksReady || got.Status != row.status || got.Reason != row.reason || !strings.Contains(got.Message, row.message) {
				t.Errorf("got %s %s %s: %s", got.Type, got.Status, got.Reason, got.Message)
			}
		})
	}
}

func TestReadyOf(t *testing.T) {
	const generation = 3
	at := func(generation int64, condition metav1.Condition) metav1.Condition {
		condition.ObservedGeneration = generation
		return condition
	}
	fine := conditions.True(vmv1alpha1.ConditionNetworksReady, vmv1alpha1.ReasonReady, "fine")
	cloudInit := at(generation, conditions.True(vmv1alpha1.ConditionCloudInitReady, vmv1alpha1.ReasonReady, "fine"))
	machine := at(generation, conditions.True(vmv1alpha1.ConditionVirtualMachineReady, vmv1alpha1.ReasonRunning, "runs"))
	starting := at(generation, conditions.False(vmv1alpha1.ConditionVirtualMachineReady, vmv1alpha1.ReasonStarting, "starts"))
	stopped := at(generation, conditions.False(vmv1alpha1.ConditionVirtualMachineReady, vmv1alpha1.ReasonStopped, "start it"))
	disks := func(reason string) metav1.Condition {
		return at(generation, conditions.False(vmv1alpha1.ConditionDisksReady, reason, "disk root"))
	}
	for _, row := range []struct {
		name     string
		networks metav1.Condition
		present  []metav1.Condition
		status   metav1.ConditionStatus
		reason   string
		message  string
	}{
		{"all is fine", fine, []metav1.Condition{cloudInit, machine}, metav1.ConditionTrue, vmv1alpha1.ReasonReady, "the machine runs"},
		{
			"a network is the first link", conditions.False(vmv1alpha1.ConditionNetworksReady, vmv1alpha1.ReasonNodesFailed, "network lan"),
			[]metav1.Condition{cloudInit, at(generation, conditions.False(vmv1alpha1.ConditionVirtualMachineReady, vmv1alpha1.ReasonWaitingForNetworks, "waits"))},
			metav1.ConditionFalse, vmv1alpha1.ReasonNodesFailed, "network lan",
		},
		{
			"a network that nobody can check", conditions.Unknown(vmv1alpha1.ConditionNetworksReady, vmv1alpha1.ReasonNMStateNotInstalled, "trusted"), []metav1.Condition{cloudInit, machine},
			metav1.ConditionUnknown, vmv1alpha1.ReasonNMStateNotInstalled, "trusted",
		},
		{
			"the guest's data comes before the machine", fine,
			[]metav1.Condition{
				at(generation, conditions.False(vmv1alpha1.ConditionCloudInitReady, vmv1alpha1.ReasonSecretNotFound, "Secret keys")),
				at(generation, conditions.False(vmv1alpha1.ConditionVirtualMachineReady, vmv1alpha1.ReasonWaitingForCloudInit, "waits")),
			},
			metav1.ConditionFalse, vmv1alpha1.ReasonSecretNotFound, "Secret keys",
		},
		{
			"the machine is stopped", fine, []metav1.Condition{cloudInit, at(generation, conditions.False(vmv1alpha1.ConditionVirtualMachineReady, vmv1alpha1.ReasonStopped, "start it"))},
			metav1.ConditionFalse, vmv1alpha1.ReasonStopped, "start it",
		},
		{"nobody has looked at the machine", fine, nil, metav1.ConditionFalse, vmv1alpha1.ReasonStarting, "not been looked at"},
		{
			"what was said of an earlier declaration proves nothing", fine, []metav1.Condition{cloudInit, at(generation-1, machine)},
			metav1.ConditionFalse, vmv1alpha1.ReasonStarting, "not been looked at",
		},
		{
			"a restart is needed", fine, []metav1.Condition{cloudInit, machine, at(generation, conditions.True(vmv1alpha1.ConditionRestartRequired, vmv1alpha1.ReasonGuestDataChanged, "restart it"))},
			metav1.ConditionFalse, vmv1alpha1.ConditionRestartRequired, "restart it",
		},
		{
			"KubeVirt changes the machine", fine, []metav1.Condition{cloudInit, machine, at(generation, conditions.Unknown(vmv1alpha1.ConditionRestartRequired, vmv1alpha1.ReasonLiveUpdating, "plugs"))},
			metav1.ConditionFalse, vmv1alpha1.ReasonLiveUpdating, "plugs",
		},
		{
			"no restart is needed", fine, []metav1.Condition{cloudInit, machine, at(generation, conditions.False(vmv1alpha1.ConditionRestartRequired, vmv1alpha1.ReasonUpToDate, "fine"))},
			metav1.ConditionTrue, vmv1alpha1.ReasonReady, "the machine runs",
		},
		{
			"the guest has other addresses", fine, []metav1.Condition{cloudInit, machine, at(generation, conditions.False(vmv1alpha1.ConditionGuestNetworkInSync, vmv1alpha1.ReasonAddressesDiffer, "differ"))},
			metav1.ConditionFalse, vmv1alpha1.ReasonAddressesDiffer, "differ",
		},
		{
			"no guest agent", fine, []metav1.Condition{cloudInit, machine, at(generation, conditions.Unknown(vmv1alpha1.ConditionGuestNetworkInSync, vmv1alpha1.ReasonGuestAgentNotConnected, "none"))},
			metav1.ConditionTrue, vmv1alpha1.ReasonReady, "the machine runs",
		},
		{
			"a disk comes before the machine", fine, []metav1.Condition{cloudInit, disks(vmv1alpha1.ReasonImporting), starting},
			metav1.ConditionFalse, vmv1alpha1.ReasonImporting, "disk root",
		},
		{
			"a disk that waits for the machine comes after it", fine, []metav1.Condition{cloudInit, disks(vmv1alpha1.ReasonWaitForFirstConsumer), stopped},
			metav1.ConditionFalse, vmv1alpha1.ReasonStopped, "start it",
		},
		{
			"a disk that is made at the next start of a machine that runs", fine, []metav1.Condition{cloudInit, disks(vmv1alpha1.ReasonDiskPending), machine},
			metav1.ConditionFalse, vmv1alpha1.ReasonDiskPending, "disk root",
		},
		{
			"the restart that makes the disk is named", fine,
			[]metav1.Condition{cloudInit, disks(vmv1alpha1.ReasonDiskPending), machine, at(generation, conditions.True(vmv1alpha1.ConditionRestartRequired, vmv1alpha1.ReasonTemplateChanged, "restart it"))},
			metav1.ConditionFalse, vmv1alpha1.ConditionRestartRequired, "restart it",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := readyOf(row.networks, &vmv1alpha1.Wukong{ObjectMeta: metav1.ObjectMeta{Generation: generation}, Spec: vmv1alpha1.WukongSpec{Disks: disksOf(row.present)}, Status: vmv1alpha1.WukongStatus{Conditions: row.present}})
			if got.Type != vmv1alpha1.ConditionReady || got.Status != row.status || got.Reason != row.reason || !strings.Contains(got.Message, row.message) {
				t.Errorf("got %s %s %s: %s", got.Type, got.Status, got.Reason, got.Message)
			}
		})
	}
}

// seenWith returns a machine with one network, whose children say what the conditions say.
func seenWith(network, bridge *metav1.Condition) *observed {
	seen := &observed{
		wukong: &vmv1alpha1.Wukong{
			ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "vm", UID: "1"},
			Spec: vmv1alpha1.WukongSpec{Networks: []vmv1alpha1.Network{
				{Name: "default"}, {Name: "lan", MACAddress: "02:00:5E:00:00:01", IPConfig: &vmv1alpha1.IPConfig{Mode: "static", Address: "10.0.0.2/24"}},
			}},
		},
		networks: map[string]*vmv1alpha1.WukongNetwork{}, bridges: map[string]*vmv1alpha1.WukongNodeBridge{},
	}
	if network != nil {
		child := &vmv1alpha1.WukongNetwork{ObjectMeta: metav1.ObjectMeta{Name: "vm-lan"}}
		child.Spec.NodeBridgeName, child.Spec.BridgeName = "vm-lan", "br-lan"
		child.Status.NetworkAttachmentDefinition = "ns/vm-lan-nad"
		child.Status.Conditions = []metav1.Condition{*network}
		seen.networks["vm-lan"] = child
	}
	if bridge != nil {
		child := &vmv1alpha1.WukongNodeBridge{ObjectMeta: metav1.ObjectMeta{Name: "vm-lan"}}
		child.Status.Conditions = []metav1.Condition{*bridge}
		child.Status.Nodes = []vmv1alpha1.NodeBridgeNodeStatus{{Name: "n1", State: vmv1alpha1.NodeApplied, Usable: true}, {Name: "n2", State: vmv1alpha1.NodeFailed}}
		seen.bridges["vm-lan"] = child
	}
	return seen
}

func TestNetworkStatuses(t *testing.T) {
	ready := conditions.True(vmv1alpha1.ConditionReady, vmv1alpha1.ReasonReady, "fine")
	stale := ready
	stale.ObservedGeneration = 7
	noDataPath := conditions.False(vmv1alpha1.ConditionReady, vmv1alpha1.ReasonMacvlanBehindBridgeBinding, "no unicast")
	nodesFailed := conditions.False(vmv1alpha1.ConditionReady, vmv1alpha1.ReasonNodesFailed, "n2 failed")
	for _, row := range []struct {
		name            string
		network, bridge *metav1.Condition
		node            string
		problem         error
		// reason is what the network lacks, empty for nothing.
		reason string
	}{
		{"all is there", &ready, &ready, "", nil, ""},
		{"no child yet", nil, nil, "", nil, vmv1alpha1.ReasonNetworkPending},
		{"the name is taken", nil, nil, "", errors.New("taken"), vmv1alpha1.ReasonNameConflict},
		{"the claim is missing", &ready, nil, "", nil, vmv1alpha1.ReasonNetworkPending},
		{"the claim has not reported", &ready, &stale, "", nil, vmv1alpha1.ReasonNetworkPending},
		{"the network has not reported", &stale, &ready, "", nil, vmv1alpha1.ReasonNetworkPending},
		{"the data path lacks", &noDataPath, &ready, "", nil, vmv1alpha1.ReasonMacvlanBehindBridgeBinding},
		{"a node failed, and the machine is nowhere", &ready, &nodesFailed, "", nil, vmv1alpha1.ReasonNodesFailed},
		{"a node failed, the machine is on another", &ready, &nodesFailed, "n1", nil, ""},
		{"a node failed, and the machine is on it", &ready, &nodesFailed, "n2", nil, vmv1alpha1.ReasonNodesFailed},
		{"the bridge comes before the network", &noDataPath, &nodesFailed, "", nil, vmv1alpha1.ReasonNodesFailed},
	} {
		t.Run(row.name, func(t *testing.T) {
			seen := seenWith(row.network, row.bridge)
			if row.node != "" {
				seen.wukong.Status.VirtualMachine = &vmv1alpha1.VirtualMachineStatus{NodeName: row.node}
			}
			res := result{names: map[string]string{"lan": "vm-lan"}, problems: map[string]error{}}
			if row.problem != nil {
				res.problems["lan"] = row.problem
			}
			statuses, missing := networkStatuses(seen, res)
			if len(statuses) != 2 || !statuses[0].Ready || statuses[0].Type != vmv1alpha1.NetworkTypePod {
				t.Fatalf("got %+v", statuses)
			}
			var reason string
			for _, link := range missing {
				reason += link.condition.Reason
			}
			if reason != row.reason || statuses[1].Ready != (row.reason == "") {
				t.Errorf("got %q and ready %t, want %q", reason, statuses[1].Ready, row.reason)
			}
			if statuses[1].MACAddress != "02:00:5e:00:00:01" || len(statuses[1].Addresses) != 1 {
				t.Errorf("got %+v", statuses[1])
			}
		})
	}
}

func TestNetworkStatusNamesWhatWasMade(t *testing.T) {
	ready := conditions.True(vmv1alpha1.ConditionReady, vmv1alpha1.ReasonReady, "fine")
	statuses, _ := networkStatuses(seenWith(&ready, &ready), result{names: map[string]string{"lan": "vm-lan"}})
	got := statuses[1]
	if got.WukongNetwork != "vm-lan" || got.WukongNodeBridge != "vm-lan" || got.Bridge != "br-lan" || got.NetworkAttachmentDefinition != "ns/vm-lan-nad" {
		t.Errorf("got %+v", got)
	}
}

// disksOf returns the disk that a condition speaks of.
func disksOf(present []metav1.Condition) []vmv1alpha1.Disk {
	if meta.FindStatusCondition(present, vmv1alpha1.ConditionDisksReady) == nil {
		return nil
	}
	return []vmv1alpha1.Disk{{Name: "root", Size: "20Gi"}}
}
