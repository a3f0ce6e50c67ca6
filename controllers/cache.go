// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"

	"github.com/nmstate/kubernetes-nmstate/api/shared"
	nmstatev1beta1 "github.com/nmstate/kubernetes-nmstate/api/v1beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/capability"
	"github.com/novasphere/wukong/pkg/nodenet/hostnet"
)

// CacheOptions returns the options of the manager's cache: it holds only what the controllers read. Kinds of APIs
// that may be missing cannot be named by the cache's per-kind options, so their objects are trimmed by type.
func CacheOptions() cache.Options {
	handlers := labels.SelectorFromSet(labels.Set{"component": "kubernetes-nmstate-handler"})
	return cache.Options{
		// A read of a kind that nobody watches would start an informer for it, and wait for ever when the kind
		// has just been removed from the cluster.
		ReaderFailOnMissingInformer: true,
		DefaultTransform:            trim,
		ByObject: map[client.Object]cache.ByObject{
			&corev1.Pod{}: {Label: handlers},
		},
	}
}

// NewLaunchers returns a cache of virt-launcher pods, with their attachments and instances as indexes, that runs with the
// manager. It is apart from the manager's because a cache takes one selector for a kind, and the manager's holds
// the pods of NMState.
func NewLaunchers(ctx context.Context, mgr manager.Manager) (cache.Cache, error) {
	launchers, err := cache.New(mgr.GetConfig(), cache.Options{
		HTTPClient:       mgr.GetHTTPClient(),
		Scheme:           mgr.GetScheme(),
		Mapper:           mgr.GetRESTMapper(),
		DefaultTransform: trim,
		ByObject: map[client.Object]cache.ByObject{
			&corev1.Pod{}: {Label: labels.SelectorFromSet(labels.Set{kubevirtv1.AppLabel: "virt-launcher"})},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("making the cache of launcher pods: %w", err)
	}
	if err := launchers.IndexField(ctx, &corev1.Pod{}, capability.IndexAttachment, capability.AttachmentsOf); err != nil {
		return nil, fmt.Errorf("indexing launcher pods by attachment: %w", err)
	}
	if err := launchers.IndexField(ctx, &corev1.Pod{}, capability.IndexInstance, capability.InstanceOf); err != nil {
		return nil, fmt.Errorf("indexing launcher pods by instance: %w", err)
	}
	if err := mgr.Add(launchers); err != nil {
		return nil, fmt.Errorf("adding the cache of launcher pods: %w", err)
	}
	return launchers, nil
}

// podFailures are the reasons of the events by which a kubelet says that it cannot start a pod: the sandbox is where CNI plugins
// have their say.
var podFailures = []string{"FailedCreatePodSandBox", "FailedMount"}

// NewPodEvents returns caches of the events by which kubelets say that they cannot start a pod, with the pod as an index, that run
// with the manager. A selector takes one reason, so there is a cache for each.
func NewPodEvents(ctx context.Context, mgr manager.Manager) ([]cache.Cache, error) {
	caches := make([]cache.Cache, 0, len(podFailures))
	for _, reason := range podFailures {
		events, err := cache.New(mgr.GetConfig(), cache.Options{
			HTTPClient:       mgr.GetHTTPClient(),
			Scheme:           mgr.GetScheme(),
			Mapper:           mgr.GetRESTMapper(),
			DefaultTransform: trim,
			ByObject: map[client.Object]cache.ByObject{
				&corev1.Event{}: {Field: fields.Set{"involvedObject.kind": "Pod", "reason": reason}.AsSelector()},
			},
		})
		if err != nil {
			return nil, fmt.Errorf("making the cache of events: %w", err)
		}
		if err := events.IndexField(ctx, &corev1.Event{}, capability.IndexPod, podOfEvent); err != nil {
			return nil, fmt.Errorf("indexing events by pod: %w", err)
		}
		if err := mgr.Add(events); err != nil {
			return nil, fmt.Errorf("adding the cache of events: %w", err)
		}
		caches = append(caches, events)
	}
	return caches, nil
}

func podOfEvent(obj client.Object) []string {
	event, ok := obj.(*corev1.Event)
	if !ok || event.InvolvedObject.UID == "" {
		return nil
	}
	return []string{string(event.InvolvedObject.UID)}
}

// trim takes out of an object what no controller reads before it is cached.
func trim(in any) (any, error) {
	if object, ok := in.(client.Object); ok {
		object.SetManagedFields(nil)
	}
	switch object := in.(type) {
	case *corev1.Pod:
		object.Spec = corev1.PodSpec{NodeName: object.Spec.NodeName}
		object.Status = corev1.PodStatus{Phase: object.Status.Phase, Conditions: scheduled(object.Status.Conditions)}
	case *corev1.Node:
		object.Annotations = nil
		object.Spec = corev1.NodeSpec{}
		object.Status = corev1.NodeStatus{Conditions: object.Status.Conditions, Addresses: object.Status.Addresses}
	case *nmstatev1beta1.NodeNetworkState:
		trimNodeState(object)
	case *nmstatev1beta1.NodeNetworkConfigurationEnactment:
		object.Status.DesiredState, object.Status.DesiredStateMetaInfo = shared.State{}, shared.NodeNetworkConfigurationEnactmentMetaInfo{}
		object.Status.CapturedStates = nil
	case *corev1.PersistentVolumeClaim:
		object.Annotations = nil
		object.Spec = corev1.PersistentVolumeClaimSpec{
			Resources: object.Spec.Resources, StorageClassName: object.Spec.StorageClassName, VolumeMode: object.Spec.VolumeMode,
		}
	case *kubevirtv1.VirtualMachineInstance:
		trimInstance(object)
	case *kubevirtv1.VirtualMachine:
		trimMachine(object)
	}
	return in, nil
}

// scheduled leaves of a pod's conditions the one that tells why it has no node.
func scheduled(conditions []corev1.PodCondition) []corev1.PodCondition {
	for _, condition := range conditions {
		if condition.Type == corev1.PodScheduled && condition.Status != corev1.ConditionTrue {
			return []corev1.PodCondition{{Type: condition.Type, Status: condition.Status, Reason: condition.Reason, Message: condition.Message}}
		}
	}
	return nil
}

// trimNodeState leaves of a node's network what decides about bridges. What cannot be read is left as it is, for whoever
// reads it to say so.
func trimNodeState(state *nmstatev1beta1.NodeNetworkState) {
	if trimmed, err := hostnet.Trim(state.Status.CurrentState.Raw); err == nil {
		state.Status.CurrentState = shared.State{Raw: trimmed}
	}
}

// trimInstance leaves of an instance what it is attached to, and of one that was started from a machine of ours what can
// differ from the machine while it runs.
func trimInstance(instance *kubevirtv1.VirtualMachineInstance) {
	spec := kubevirtv1.VirtualMachineInstanceSpec{Networks: instance.Spec.Networks}
	if instance.Labels[vmv1alpha1.LabelManagedBy] == vmv1alpha1.ManagedByWukong {
		spec.Domain.CPU, spec.Domain.Memory = instance.Spec.Domain.CPU, instance.Spec.Domain.Memory
		spec.Domain.Devices.Interfaces = instance.Spec.Domain.Devices.Interfaces
		spec.Volumes, spec.TerminationGracePeriodSeconds = instance.Spec.Volumes, instance.Spec.TerminationGracePeriodSeconds
	}
	instance.Spec = spec
}

// trimMachine leaves of somebody else's machine only what tells whether it is attached to one of our networks.
func trimMachine(machine *kubevirtv1.VirtualMachine) {
	if machine.Labels[vmv1alpha1.LabelManagedBy] == vmv1alpha1.ManagedByWukong {
		return
	}
	var networks []kubevirtv1.Network
	if machine.Spec.Template != nil {
		networks = machine.Spec.Template.Spec.Networks
	}
	machine.Annotations = nil
	machine.Spec = kubevirtv1.VirtualMachineSpec{
		Template: &kubevirtv1.VirtualMachineInstanceTemplateSpec{Spec: kubevirtv1.VirtualMachineInstanceSpec{Networks: networks}},
	}
	machine.Status = kubevirtv1.VirtualMachineStatus{}
}
