// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package multus

import (
	"context"
	"fmt"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/capability"
	"github.com/novasphere/wukong/pkg/render/nad"
)

// observed is what one reconcile read.
type observed struct {
	network *vmv1alpha1.WukongNetwork
	// multusServed tells whether attachments can exist at all.
	multusServed bool
	// attachment is the NetworkAttachmentDefinition, ours or the one that nadName names, nil for none.
	attachment *nadv1.NetworkAttachmentDefinition
	// nodeBridge is the claim that the network waits for, nil when it needs none or it is gone.
	nodeBridge *vmv1alpha1.WukongNodeBridge
	// tapBinding is the network binding plugin that takes a macvtap, empty when none is registered.
	tapBinding string
	// addresses is what the ledger says of the network.
	addresses decision
	// fence is what the platform team's rules say of the network.
	fence fence
	// usedBy names a machine or pod that uses a deleted network's attachment, empty for none.
	usedBy string
}

func (r *reconciler) observe(ctx context.Context, network *vmv1alpha1.WukongNetwork) (*observed, error) {
	seen := &observed{network: network}
	var err error
	if seen.multusServed, err = r.watches.Served(ctx, capability.Multus); err != nil {
		return nil, err
	}
	kubeVirtServed, err := r.watches.Served(ctx, capability.KubeVirt)
	if err != nil {
		return nil, err
	}
	if !network.DeletionTimestamp.IsZero() && network.Spec.NADName == "" {
		if seen.usedBy, err = r.users.Of(ctx, attachmentOf(network).String(), kubeVirtServed); err != nil {
			return nil, err
		}
	}
	if seen.multusServed {
		if seen.attachment, err = r.attachment(ctx, attachmentOf(network)); err != nil {
			return nil, err
		}
	}
	if seen.nodeBridge, err = r.nodeBridge(ctx, network); err != nil {
		return nil, err
	}
	if err := r.observeFence(ctx, seen); err != nil {
		return nil, err
	}
	if kubeVirtServed {
		seen.tapBinding, err = r.tapBinding(ctx)
		return seen, err
	}
	// While KubeVirt is away nobody can tell what it has registered: keep to what was decided before.
	seen.tapBinding = tapBindingOf(network, seen.attachment)
	return seen, nil
}

func (r *reconciler) attachment(ctx context.Context, key client.ObjectKey) (*nadv1.NetworkAttachmentDefinition, error) {
	attachment := &nadv1.NetworkAttachmentDefinition{}
	err := r.client.Get(ctx, key, attachment)
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading NetworkAttachmentDefinition %s: %w", key, err)
	}
	return attachment, nil
}

func (r *reconciler) nodeBridge(ctx context.Context, network *vmv1alpha1.WukongNetwork) (*vmv1alpha1.WukongNodeBridge, error) {
	if network.Spec.NodeBridgeName == "" {
		return nil, nil
	}
	bridge := &vmv1alpha1.WukongNodeBridge{}
	key := client.ObjectKey{Namespace: network.Namespace, Name: network.Spec.NodeBridgeName}
	err := r.client.Get(ctx, key, bridge)
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading WukongNodeBridge %s: %w", key, err)
	}
	return bridge, nil
}

// tapBinding returns the name of the network binding plugin that hands a macvtap to the guest.
func (r *reconciler) tapBinding(ctx context.Context) (string, error) {
	var installations kubevirtv1.KubeVirtList
	if err := r.client.List(ctx, &installations); err != nil {
		return "", fmt.Errorf("listing the KubeVirt objects: %w", err)
	}
	for i := range installations.Items {
		network := installations.Items[i].Spec.Configuration.NetworkConfiguration
		if network == nil {
			continue
		}
		if name := nad.TapBinding(network.Binding); name != "" {
			return name, nil
		}
	}
	return "", nil
}

// tapBindingOf returns the plugin that was decided on before, empty when the attachment is no macvtap.
func tapBindingOf(network *vmv1alpha1.WukongNetwork, attachment *nadv1.NetworkAttachmentDefinition) string {
	if attachment == nil || network.Status.Binding == nil {
		return ""
	}
	return network.Status.Binding.Plugin
}
