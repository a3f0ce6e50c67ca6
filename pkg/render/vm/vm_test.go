// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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

// TestDisks names its golden files after what the machine boots from, and what it has beside that.
func TestDisks(t *testing.T) {
	registry := vm.Disk{Name: "root", Claim: "vm-root", Size: resource.MustParse("20Gi"), Image: "docker://quay.io/containerdisks/debian:12", Boot: true}
	web := vm.Disk{Name: "data", Claim: "vm-data", Size: resource.MustParse("5Gi"), StorageClassName: "fast", Image: "https://example.org/data.qcow2"}
	blank := vm.Disk{Name: "scratch-of-the-long-name", Claim: "vm-scratch-of-the-long-name", Size: resource.MustParse("1Gi")}
	existing := vm.Disk{Name: "archive", Claim: "archive-2019", Existing: true}
	claimed := vm.Disk{Name: "root", Claim: "old-root", Existing: true, Boot: true}
	for name, row := range map[string]struct {
		image string
		disks []vm.Disk
	}{
		"boot-registry":        {"", []vm.Disk{web, registry, blank, existing}},
		"boot-claim":           {"", []vm.Disk{claimed}},
		"boot-image-and-disks": {vmv1alpha1.DefaultOSImage, []vm.Disk{web, existing}},
	} {
		t.Run(name, func(t *testing.T) {
			m := machine(pod)
			m.Image, m.Disks = row.image, row.disks
			compare(t, name+".yaml", m)
		})
	}
}

func TestDiskOf(t *testing.T) {
	for name, row := range map[string]struct {
		declared vmv1alpha1.Disk
		want     vm.Disk
	}{
		"made": {
			vmv1alpha1.Disk{Name: "data", Size: "20Gi", StorageClassName: "fast", Image: "docker://debian", Boot: true},
			vm.Disk{Name: "data", Claim: "vm-data", Size: resource.MustParse("20Gi"), StorageClassName: "fast", Image: "docker://debian", Boot: true},
		},
		"existing": {vmv1alpha1.Disk{Name: "data", ClaimName: "mine"}, vm.Disk{Name: "data", Claim: "mine", Existing: true}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := vm.DiskOf("vm", &row.declared)
			if diff := cmp.Diff(row.want, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
	if _, err := vm.DiskOf("vm", &vmv1alpha1.Disk{Name: "data", Size: "big"}); err == nil || !strings.Contains(err.Error(), "disk data") {
		t.Errorf("a size that is no quantity gives %v", err)
	}
}

func TestGracePeriod(t *testing.T) {
	m := machine(pod)
	m.TerminationGracePeriodSeconds = new(int64(600))
	compare(t, "grace-period.yaml", m)
}

func TestStopped(t *testing.T) {
	m := machine(pod)
	m.RunStrategy = vmv1alpha1.RunStrategyHalted
	compare(t, "stopped.yaml", m)
}
