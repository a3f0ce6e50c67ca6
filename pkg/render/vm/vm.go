// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package vm builds the VirtualMachine of a Wukong. It is pure: a value in, an object out.
package vm

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	kubevirtv1 "kubevirt.io/api/core/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/naming"
)

// AnnotationCloudInitHash holds, on the machine's template and so on each running instance, the hash of the
// cloud-init data it was started with.
const AnnotationCloudInitHash = "vm.novasphere.dev/cloud-init-hash"

// AnnotationCloudInitParts holds, beside the hash, what package cloudinit's Parts tells of the data it is made of.
const AnnotationCloudInitParts = "vm.novasphere.dev/cloud-init-parts"

const (
	rootVolume      = "rootdisk"
	cloudInitVolume = "cloudinitdisk"
)

// NIC is one NIC of the machine.
type NIC struct {
	// Network is the network's name, which KubeVirt's interface and network get too.
	Network string
	// MACAddress is the NIC's address.
	MACAddress string
	// NetworkAttachmentDefinition is the attachment, "name" or "namespace/name"; empty for the pod network.
	NetworkAttachmentDefinition string
	// Binding is how KubeVirt connects the attachment; ignored for the pod network.
	Binding vmv1alpha1.Binding
}

// Machine is what a VirtualMachine is built from.
type Machine struct {
	// Namespace and Name are the object's.
	Namespace, Name string
	// Wukong and UID are the Wukong's name, which the objects are labelled with, and its UID, from which the
	// firmware's identity is derived.
	Wukong, UID string
	// CPU is the number of the guest's CPUs.
	CPU int32
	// Memory is the guest's memory.
	Memory resource.Quantity
	// Image is the container-disk image to boot from, empty where a disk is booted from, and ImageDefaulted tells that the
	// Wukong names none.
	Image          string
	ImageDefaulted bool
	// RunStrategy is the one to write, and DeclaredRunStrategy the Wukong's own, which is remembered.
	RunStrategy, DeclaredRunStrategy vmv1alpha1.RunStrategy
	// Disks are the persistent disks in their order; at most one of them is to boot from.
	Disks []Disk
	// NICs are the machine's NICs in their order.
	NICs []NIC
	// CloudInitSecret is the Secret with the guest's data, and CloudInitHash a hash of that data.
	CloudInitSecret, CloudInitHash string
	// CloudInitParts are the hashes of that data's parts, as a text; empty where nobody compares them.
	CloudInitParts string
	// TerminationGracePeriodSeconds is how long the guest may take to shut down, nil for KubeVirt's default.
	TerminationGracePeriodSeconds *int64
	// NodeSelector, Tolerations and Affinity are passed through; Affinity is what the function of that name returned.
	NodeSelector map[string]string
	Tolerations  []corev1.Toleration
	Affinity     *corev1.Affinity
}

// Build returns the VirtualMachine, without owner.
func Build(m Machine) *kubevirtv1.VirtualMachine {
	strategy := kubevirtv1.VirtualMachineRunStrategy(m.RunStrategy)
	labels := map[string]string{
		vmv1alpha1.LabelManagedBy: vmv1alpha1.ManagedByWukong,
		vmv1alpha1.LabelWukong:    naming.LabelValue(m.Wukong),
	}
	annotations := map[string]string{vmv1alpha1.AnnotationRunStrategy: string(m.DeclaredRunStrategy)}
	if m.ImageDefaulted {
		annotations[vmv1alpha1.AnnotationDefaultImage] = m.Image
	}
	started := map[string]string{AnnotationCloudInitHash: m.CloudInitHash}
	if m.CloudInitParts != "" {
		started[AnnotationCloudInitParts] = m.CloudInitParts
	}
	return &kubevirtv1.VirtualMachine{
		TypeMeta: metav1.TypeMeta{APIVersion: kubevirtv1.GroupVersion.String(), Kind: "VirtualMachine"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace:   m.Namespace,
			Name:        m.Name,
			Labels:      labels,
			Annotations: annotations,
		},
		Spec: kubevirtv1.VirtualMachineSpec{
			RunStrategy:         &strategy,
			DataVolumeTemplates: m.dataVolumes(labels),
			Template: &kubevirtv1.VirtualMachineInstanceTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{
					Labels:      labels,
					Annotations: started,
				},
				Spec: m.instance(),
			},
		},
	}
}

func (m Machine) instance() kubevirtv1.VirtualMachineInstanceSpec {
	memory := m.Memory
	networks, interfaces := m.networking()
	disks, volumes := m.storage()
	return kubevirtv1.VirtualMachineInstanceSpec{
		Domain: kubevirtv1.DomainSpec{
			// Sockets are what KubeVirt can add to a running machine; cores and threads are not.
			CPU:    &kubevirtv1.CPU{Sockets: uint32(m.CPU), Cores: 1, Threads: 1},
			Memory: &kubevirtv1.Memory{Guest: &memory},
			Firmware: &kubevirtv1.Firmware{
				UUID:   types.UID(naming.FirmwareUUID(m.UID)),
				Serial: naming.FirmwareSerial(m.UID),
			},
			Devices: kubevirtv1.Devices{
				Disks:      disks,
				Rng:        &kubevirtv1.Rng{},
				Interfaces: interfaces,
			},
		},
		Networks:                      networks,
		Volumes:                       volumes,
		TerminationGracePeriodSeconds: m.TerminationGracePeriodSeconds,

		NodeSelector: m.NodeSelector,
		Tolerations:  m.Tolerations,
		Affinity:     m.Affinity,
	}
}

func (m Machine) networking() ([]kubevirtv1.Network, []kubevirtv1.Interface) {
	networks := make([]kubevirtv1.Network, 0, len(m.NICs))
	interfaces := make([]kubevirtv1.Interface, 0, len(m.NICs))
	for _, nic := range m.NICs {
		networks = append(networks, nic.network())
		interfaces = append(interfaces, nic.networkInterface())
	}
	return networks, interfaces
}

func (n NIC) network() kubevirtv1.Network {
	if n.NetworkAttachmentDefinition == "" {
		return kubevirtv1.Network{Name: n.Network, NetworkSource: kubevirtv1.NetworkSource{Pod: &kubevirtv1.PodNetwork{}}}
	}
	return kubevirtv1.Network{Name: n.Network, NetworkSource: kubevirtv1.NetworkSource{
		Multus: &kubevirtv1.MultusNetwork{NetworkName: n.NetworkAttachmentDefinition},
	}}
}

func (n NIC) networkInterface() kubevirtv1.Interface {
	built := kubevirtv1.Interface{Name: n.Network, MacAddress: strings.ToLower(n.MACAddress)}
	switch {
	case n.NetworkAttachmentDefinition == "":
		built.Masquerade = &kubevirtv1.InterfaceMasquerade{}
	case n.Binding.Method == vmv1alpha1.BindingSRIOV:
		built.SRIOV = &kubevirtv1.InterfaceSRIOV{}
	case n.Binding.Method == vmv1alpha1.BindingPlugin:
		built.Binding = &kubevirtv1.PluginBinding{Name: n.Binding.Plugin}
	default:
		built.Bridge = &kubevirtv1.InterfaceBridge{}
	}
	return built
}

func virtioDisk(name string) kubevirtv1.Disk {
	return kubevirtv1.Disk{Name: name, DiskDevice: kubevirtv1.DiskDevice{
		Disk: &kubevirtv1.DiskTarget{Bus: kubevirtv1.DiskBusVirtio},
	}}
}
