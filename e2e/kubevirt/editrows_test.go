// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	corev1 "k8s.io/api/core/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"

	"github.com/novasphere/wukong/pkg/render/vm"
)

type (
	machine  = kubevirtv1.VirtualMachine
	instance = kubevirtv1.VirtualMachineInstance
)

const otherField = "a non-live-updatable field was changed in the template spec"

var edits = []edit{
	{
		name: "more CPUs", do: sockets(3), want: live, condition: kubevirtv1.VirtualMachineInstanceVCPUChange,
		taken: func(i *instance) bool { return i.Spec.Domain.CPU.Sockets == 3 },
	},
	{name: "fewer CPUs", do: sockets(1), want: restart, words: "Reduction of CPU socket count requires a restart"},
	{name: "more than four times the CPUs", do: sockets(9), want: restart, words: "higher than what's available"},
	{
		name: "more memory", do: guestMemory("5Gi"), want: live, condition: kubevirtv1.VirtualMachineInstanceMemoryChange,
		taken: func(i *instance) bool { return i.Spec.Domain.Memory.Guest.String() == "5Gi" },
	},
	{name: "less memory", do: guestMemory("3Gi"), want: restart, words: "lower than what the VM started with"},
	{name: "more than four times the memory", do: guestMemory("20Gi"), want: restart, words: "greater than the configured maxGuest memory"},
	{
		name: "memory that is no multiple of 2Mi", do: guestMemory("5000M"), want: restart, words: "memory",
	},
	{
		name: "network added, bridge",
		do: func(m *machine) {
			addNIC(m, kubevirtv1.Interface{InterfaceBindingMethod: kubevirtv1.InterfaceBindingMethod{Bridge: &kubevirtv1.InterfaceBridge{}}})
		},
		want: live, taken: func(i *instance) bool { return reports(i, "storage") },
	},
	{
		name: "network added, macvtap",
		do:   func(m *machine) { addNIC(m, kubevirtv1.Interface{Binding: &kubevirtv1.PluginBinding{Name: "macvtap"}}) },
		want: silent, taken: func(i *instance) bool { return len(i.Spec.Networks) == 3 },
	},
	{
		name: "network removed by state: absent",
		do:   func(m *machine) { lanOf(template(m)).State = kubevirtv1.InterfaceStateAbsent },
		want: live, taken: func(i *instance) bool { return len(i.Spec.Networks) == 1 && len(i.Status.Interfaces) == 1 },
		left: func(m *machine) bool { return len(template(m).Networks) == 1 && lanOf(template(m)) == nil },
	},
	{
		name: "network removed by deleting its entry",
		do: func(m *machine) {
			spec := template(m)
			spec.Networks, spec.Domain.Devices.Interfaces = spec.Networks[:1], spec.Domain.Devices.Interfaces[:1]
		},
		want: restart, words: otherField,
	},
	{
		name: "state: absent on the pod network",
		do:   func(m *machine) { template(m).Domain.Devices.Interfaces[0].State = kubevirtv1.InterfaceStateAbsent },
		want: refused, words: "absent",
	},
	{
		name: "another attachment",
		do:   func(m *machine) { template(m).Networks[1].Multus.NetworkName = "lan2" },
		want: live, condition: kubevirtv1.VirtualMachineInstanceMigrationRequired,
		taken: func(i *instance) bool { return i.Spec.Networks[1].Multus.NetworkName == "lan2" },
	},
	{
		name: "another MAC address",
		do:   func(m *machine) { lanOf(template(m)).MacAddress = "02:00:00:00:00:09" },
		want: restart, words: otherField,
	},
	{
		name: "another binding",
		do: func(m *machine) {
			nic := lanOf(template(m))
			nic.Bridge, nic.Binding = nil, &kubevirtv1.PluginBinding{Name: "macvtap"}
		},
		want: restart, words: otherField,
	},
	{
		name: "networks in another order",
		do: func(m *machine) {
			spec := template(m)
			spec.Networks[0], spec.Networks[1] = spec.Networks[1], spec.Networks[0]
			nics := spec.Domain.Devices.Interfaces
			nics[0], nics[1] = nics[1], nics[0]
		},
		want: silent, taken: func(i *instance) bool { return i.Spec.Networks[0].Name == "lan" },
	},
	{
		name: "NIC without its network",
		do:   func(m *machine) { template(m).Networks = template(m).Networks[:1] },
		want: refused, words: "spec.template.spec.domain.devices.interfaces",
	},
	{
		name: "other cloud-init data, as for another address",
		do: func(m *machine) {
			m.Spec.Template.ObjectMeta.Annotations[vm.AnnotationCloudInitHash] = "fedcba9876543210"
		},
		want: silent, taken: func(i *instance) bool { return i.Annotations[vm.AnnotationCloudInitHash] == "fedcba9876543210" },
	},
	{
		name: "another image",
		do:   func(m *machine) { template(m).Volumes[0].ContainerDisk.Image = "quay.io/containerdisks/debian:12" },
		want: restart, words: otherField,
	},
	{
		name: "another firmware UUID",
		do:   func(m *machine) { template(m).Domain.Firmware.UUID = "5d307ca9-b3ef-428c-8861-06e72d69f223" },
		want: restart, words: otherField,
	},
	{
		name: "nodeSelector",
		do:   func(m *machine) { template(m).NodeSelector = map[string]string{"zone": "a"} },
		want: live, taken: func(i *instance) bool { return i.Spec.NodeSelector["zone"] == "a" },
	},
	{
		name: "affinity",
		do: func(m *machine) {
			template(m).Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
				RequiredDuringSchedulingIgnoredDuringExecution: others,
			}}
		},
		want: live, taken: func(i *instance) bool { return i.Spec.Affinity != nil },
	},
	{
		name: "tolerations",
		do: func(m *machine) {
			template(m).Tolerations = []corev1.Toleration{{Key: "machines", Operator: corev1.TolerationOpExists}}
		},
		want: live, taken: func(i *instance) bool { return len(i.Spec.Tolerations) == 1 },
	},
	{
		name: "run strategy Halted", do: strategyTo(kubevirtv1.RunStrategyHalted),
		want: live, taken: func(i *instance) bool { return i == nil },
	},
	{
		name: "run strategy Manual", do: strategyTo(kubevirtv1.RunStrategyManual),
		want: live, taken: func(i *instance) bool { return i != nil && i.IsRunning() },
	},
	{
		name: "run strategy and running at once",
		do:   func(m *machine) { m.Spec.Running = new(true) },
		want: refused, words: "mutually exclusive",
	},
}
