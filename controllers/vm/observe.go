// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/capability"
	"github.com/novasphere/wukong/pkg/naming"
	"github.com/novasphere/wukong/pkg/owner"
)

// observed is what one reconcile read.
type observed struct {
	wukong *vmv1alpha1.Wukong
	// kubeVirtServed tells whether machines can exist at all.
	kubeVirtServed bool
	// networks are the Wukong's WukongNetworks.
	networks []vmv1alpha1.WukongNetwork
	// bridges are the Wukong's WukongNodeBridges.
	bridges []vmv1alpha1.WukongNodeBridge
	// machine and instance are KubeVirt's objects, nil when they do not exist.
	machine  *kubevirtv1.VirtualMachine
	instance *kubevirtv1.VirtualMachineInstance
	// storage is what became of the disks.
	storage storage
	// launcher is the instance's virt-launcher pod, nil when it has none: the one on its node while it migrates.
	launcher *corev1.Pod
	// obstacle is what keeps that pod from starting, in a kubelet's words; empty for nothing that is known.
	obstacle string
}

func (r *reconciler) observe(ctx context.Context, wukong *vmv1alpha1.Wukong) (*observed, error) {
	seen := &observed{wukong: wukong}
	var err error
	if seen.kubeVirtServed, err = r.watches.Served(ctx, capability.KubeVirt); err != nil {
		return nil, err
	}
	var networks vmv1alpha1.WukongNetworkList
	if err := r.client.List(ctx, &networks, owner.ChildrenOf(wukong)...); err != nil {
		return nil, fmt.Errorf("listing the WukongNetworks: %w", err)
	}
	seen.networks = networks.Items
	var bridges vmv1alpha1.WukongNodeBridgeList
	if err := r.client.List(ctx, &bridges, owner.ChildrenOf(wukong)...); err != nil {
		return nil, fmt.Errorf("listing the WukongNodeBridges: %w", err)
	}
	seen.bridges = bridges.Items
	if seen.storage, err = r.observeStorage(ctx, wukong); err != nil {
		return nil, err
	}
	if !seen.kubeVirtServed {
		return seen, nil
	}
	key := types.NamespacedName{Namespace: wukong.Namespace, Name: naming.VirtualMachine(wukong.Name)}
	machine := &kubevirtv1.VirtualMachine{}
	if found, err := r.get(ctx, key, machine); err != nil {
		return nil, err
	} else if found {
		seen.machine = machine
	}
	instance := &kubevirtv1.VirtualMachineInstance{}
	if found, err := r.get(ctx, key, instance); err != nil {
		return nil, err
	} else if found {
		seen.instance = instance
		if seen.launcher, err = r.launcher(ctx, instance); err != nil {
			return nil, err
		}
		if seen.obstacle, err = r.obstacle(ctx, seen.launcher); err != nil {
			return nil, err
		}
	}
	return seen, nil
}

// launcher returns the pod that an instance runs in, nil for none.
func (r *reconciler) launcher(ctx context.Context, instance *kubevirtv1.VirtualMachineInstance) (*corev1.Pod, error) {
	var pods corev1.PodList
	err := r.launchers.List(ctx, &pods, client.InNamespace(instance.Namespace), client.MatchingFields{capability.IndexInstance: string(instance.UID)})
	if err != nil {
		return nil, fmt.Errorf("listing the launcher pods of %s: %w", instance.Name, err)
	}
	var found *corev1.Pod
	for i := range pods.Items {
		pod := &pods.Items[i]
		if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
			continue
		}
		if found == nil || pod.Spec.NodeName == instance.Status.NodeName {
			found = pod
		}
	}
	return found, nil
}

func (r *reconciler) get(ctx context.Context, key types.NamespacedName, obj client.Object) (bool, error) {
	err := r.client.Get(ctx, key, obj)
	switch {
	case apierrors.IsNotFound(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("reading %T %s: %w", obj, key, err)
	}
	return true, nil
}
