// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// declared is a machine with a pod network and a network with two addresses.
func declared() *vmv1alpha1.Wukong {
	return &vmv1alpha1.Wukong{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "vm", UID: "1"},
		Spec: vmv1alpha1.WukongSpec{RunStrategy: vmv1alpha1.RunStrategyAlways, Networks: []vmv1alpha1.Network{
			{Name: "default"},
			{Name: "lan", IPConfig: &vmv1alpha1.IPConfig{Mode: vmv1alpha1.IPModeStatic, Address: "192.168.100.10/24", Addresses: []vmv1alpha1.InterfaceAddress{"2001:db8:0::10/64"}}},
		}},
	}
}

type reportedNIC = kubevirtv1.VirtualMachineInstanceNetworkInterface

const agent = "domain, guest-agent"

// running returns an instance that runs with the given NICs. connected tells whether its guest agent does.
func running(connected bool, nics ...reportedNIC) *kubevirtv1.VirtualMachineInstance {
	instance := &kubevirtv1.VirtualMachineInstance{
		Status: kubevirtv1.VirtualMachineInstanceStatus{Phase: kubevirtv1.Running, NodeName: "n1", Interfaces: nics},
	}
	if connected {
		instance.Status.Conditions = []kubevirtv1.VirtualMachineInstanceCondition{{Type: kubevirtv1.VirtualMachineInstanceAgentConnected, Status: corev1.ConditionTrue}}
	}
	return instance
}

func TestGuestNetworkInSync(t *testing.T) {
	starting := running(true)
	starting.Status.Phase = kubevirtv1.Scheduling
	lost := running(true)
	lost.Status.Conditions[0].Status = corev1.ConditionFalse
	for _, row := range []struct {
		name     string
		instance *kubevirtv1.VirtualMachineInstance
		status   metav1.ConditionStatus
		reason   string
		message  string
	}{
		{"no instance", nil, metav1.ConditionUnknown, vmv1alpha1.ReasonNotRunning, "does not run"},
		{"starting", starting, metav1.ConditionUnknown, vmv1alpha1.ReasonNotRunning, "does not run"},
		{"no guest agent", running(false, reportedNIC{Name: "lan", IPs: []string{"10.0.0.1"}}), metav1.ConditionUnknown, vmv1alpha1.ReasonGuestAgentNotConnected, "install qemu-guest-agent"},
		{"guest agent lost", lost, metav1.ConditionUnknown, vmv1alpha1.ReasonGuestAgentNotConnected, "install qemu-guest-agent"},
		{
			"all there", running(true, reportedNIC{Name: "lan", IPs: []string{"fe80::1", "2001:db8::10", "192.168.100.10"}, InfoSource: agent}),
			metav1.ConditionTrue, vmv1alpha1.ReasonAddressesObserved, "each declared address",
		},
		{
			"IPv6 in another spelling", running(true, reportedNIC{Name: "lan", IPs: []string{"192.168.100.10", "2001:0DB8:0000::0010"}, InfoSource: agent}),
			metav1.ConditionTrue, vmv1alpha1.ReasonAddressesObserved, "each declared address",
		},
		{
			"one is missing", running(true, reportedNIC{Name: "lan", IPs: []string{"192.168.100.10"}, InfoSource: agent}),
			metav1.ConditionFalse, vmv1alpha1.ReasonAddressesDiffer, "network lan: declared 2001:db8:0::10/64, the guest has 192.168.100.10;",
		},
		{
			"others are there", running(true, reportedNIC{Name: "lan", IPs: []string{"fe80::1", "10.0.0.9"}, InfoSource: agent}),
			metav1.ConditionFalse, vmv1alpha1.ReasonAddressesDiffer, "declared 192.168.100.10/24, 2001:db8:0::10/64, the guest has 10.0.0.9, fe80::1; cloud-init configures",
		},
		{"the NIC is not reported", running(true), metav1.ConditionFalse, vmv1alpha1.ReasonAddressesDiffer, "the guest has none"},
		{
			"on another NIC", running(true, reportedNIC{Name: "default", IPs: []string{"192.168.100.10", "2001:db8::10"}, InfoSource: agent}),
			metav1.ConditionFalse, vmv1alpha1.ReasonAddressesDiffer, "the guest has none",
		},
		{
			"an address that begins like the declared one", running(true, reportedNIC{Name: "lan", IPs: []string{"192.168.100.101", "2001:db8::10"}, InfoSource: agent}),
			metav1.ConditionFalse, vmv1alpha1.ReasonAddressesDiffer, "declared 192.168.100.10/24,",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := guestOf(&observed{wukong: declared(), instance: row.instance}).inSync()
			if got.Status != row.status || got.Reason != row.reason || !strings.Contains(got.Message, row.message) {
				t.Errorf("got %s %s: %s", got.Status, got.Reason, got.Message)
			}
		})
	}
}

func TestNothingDeclaredIsInSync(t *testing.T) {
	w := declared()
	w.Spec.Networks = nil
	if got := guestOf(&observed{wukong: w, instance: running(true)}).inSync(); got.Status != metav1.ConditionTrue {
		t.Errorf("got %s: %s", got.Status, got.Message)
	}
}

func TestReachableAt(t *testing.T) {
	for _, row := range []struct {
		name     string
		instance *kubevirtv1.VirtualMachineInstance
		want     []string
	}{
		{"not running: what is declared", nil, []string{"192.168.100.10", "2001:db8:0::10"}},
		{"no agent: what is declared, and the pod's", running(false, reportedNIC{Name: "default", IPs: []string{"10.244.0.5"}}), []string{"192.168.100.10", "2001:db8:0::10", "10.244.0.5"}},
		{
			// Without IPAM the pod's own address is none of the guest's.
			"no agent: not what the pod has", running(false, reportedNIC{Name: "lan", IPs: []string{"10.9.9.9"}, InfoSource: "domain"}), []string{"192.168.100.10", "2001:db8:0::10"},
		},
		{
			"agent: what is there, without link-local addresses",
			running(true, reportedNIC{Name: "default", IPs: []string{"10.0.2.2", "fe80::2"}, InfoSource: agent}, reportedNIC{Name: "lan", IPs: []string{"fe80::1", "192.168.100.77"}, InfoSource: agent}),
			[]string{"192.168.100.77", "10.0.2.2"},
		},
		{"a NIC of the guest's own", running(true, reportedNIC{IPs: []string{"172.17.0.1"}, InterfaceName: "docker0", InfoSource: agent}), []string{"192.168.100.10", "2001:db8:0::10"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := guestOf(&observed{wukong: declared(), instance: row.instance}).reachableAt(); !slices.Equal(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestInterfaces(t *testing.T) {
	instance := running(true,
		reportedNIC{Name: "lan", MAC: "02:00:5E:00:00:01", InterfaceName: "lan", IPs: []string{"b", "a"}, InfoSource: agent},
		reportedNIC{InterfaceName: "docker0"},
		reportedNIC{Name: "default", MAC: "02:00:00:00:00:01"},
	)
	want := []vmv1alpha1.InterfaceStatus{
		{Name: "default", MACAddress: "02:00:00:00:00:01"},
		{Name: "lan", MACAddress: "02:00:5e:00:00:01", InterfaceName: "lan", IPAddresses: []string{"a", "b"}},
	}
	if difference := cmp.Diff(want, guestOf(&observed{wukong: declared(), instance: instance}).interfaces(nil)); difference != "" {
		t.Errorf("-want +got:\n%s", difference)
	}
	if instance.Status.Interfaces[0].IPs[0] != "b" {
		t.Error("the cached instance was changed")
	}
}

// TestSilentAgent keeps what the agent reported last, and says since when it is missed, without a write for each report.
func TestSilentAgent(t *testing.T) {
	seen := &observed{wukong: declared(), machine: built(kubevirtv1.VirtualMachineStatusRunning)}
	seen.instance = running(true, reportedNIC{Name: "lan", MAC: "02:00:00:00:00:01", InterfaceName: "lan", IPs: []string{"192.168.100.10"}, InfoSource: agent})
	spoke := machineStatus(seen, guestOf(seen))
	if spoke.AgentSilentSince != nil || len(spoke.Interfaces) != 1 {
		t.Fatalf("got %+v", spoke)
	}
	seen.wukong.Status.VirtualMachine = spoke
	seen.instance = running(false, reportedNIC{Name: "lan", MAC: "02:00:00:00:00:01", InfoSource: "domain"})
	silent := machineStatus(seen, guestOf(seen))
	if silent.AgentSilentSince == nil || cmp.Diff(spoke.Interfaces, silent.Interfaces) != "" {
		t.Errorf("a silent agent leaves %+v, want %+v", silent, spoke.Interfaces)
	}
	seen.wukong.Status.VirtualMachine = silent
	if again := machineStatus(seen, guestOf(seen)); cmp.Diff(silent, again) != "" {
		t.Errorf("it is told otherwise the next time: %s", cmp.Diff(silent, again))
	}
	if condition := guestOf(seen).inSync(); condition.Status != metav1.ConditionUnknown {
		t.Errorf("GuestNetworkInSync is %s", condition.Status)
	}
	seen.instance = running(false, reportedNIC{Name: "lan", MAC: "02:00:00:00:00:02", InfoSource: "domain"})
	if other := machineStatus(seen, guestOf(seen)); len(other.Interfaces[0].IPAddresses) > 0 {
		t.Errorf("another NIC has the addresses of the earlier one: %+v", other.Interfaces)
	}
	seen.wukong.Status.VirtualMachine = nil
	if never := machineStatus(seen, guestOf(seen)); never.AgentSilentSince != nil {
		t.Error("an agent that never reported is missed")
	}
}
