// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/internal/golden"
	"github.com/novasphere/wukong/pkg/render/document"
	"github.com/novasphere/wukong/pkg/render/vm"
)

var (
	bridge = vmv1alpha1.Binding{Method: vmv1alpha1.BindingBridge}
	pod    = vm.NIC{Network: "default", MACAddress: "02:00:00:00:00:01"}
)

func attached(binding vmv1alpha1.Binding) vm.NIC {
	return vm.NIC{Network: "lan", MACAddress: "02:00:00:00:00:02", NetworkAttachmentDefinition: "vm-lan-nad", Binding: binding}
}

// nics are named after their golden files. How a bridge or an Open vSwitch network, a macvlan and an ipvlan are
// attached is the same here; the attachment tells them apart.
var nics = map[string][]vm.NIC{
	"pod":       {pod},
	"bridge":    {pod, attached(bridge)},
	"macvtap":   {attached(vmv1alpha1.Binding{Method: vmv1alpha1.BindingPlugin, Plugin: "macvtap"})},
	"sriov":     {attached(vmv1alpha1.Binding{Method: vmv1alpha1.BindingSRIOV})},
	"nad":       {{Network: "lan", MACAddress: "02:00:00:00:00:02", NetworkAttachmentDefinition: "networks/lan", Binding: bridge}},
	"upper-mac": {{Network: "lan", MACAddress: "02:00:5E:AB:CD:EF", NetworkAttachmentDefinition: "vm-lan-nad", Binding: bridge}},
	"order":     {attached(bridge), pod, {Network: "a", MACAddress: "02:00:00:00:00:03", NetworkAttachmentDefinition: "vm-a-nad", Binding: bridge}},
}

func machine(nics ...vm.NIC) vm.Machine {
	return vm.Machine{
		Namespace: "default", Name: "vm", Wukong: "vm", UID: "4f2b6c8e-0000-4000-8000-000000000000", CPU: 2, Memory: resource.MustParse("4Gi"),
		Image: vmv1alpha1.DefaultOSImage, RunStrategy: vmv1alpha1.RunStrategyAlways, DeclaredRunStrategy: vmv1alpha1.RunStrategyAlways,
		NICs: nics, CloudInitSecret: "vm-cloudinit", CloudInitHash: "0123456789abcdef",
	}
}

func compare(t *testing.T, file string, m vm.Machine) {
	t.Helper()
	text, err := document.Marshal(vm.Build(m))
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, file, text)
}

func TestBuild(t *testing.T) {
	for name, nics := range nics {
		t.Run(name, func(t *testing.T) {
			compare(t, name+".yaml", machine(nics...))
		})
	}
}

func TestPlacement(t *testing.T) {
	m := machine(pod)
	m.NodeSelector = map[string]string{"zone": "a", "disk": "ssd"}
	m.Tolerations = []corev1.Toleration{{Key: "machines", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}}
	m.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
		NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{
			{Key: "gpu", Operator: corev1.NodeSelectorOpDoesNotExist},
		}}},
	}}}
	compare(t, "placement.yaml", m)
}

func TestStopped(t *testing.T) {
	m := machine(pod)
	m.RunStrategy = vmv1alpha1.RunStrategyHalted
	compare(t, "stopped.yaml", m)
}
