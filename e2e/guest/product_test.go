// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2eguest

package guest

import (
	"context"
	"fmt"
	"path"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	corev1 "k8s.io/api/core/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/novasphere/wukong/e2e/guest/launcher"
	"github.com/novasphere/wukong/pkg/render/cloudinit"
	"github.com/novasphere/wukong/pkg/render/nad"
)

// product is what the operator made of a Wukong, as far as it reaches a guest.
type product struct {
	launcher.Machine
	// ports are the ports of the node's bridges, by the bridge.
	ports map[string]string
}

// readProduct reads the VirtualMachine of a Wukong and what it names.
func readProduct(ctx context.Context, reader client.Client, key client.ObjectKey) (product, error) {
	machine := &kubevirtv1.VirtualMachine{}
	if err := reader.Get(ctx, key, machine); err != nil {
		return product{}, err
	}
	spec := machine.Spec.Template.Spec
	made := product{Machine: launcher.Machine{
		Hostname: machine.Name, UUID: string(spec.Domain.Firmware.UUID), Serial: spec.Domain.Firmware.Serial,
	}}
	for i, network := range spec.Networks {
		nic, err := readNIC(ctx, reader, key.Namespace, network, spec.Domain.Devices.Interfaces[i])
		if err != nil {
			return product{}, err
		}
		made.NICs = append(made.NICs, nic)
	}
	for _, volume := range spec.Volumes {
		if volume.CloudInitNoCloud == nil {
			continue
		}
		secret := &corev1.Secret{}
		key := client.ObjectKey{Namespace: key.Namespace, Name: volume.CloudInitNoCloud.UserDataSecretRef.Name}
		if err := reader.Get(ctx, key, secret); err != nil {
			return product{}, err
		}
		made.UserData, made.NetworkData = secret.Data[cloudinit.UserDataKey], secret.Data[cloudinit.NetworkDataKey]
	}
	var err error
	made.ports, err = readPorts(ctx, reader)
	return made, err
}

func readNIC(
	ctx context.Context, reader client.Client, namespace string, network kubevirtv1.Network, device kubevirtv1.Interface,
) (launcher.NIC, error) {
	nic := launcher.NIC{Network: network.Name, MAC: device.MacAddress}
	if device.Name != network.Name {
		return nic, fmt.Errorf("the interface %s is beside the network %s", device.Name, network.Name)
	}
	if network.Multus == nil {
		return nic, nil
	}
	attachment := &nadv1.NetworkAttachmentDefinition{}
	if err := reader.Get(ctx, client.ObjectKey{Namespace: namespace, Name: network.Multus.NetworkName}, attachment); err != nil {
		return nic, err
	}
	nic.Config = []byte(attachment.Spec.Config)
	if device.Binding != nil {
		nic.Lower = path.Base(attachment.Annotations[nad.ResourceNameAnnotation])
	}
	return nic, nil
}

// desiredState is what is read of a policy.
type desiredState struct {
	Interfaces []struct {
		Name   string `json:"name"`
		Bridge *struct {
			Ports []struct {
				Name string `json:"name"`
			} `json:"port"`
		} `json:"bridge"`
	} `json:"interfaces"`
}

// readPorts reads from the policies which port each bridge has.
func readPorts(ctx context.Context, reader client.Client) (map[string]string, error) {
	var policies nmstatev1.NodeNetworkConfigurationPolicyList
	if err := reader.List(ctx, &policies); err != nil {
		return nil, err
	}
	ports := map[string]string{}
	for _, policy := range policies.Items {
		var state desiredState
		if err := yaml.Unmarshal(policy.Spec.DesiredState.Raw, &state); err != nil {
			return nil, fmt.Errorf("reading the policy %s: %w", policy.Name, err)
		}
		for _, link := range state.Interfaces {
			if link.Bridge != nil && len(link.Bridge.Ports) == 1 {
				ports[link.Name] = link.Bridge.Ports[0].Name
			}
		}
	}
	return ports, nil
}
