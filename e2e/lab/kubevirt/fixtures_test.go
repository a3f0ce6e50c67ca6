// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
)

const (
	podMAC = "02:00:00:aa:bb:01"
	lanMAC = "02:00:00:aa:bb:02"
)

const networkData = `
version: 2
ethernets:
  default: {match: {macaddress: "02:00:00:aa:bb:01"}, set-name: pod0, dhcp4: true}
  lan: {match: {macaddress: "02:00:00:aa:bb:02"}, set-name: lan, addresses: [192.168.100.10/24]}
`

// virtualMachine has a pod network, a bridge NIC on the attachment "lan" and its data in a Secret.
func (s *stage) virtualMachine(name string) *kubevirtv1.VirtualMachine {
	strategy := kubevirtv1.RunStrategyAlways
	memory := resource.MustParse("2Gi")
	return &kubevirtv1.VirtualMachine{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name},
		Spec: kubevirtv1.VirtualMachineSpec{
			RunStrategy: &strategy,
			Template: &kubevirtv1.VirtualMachineInstanceTemplateSpec{Spec: kubevirtv1.VirtualMachineInstanceSpec{
				Domain: kubevirtv1.DomainSpec{
					CPU:    &kubevirtv1.CPU{Cores: 2},
					Memory: &kubevirtv1.Memory{Guest: &memory},
					Devices: kubevirtv1.Devices{Interfaces: []kubevirtv1.Interface{
						{Name: "default", MacAddress: podMAC, InterfaceBindingMethod: kubevirtv1.InterfaceBindingMethod{Masquerade: &kubevirtv1.InterfaceMasquerade{}}},
						{Name: "lan", MacAddress: lanMAC, InterfaceBindingMethod: kubevirtv1.InterfaceBindingMethod{Bridge: &kubevirtv1.InterfaceBridge{}}},
					}},
				},
				Networks: []kubevirtv1.Network{
					{Name: "default", NetworkSource: kubevirtv1.NetworkSource{Pod: &kubevirtv1.PodNetwork{}}},
					{Name: "lan", NetworkSource: kubevirtv1.NetworkSource{Multus: &kubevirtv1.MultusNetwork{NetworkName: "lan"}}},
				},
				Volumes: []kubevirtv1.Volume{
					{Name: "root", VolumeSource: kubevirtv1.VolumeSource{ContainerDisk: &kubevirtv1.ContainerDiskSource{Image: "fedora"}}},
					{Name: "cloudinit", VolumeSource: kubevirtv1.VolumeSource{CloudInitNoCloud: &kubevirtv1.CloudInitNoCloudSource{
						UserDataSecretRef:    &corev1.LocalObjectReference{Name: name + "-cloudinit"},
						NetworkDataSecretRef: &corev1.LocalObjectReference{Name: name + "-cloudinit"},
					}}},
				},
			}},
		},
	}
}

func (s *stage) attachment(name string) *nadv1.NetworkAttachmentDefinition {
	return &nadv1.NetworkAttachmentDefinition{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name},
		Spec:       nadv1.NetworkAttachmentDefinitionSpec{Config: `{"cniVersion":"0.3.1","type":"bridge","bridge":"br-lan"}`},
	}
}

func (s *stage) secret(machine string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: machine + "-cloudinit"},
		StringData: map[string]string{"userdata": "#cloud-config\n", "networkdata": networkData},
	}
}
