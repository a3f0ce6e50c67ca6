// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	kubevirtv1 "kubevirt.io/api/core/v1"
)

const (
	networksAnnotation = "k8s.v1.cni.cncf.io/networks"
	statusAnnotation   = "k8s.v1.cni.cncf.io/network-status"
	primaryPodNIC      = "eth0"
	// hashLength leaves room for KubeVirt's own suffix within the 15 bytes of a link's name.
	hashLength = 11
)

// podNIC names the link of a network inside the pod (KubeVirt, pkg/network/namescheme): pod and the start of a hash of the network's name.
func podNIC(network kubevirtv1.Network) string {
	if network.Multus == nil || network.Multus.Default {
		return primaryPodNIC
	}
	return "pod" + fmt.Sprintf("%x", sha256.Sum256([]byte(network.Name)))[:hashLength]
}

// attachment splits the reference to a NetworkAttachmentDefinition at its first slash.
func attachment(namespace string, source *kubevirtv1.MultusNetwork) key {
	if before, after, found := strings.Cut(source.NetworkName, "/"); found {
		return key{Namespace: before, Name: after}
	}
	return key{Namespace: namespace, Name: source.NetworkName}
}

// multusAnnotation asks Multus for the secondary ones of an instance's networks, in KubeVirt's form.
func multusAnnotation(vmi *kubevirtv1.VirtualMachineInstance, networks []kubevirtv1.Network) (string, error) {
	var elements []nadv1.NetworkSelectionElement
	for _, network := range networks {
		if network.Multus == nil || network.Multus.Default {
			continue
		}
		definition := attachment(vmi.Namespace, network.Multus)
		elements = append(elements, nadv1.NetworkSelectionElement{
			Name: definition.Name, Namespace: definition.Namespace,
			MacRequest:       interfaceOf(vmi, network.Name).MacAddress,
			InterfaceRequest: podNIC(network),
		})
	}
	if len(elements) == 0 {
		return "", nil
	}
	text, err := json.Marshal(elements)
	if err != nil {
		return "", fmt.Errorf("write the Multus annotation: %w", err)
	}
	return string(text), nil
}

// networkStatus is what Multus reports on the pod once the links that its annotation asks for are there.
func networkStatus(pod *corev1.Pod) (string, error) {
	var elements []nadv1.NetworkSelectionElement
	if asked := pod.Annotations[networksAnnotation]; asked != "" {
		if err := json.Unmarshal([]byte(asked), &elements); err != nil {
			return "", fmt.Errorf("read the Multus annotation of pod %s: %w", pod.Name, err)
		}
	}
	statuses := []nadv1.NetworkStatus{{
		Name: "cbr0", Interface: primaryPodNIC, IPs: []string{podAddress(pod)}, Default: true,
	}}
	for _, element := range elements {
		definition := key{Namespace: element.Namespace, Name: element.Name}
		statuses = append(statuses, nadv1.NetworkStatus{
			Name: definition.String(), Interface: element.InterfaceRequest, Mac: element.MacRequest,
		})
	}
	text, err := json.Marshal(statuses)
	if err != nil {
		return "", fmt.Errorf("write Multus's report: %w", err)
	}
	return string(text), nil
}

// podLinks are the secondary links of a pod as Multus reports them: the attachment of each, by the link's name.
func podLinks(pod *corev1.Pod) map[string]string {
	var statuses []nadv1.NetworkStatus
	if err := json.Unmarshal([]byte(pod.Annotations[statusAnnotation]), &statuses); err != nil {
		return nil
	}
	links := map[string]string{}
	for _, status := range statuses {
		if !status.Default {
			links[status.Interface] = status.Name
		}
	}
	return links
}

// missingAttachment names a NetworkAttachmentDefinition that an instance needs and that does not exist, or is empty.
func (a *Actor) missingAttachment(ctx context.Context, vmi *kubevirtv1.VirtualMachineInstance) (string, error) {
	for _, network := range vmi.Spec.Networks {
		if network.Multus == nil {
			continue
		}
		definition := attachment(vmi.Namespace, network.Multus)
		err := a.client.Get(ctx, definition, &nadv1.NetworkAttachmentDefinition{})
		if apierrors.IsNotFound(err) {
			return definition.String(), nil
		}
		if err != nil {
			return "", fmt.Errorf("read network attachment definition %s: %w", definition, err)
		}
	}
	return "", nil
}

func interfaceOf(vmi *kubevirtv1.VirtualMachineInstance, name string) kubevirtv1.Interface {
	for _, nic := range vmi.Spec.Domain.Devices.Interfaces {
		if nic.Name == name {
			return nic
		}
	}
	return kubevirtv1.Interface{}
}
