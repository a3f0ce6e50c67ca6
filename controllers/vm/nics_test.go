// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
)

// nicNamed returns a NIC from a word: "lan" has the bridge binding, "lan:sriov" and "lan:macvtap" others, "default" is the pod
// network; "-lan" has the state absent, and "_lan" a link that is down.
func nicNamed(word string) nic {
	state := kubevirtv1.InterfaceState("")
	switch word[0] {
	case '-':
		state, word = kubevirtv1.InterfaceStateAbsent, word[1:]
	case '_':
		state, word = kubevirtv1.InterfaceStateLinkDown, word[1:]
	}
	name, binding, _ := strings.Cut(word, ":")
	n := nic{
		device:  kubevirtv1.Interface{Name: name, State: state, MacAddress: "02:00:00:00:00:01"},
		network: kubevirtv1.Network{Name: name, NetworkSource: kubevirtv1.NetworkSource{Multus: &kubevirtv1.MultusNetwork{NetworkName: "vm-" + name + "-nad"}}},
	}
	switch {
	case name == "default":
		n.network.NetworkSource = kubevirtv1.NetworkSource{Pod: &kubevirtv1.PodNetwork{}}
		n.device.Masquerade = &kubevirtv1.InterfaceMasquerade{}
	case binding == "sriov":
		n.device.SRIOV = &kubevirtv1.InterfaceSRIOV{}
	case binding != "":
		n.device.Binding = &kubevirtv1.PluginBinding{Name: binding}
	default:
		n.device.Bridge = &kubevirtv1.InterfaceBridge{}
	}
	return n
}

func specWith(words string) kubevirtv1.VirtualMachineInstanceSpec {
	var spec kubevirtv1.VirtualMachineInstanceSpec
	var nics []nic
	for word := range strings.FieldsSeq(words) {
		nics = append(nics, nicNamed(word))
	}
	setNICs(&spec, nics)
	return spec
}

func machineWith(words string) *kubevirtv1.VirtualMachine {
	machine := built(kubevirtv1.VirtualMachineStatusRunning)
	machine.Spec.Template = &kubevirtv1.VirtualMachineInstanceTemplateSpec{Spec: specWith(words)}
	return machine
}

func instanceWith(words string, phase kubevirtv1.VirtualMachineInstancePhase) *kubevirtv1.VirtualMachineInstance {
	return &kubevirtv1.VirtualMachineInstance{Spec: specWith(words), Status: kubevirtv1.VirtualMachineInstanceStatus{Phase: phase}}
}

// wordsOf is the reverse of specWith.
func wordsOf(t *testing.T, spec *kubevirtv1.VirtualMachineInstanceSpec) string {
	t.Helper()
	var words []string
	for i, n := range nicsOf(spec) {
		word := n.device.Name
		switch {
		case n.device.SRIOV != nil:
			word += ":sriov"
		case n.device.Binding != nil:
			word += ":" + n.device.Binding.Name
		}
		switch n.device.State {
		case kubevirtv1.InterfaceStateAbsent:
			word = "-" + word
		case kubevirtv1.InterfaceStateLinkDown:
			word = "_" + word
		}
		words = append(words, word)
		if spec.Networks[i].Name != n.device.Name {
			t.Errorf("network %s stands where interface %s does", spec.Networks[i].Name, n.device.Name)
		}
	}
	return strings.Join(words, " ")
}

func TestArrangeNICs(t *testing.T) {
	migrating := func(instance *kubevirtv1.VirtualMachineInstance) *kubevirtv1.VirtualMachineInstance {
		instance.Status.MigrationState = &kubevirtv1.VirtualMachineInstanceMigrationState{StartTimestamp: new(metav1.Now())}
		return instance
	}
	migrated := func(instance *kubevirtv1.VirtualMachineInstance) *kubevirtv1.VirtualMachineInstance {
		instance.Status.MigrationState = &kubevirtv1.VirtualMachineInstanceMigrationState{StartTimestamp: new(metav1.Now()), EndTimestamp: new(metav1.Now()), Completed: true}
		return instance
	}
	going := func(instance *kubevirtv1.VirtualMachineInstance) *kubevirtv1.VirtualMachineInstance {
		instance.DeletionTimestamp = new(metav1.Now())
		return instance
	}
	const running = kubevirtv1.Running
	for _, row := range []struct {
		name           string
		declared, live string
		instance       *kubevirtv1.VirtualMachineInstance
		want           string
	}{
		{"as it is", "default lan", "default lan", instanceWith("default lan", running), "default lan"},
		{"another order", "lan default", "default lan", instanceWith("default lan", running), "default lan"},
		{"another order of a stopped machine", "lan default", "default lan", nil, "default lan"},
		{"added in the middle", "default new lan", "default lan", instanceWith("default lan", running), "default lan new"},
		{"added at the front of a stopped machine", "b a lan", "lan", nil, "lan b a"},

		{"removed", "default", "default lan", instanceWith("default lan", running), "default -lan"},
		{"removed in the middle", "default wan", "default lan wan", instanceWith("default lan wan", running), "default -lan wan"},
		{"KubeVirt works on it", "default", "default -lan", instanceWith("default -lan", running), "default -lan"},
		{"KubeVirt has unplugged it", "default", "default -lan", instanceWith("default", running), "default"},
		{"KubeVirt has taken it out", "default", "default", instanceWith("default", running), "default"},
		{"KubeVirt has taken it out, and the instance is read as it was before", "default", "default", instanceWith("default -lan", running), "default"},
		{"removed and another added", "default new", "default lan", instanceWith("default lan", running), "default -lan new"},
		{"removed from a stopped machine", "default", "default lan", nil, "default"},
		{"removed from a machine that ended", "default", "default lan", instanceWith("default lan", kubevirtv1.Succeeded), "default"},
		{"removed while it stops", "default", "default lan", going(instanceWith("default lan", running)), "default"},
		{"stopped while it was being unplugged", "default", "default -lan", nil, "default"},
		{"never plugged", "default", "default lan:macvtap", instanceWith("default", running), "default"},

		{"removed while it starts", "default", "default lan", instanceWith("default lan", kubevirtv1.Scheduling), "default"},
		{"removed before it has a phase", "default", "default lan", instanceWith("default lan", kubevirtv1.VmPhaseUnset), "default"},
		{"removed while it started, and now it runs", "default", "default", instanceWith("default lan", running), "default -lan"},
		{"removed while it started, and still it starts", "default", "default", instanceWith("default lan", kubevirtv1.Scheduled), "default"},
		{"removed while it migrates", "default", "default lan", migrating(instanceWith("default lan", running)), "default lan"},
		{"migrates while it is being unplugged", "default", "default -lan", migrating(instanceWith("default -lan", running)), "default -lan"},
		{"removed when it has migrated", "default", "default lan", migrated(instanceWith("default lan", running)), "default -lan"},

		{"SR-IOV is not unplugged", "default", "default lan:sriov", instanceWith("default lan:sriov", running), "default"},
		{"nor is a plugin's NIC", "default", "default lan:macvtap", instanceWith("default lan:macvtap", running), "default"},
		{"nor the pod network", "lan", "default lan", instanceWith("default lan", running), "lan"},

		{"removed and added again at once", "default lan", "default -lan", instanceWith("default -lan", running), "default lan"},
		{"removed and added again with another type", "default lan:sriov", "default -lan", instanceWith("default -lan", running), "default lan:sriov"},
		{"another type", "default lan:sriov", "default lan", instanceWith("default lan", running), "default lan:sriov"},
		{"a link that somebody took down", "default lan", "default _lan", instanceWith("default _lan", running), "default _lan"},
		{"another type has a link of its own", "default lan:sriov", "default _lan", instanceWith("default _lan", running), "default lan:sriov"},
	} {
		t.Run(row.name, func(t *testing.T) {
			wanted := machineWith(row.declared)
			arrangeNICs(wanted, machineWith(row.live), row.instance)
			if got := wordsOf(t, &wanted.Spec.Template.Spec); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestArrangeNICsOfANewMachine(t *testing.T) {
	wanted := machineWith("lan default")
	arrangeNICs(wanted, nil, nil)
	if got := wordsOf(t, &wanted.Spec.Template.Spec); got != "lan default" {
		t.Errorf("got %q, want the order of the declaration", got)
	}
}

// TestArrangeNICsKeepsDetails keeps what somebody else wrote beside what is declared, and takes what is declared.
func TestArrangeNICsKeepsDetails(t *testing.T) {
	wanted, live := machineWith("lan"), machineWith("lan")
	device, network := &live.Spec.Template.Spec.Domain.Devices.Interfaces[0], &live.Spec.Template.Spec.Networks[0]
	device.PciAddress, device.ACPIIndex, device.MacAddress, network.Multus.NetworkName = "0000:05:00.0", 101, "02:00:00:00:00:09", "other"
	arrangeNICs(wanted, live, nil)
	got := nicsOf(&wanted.Spec.Template.Spec)[0]
	if got.device.PciAddress != "0000:05:00.0" || got.device.ACPIIndex != 101 {
		t.Errorf("what is not declared was dropped: %+v", got.device)
	}
	if got.device.MacAddress != "02:00:00:00:00:01" || got.network.Multus.NetworkName != "vm-lan-nad" {
		t.Errorf("what is declared was not taken: %+v %+v", got.device, got.network)
	}
	if device.MacAddress != "02:00:00:00:00:09" {
		t.Error("the live machine was changed")
	}
}
