// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
	kubevirtv1 "kubevirt.io/api/core/v1"
)

func template() *kubevirtv1.VirtualMachineInstanceSpec {
	memory := resource.MustParse("2Gi")
	return &kubevirtv1.VirtualMachineInstanceSpec{
		Domain: kubevirtv1.DomainSpec{
			CPU:    &kubevirtv1.CPU{Cores: 2},
			Memory: &kubevirtv1.Memory{Guest: &memory},
			Devices: kubevirtv1.Devices{Interfaces: []kubevirtv1.Interface{
				{Name: "default", InterfaceBindingMethod: kubevirtv1.InterfaceBindingMethod{Masquerade: &kubevirtv1.InterfaceMasquerade{}}},
				{Name: "lan", MacAddress: "02:00:00:00:00:01", InterfaceBindingMethod: kubevirtv1.InterfaceBindingMethod{Bridge: &kubevirtv1.InterfaceBridge{}}},
			}},
		},
		Networks: []kubevirtv1.Network{
			{Name: "default", NetworkSource: kubevirtv1.NetworkSource{Pod: &kubevirtv1.PodNetwork{}}},
			{Name: "lan", NetworkSource: kubevirtv1.NetworkSource{Multus: &kubevirtv1.MultusNetwork{NetworkName: "lan"}}},
		},
	}
}

func TestRestartReason(t *testing.T) {
	guest := func(size string) func(*kubevirtv1.VirtualMachineInstanceSpec) {
		return func(spec *kubevirtv1.VirtualMachineInstanceSpec) {
			memory := resource.MustParse(size)
			spec.Domain.Memory.Guest = &memory
		}
	}
	cases := map[string]struct {
		reason string
		edit   func(*kubevirtv1.VirtualMachineInstanceSpec)
		want   string
	}{
		"Nothing":      {"an unchanged machine", func(*kubevirtv1.VirtualMachineInstanceSpec) {}, ""},
		"Cores":        {"cores are fixed", func(s *kubevirtv1.VirtualMachineInstanceSpec) { s.Domain.CPU.Cores = 4 }, restartForField},
		"MoreSockets":  {"sockets are live", func(s *kubevirtv1.VirtualMachineInstanceSpec) { s.Domain.CPU.Sockets = 4 }, ""},
		"TooMany":      {"up to the maximum", func(s *kubevirtv1.VirtualMachineInstanceSpec) { s.Domain.CPU.Sockets = 5 }, restartForTooManyCPUs},
		"MoreMemory":   {"memory grows live", guest("4Gi"), ""},
		"LessMemory":   {"and does not shrink", guest("1Gi"), restartForLessMemory},
		"TooMuch":      {"nor grow beyond its maximum", guest("16Gi"), restartForMoreMemory},
		"NodeSelector": {"placement is live", func(s *kubevirtv1.VirtualMachineInstanceSpec) { s.NodeSelector = map[string]string{"a": "b"} }, ""},
		"Hostname":     {"the guest's name is not", func(s *kubevirtv1.VirtualMachineInstanceSpec) { s.Hostname = "other" }, restartForField},
		"NewMAC": {"a NIC keeps its address", func(s *kubevirtv1.VirtualMachineInstanceSpec) {
			s.Domain.Devices.Interfaces[1].MacAddress = "02:00:00:00:00:02"
		}, restartForField},
		"LinkDown": {"the link's state is live", func(s *kubevirtv1.VirtualMachineInstanceSpec) {
			s.Domain.Devices.Interfaces[1].State = kubevirtv1.InterfaceStateLinkDown
		}, ""},
		"OtherAttachment": {"a NIC may move to another attachment", func(s *kubevirtv1.VirtualMachineInstanceSpec) {
			s.Networks[1].Multus.NetworkName = "other"
		}, ""},
		"RemovedNIC": {"taking an entry out is the wrong way to unplug", func(s *kubevirtv1.VirtualMachineInstanceSpec) {
			s.Domain.Devices.Interfaces, s.Networks = s.Domain.Devices.Interfaces[:1], s.Networks[:1]
		}, restartForField},
		"AddedNIC": {"a NIC may be added", func(s *kubevirtv1.VirtualMachineInstanceSpec) {
			s.Domain.Devices.Interfaces = append(s.Domain.Devices.Interfaces,
				kubevirtv1.Interface{Name: "new", InterfaceBindingMethod: kubevirtv1.InterfaceBindingMethod{Bridge: &kubevirtv1.InterfaceBridge{}}})
			s.Networks = append(s.Networks,
				kubevirtv1.Network{Name: "new", NetworkSource: kubevirtv1.NetworkSource{Multus: &kubevirtv1.MultusNetwork{NetworkName: "new"}}})
		}, ""},
		"Reordered": {"order is no change", func(s *kubevirtv1.VirtualMachineInstanceSpec) {
			nics := s.Domain.Devices.Interfaces
			nics[0], nics[1] = nics[1], nics[0]
		}, ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			vmi := &kubevirtv1.VirtualMachineInstance{Spec: *template()}
			complete(&vmi.Spec)
			wanted := template()
			tc.edit(wanted)
			if got := restartReason(template(), wanted, vmi); got != tc.want {
				t.Errorf("%s: got %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}
