// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package capability

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	corev1 "k8s.io/api/core/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Annotations of a pod (Network Custom Resource Definition De-facto Standard).
const (
	// NetworksAnnotation lists the attachments that are asked for.
	NetworksAnnotation = "k8s.v1.cni.cncf.io/networks"
	// NetworkStatusAnnotation lists the links that the pod has, as Multus reports them.
	NetworkStatusAnnotation = "k8s.v1.cni.cncf.io/network-status"
)

// AttachmentKey returns the key of the NetworkAttachmentDefinition that "name" or "namespace/name" means in a
// namespace.
func AttachmentKey(namespace, name string) client.ObjectKey {
	if before, after, found := strings.Cut(name, "/"); found {
		return client.ObjectKey{Namespace: before, Name: after}
	}
	return client.ObjectKey{Namespace: namespace, Name: name}
}

// AttachmentsOf returns the "namespace/name" of each NetworkAttachmentDefinition that a VirtualMachine, a
// VirtualMachineInstance or a pod uses.
func AttachmentsOf(obj client.Object) []string {
	switch machine := obj.(type) {
	case *kubevirtv1.VirtualMachine:
		if machine.Spec.Template == nil {
			return nil
		}
		return attachmentsOf(machine.Namespace, machine.Spec.Template.Spec.Networks)
	case *kubevirtv1.VirtualMachineInstance:
		return attachmentsOf(machine.Namespace, machine.Spec.Networks)
	default:
		return attachmentsOfPod(obj)
	}
}

func attachmentsOf(namespace string, networks []kubevirtv1.Network) []string {
	var names []string
	for _, network := range networks {
		if network.Multus != nil {
			names = append(names, AttachmentKey(namespace, network.Multus.NetworkName).String())
		}
	}
	return names
}

// attachmentsOfPod returns the attachments that a pod asks for and those that it has. KubeVirt changes the first while the pod
// runs, when a NIC is unplugged or moves to another attachment; the link that the pod has is then still the earlier one.
func attachmentsOfPod(pod client.Object) []string {
	names := askedFor(pod)
	for _, link := range LinksOf(pod) {
		if !slices.Contains(names, link.Name) {
			names = append(names, link.Name)
		}
	}
	return names
}

// LinksOf returns the links of a pod that lead to a NetworkAttachmentDefinition, as Multus reports them; their names are
// "namespace/name". What cannot be read is no link.
func LinksOf(pod client.Object) []nadv1.NetworkStatus {
	var links []nadv1.NetworkStatus
	if err := json.Unmarshal([]byte(pod.GetAnnotations()[NetworkStatusAnnotation]), &links); err != nil {
		return nil
	}
	return slices.DeleteFunc(links, func(link nadv1.NetworkStatus) bool { return link.Default || !strings.Contains(link.Name, "/") })
}

// askedFor reads the form of the annotation that KubeVirt writes, a JSON list.
func askedFor(pod client.Object) []string {
	var networks []nadv1.NetworkSelectionElement
	if err := json.Unmarshal([]byte(pod.GetAnnotations()[NetworksAnnotation]), &networks); err != nil {
		return nil
	}
	var names []string
	for _, network := range networks {
		namespace := network.Namespace
		if namespace == "" {
			namespace = pod.GetNamespace()
		}
		names = append(names, namespace+"/"+network.Name)
	}
	return names
}

// InstanceOf returns the UID of the VirtualMachineInstance that a virt-launcher pod was made for.
func InstanceOf(pod client.Object) []string {
	uid := pod.GetLabels()[kubevirtv1.CreatedByLabel]
	if uid == "" {
		return nil
	}
	return []string{uid}
}

// Running is a pod that is attached to a network.
type Running struct {
	// Name says what runs, for example "VirtualMachineInstance ns/vm".
	Name string
	// Node is the node that it runs on, empty while it is not scheduled.
	Node string
}

// Users looks up what is attached to a network.
type Users struct {
	// Machines reads VirtualMachines and their instances from the cache.
	Machines client.Reader
	// Launchers reads virt-launcher pods from a cache of their own.
	Launchers client.Reader
}

// Of names one user of an attachment, given as "namespace/name", and returns an empty text when there is none.
// Stopped machines count, since their next start needs the attachment, and so do pods, which may outlive the
// machine. kubeVirtServed tells whether machines can be asked for at all.
func (u Users) Of(ctx context.Context, attachment string, kubeVirtServed bool) (string, error) {
	byAttachment := client.MatchingFields{IndexAttachment: attachment}
	if kubeVirtServed {
		var instances kubevirtv1.VirtualMachineInstanceList
		if err := u.Machines.List(ctx, &instances, byAttachment); err != nil {
			return "", fmt.Errorf("listing the instances attached to %s: %w", attachment, err)
		}
		for i := range instances.Items {
			return "VirtualMachineInstance " + client.ObjectKeyFromObject(&instances.Items[i]).String(), nil
		}
		var machines kubevirtv1.VirtualMachineList
		if err := u.Machines.List(ctx, &machines, byAttachment); err != nil {
			return "", fmt.Errorf("listing the machines attached to %s: %w", attachment, err)
		}
		for i := range machines.Items {
			return "VirtualMachine " + client.ObjectKeyFromObject(&machines.Items[i]).String(), nil
		}
	}
	var pods corev1.PodList
	if err := u.Launchers.List(ctx, &pods, byAttachment); err != nil {
		return "", fmt.Errorf("listing the launcher pods attached to %s: %w", attachment, err)
	}
	for i := range pods.Items {
		if phase := pods.Items[i].Status.Phase; phase != corev1.PodSucceeded && phase != corev1.PodFailed {
			return "Pod " + client.ObjectKeyFromObject(&pods.Items[i]).String(), nil
		}
	}
	return "", nil
}

// Running returns the virt-launcher pods that are attached to a network and have not ended, named after their machines.
func (u Users) Running(ctx context.Context, attachment string) ([]Running, error) {
	var pods corev1.PodList
	if err := u.Launchers.List(ctx, &pods, client.MatchingFields{IndexAttachment: attachment}); err != nil {
		return nil, fmt.Errorf("listing the launcher pods attached to %s: %w", attachment, err)
	}
	var running []Running
	for i := range pods.Items {
		pod := &pods.Items[i]
		if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
			continue
		}
		name := "Pod " + client.ObjectKeyFromObject(pod).String()
		if machine := pod.Annotations[kubevirtv1.DomainAnnotation]; machine != "" {
			name = "VirtualMachine " + pod.Namespace + "/" + machine
		}
		running = append(running, Running{Name: name, Node: pod.Spec.NodeName})
	}
	return running, nil
}
