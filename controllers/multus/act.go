// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package multus

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/apply"
	"github.com/novasphere/wukong/pkg/conditions"
	"github.com/novasphere/wukong/pkg/nodenet"
	"github.com/novasphere/wukong/pkg/render/nad"
)

// outcome is what became of the attachment.
type outcome struct {
	// condition is AttachmentReady.
	condition metav1.Condition
	// attached tells whether the attachment is there.
	attached bool
	// networkType and macvtap tell what the attachment makes in the pod.
	networkType vmv1alpha1.NetworkType
	macvtap     bool
}

func failed(reason, message string, args ...any) outcome {
	return outcome{condition: conditions.False(vmv1alpha1.ConditionAttachmentReady, reason, fmt.Sprintf(message, args...))}
}

// act makes the attachment, or looks at the one that exists. An error is worth another try; what only a person
// or another event can change is in the outcome.
func (r *reconciler) act(ctx context.Context, seen *observed) (outcome, error) {
	network := seen.network
	switch {
	case !seen.multusServed:
		return failed(vmv1alpha1.ReasonMultusNotInstalled,
			"Multus is not installed, so the network cannot be attached; install Multus with its NetworkAttachmentDefinition CRD"), nil
	case seen.waitsForAddresses():
		return failed(vmv1alpha1.ReasonWaitingForAddresses, "waiting for the network's addresses: %s", seen.addresses.condition.Message), nil
	case seen.fence.refusal() != nil && !seen.attached():
		return failed(seen.fence.refusal().Reason, "%s", seen.fence.refusal().Message), nil
	case network.Spec.NADName != "":
		return existing(seen), nil
	case seen.attachment == nil && !network.DeletionTimestamp.IsZero():
		return failed(vmv1alpha1.ReasonDeleting, "the network is being deleted"), nil
	case seen.attachment == nil || !metav1.IsControlledBy(seen.attachment, network):
		if waiting := waitingForNodeBridge(seen); waiting != nil {
			return *waiting, nil
		}
	}
	return r.make(ctx, seen)
}

// waitsForAddresses reports whether the network gets no attachment before its addresses and its MAC are its own. One that it
// has stays: a machine may use it.
func (seen *observed) waitsForAddresses() bool {
	network := seen.network
	if seen.addresses.granted() {
		return false
	}
	return network.DeletionTimestamp.IsZero() && !seen.attached()
}

// attached reports whether the network has its attachment.
func (seen *observed) attached() bool {
	if seen.network.Spec.NADName != "" {
		return seen.network.Status.NetworkAttachmentDefinition != ""
	}
	return seen.attachment != nil && metav1.IsControlledBy(seen.attachment, seen.network)
}

// waitingForNodeBridge returns what the network is told while its bridge is on no node, nil when it is on one: a machine
// can be started there, and its placement keeps it off the nodes that lack the bridge. A bridge that nobody can check,
// because NMState is not installed, is trusted. A bridge that degrades later changes nothing: the attachment stays for the
// machines that have it.
func waitingForNodeBridge(seen *observed) *outcome {
	if seen.network.Spec.NodeBridgeName == "" {
		return nil
	}
	if seen.nodeBridge == nil {
		waiting := failed(vmv1alpha1.ReasonWaitingForNodeBridge,
			"WukongNodeBridge %s does not exist; it is made again by the Wukong", seen.network.Spec.NodeBridgeName)
		return &waiting
	}
	available := conditions.Current(seen.nodeBridge.Status.Conditions, vmv1alpha1.ConditionAvailable, seen.nodeBridge.Generation)
	switch {
	case available == nil || conditions.UnderWay(*available) || !seen.nodeBridge.DeletionTimestamp.IsZero():
		waiting := failed(vmv1alpha1.ReasonWaitingForNodeBridge, "waiting for bridge %s on the nodes", seen.nodeBridge.Spec.BridgeName)
		return &waiting
	case available.Status == metav1.ConditionTrue, available.Reason == vmv1alpha1.ReasonNMStateNotInstalled:
		return nil
	default:
		waiting := failed(vmv1alpha1.ReasonWaitingForNodeBridge, "waiting for bridge %s on the nodes: %s", seen.nodeBridge.Spec.BridgeName, available.Message)
		return &waiting
	}
}

// make applies our own NetworkAttachmentDefinition.
func (r *reconciler) make(ctx context.Context, seen *observed) (outcome, error) {
	network := seen.network
	macvtap := network.Spec.Type == vmv1alpha1.NetworkTypeMacvlan && seen.tapBinding != ""
	key := attachmentOf(network)
	parent, refusal := network.Spec.BridgeName, (*nodenet.Refusal)(nil)
	if nodenet.IsParent(network) {
		parent, refusal = nodenet.ParentNIC(seen.fence.uplinks, parent)
	}
	if refusal != nil {
		return failed(refusal.Reason, "%s", refusal.Message), nil
	}
	built, err := nad.Build(nad.Attachment{
		Namespace: key.Namespace, Name: key.Name,
		Type: network.Spec.Type, Parent: parent,
		VLANID: network.Spec.VLANID, MTU: network.Spec.MTU, Macvtap: macvtap,
	})
	if err != nil {
		return failed(vmv1alpha1.ReasonAttachmentInvalid, "%s", err), nil
	}
	if err := controllerutil.SetControllerReference(network, built, r.client.Scheme()); err != nil {
		return outcome{}, fmt.Errorf("owning NetworkAttachmentDefinition %s: %w", key, err)
	}
	var live client.Object
	if seen.attachment != nil {
		live = seen.attachment
	}
	_, err = r.writer.Object(ctx, built, live, apply.ControlledBy(network))
	switch {
	case apply.IsTaken(err):
		return failed(vmv1alpha1.ReasonNameConflict, "%s", err), nil
	case apply.IsBeingTerminated(err):
		return failed(vmv1alpha1.ReasonDeleting, "the namespace is being deleted"), nil
	case apierrors.IsInvalid(err), apierrors.IsForbidden(err):
		return failed(vmv1alpha1.ReasonApplyFailed, "the API server refuses the NetworkAttachmentDefinition: %s", err), nil
	case err != nil:
		return outcome{}, err
	}
	return outcome{
		condition: conditions.True(vmv1alpha1.ConditionAttachmentReady, vmv1alpha1.ReasonAttached, "NetworkAttachmentDefinition "+key.Name+" is there"),
		attached:  true, networkType: network.Spec.Type, macvtap: macvtap,
	}, nil
}

// existing looks at the NetworkAttachmentDefinition that nadName names.
func existing(seen *observed) outcome {
	key := attachmentOf(seen.network)
	if seen.attachment == nil {
		return failed(vmv1alpha1.ReasonAttachmentNotFound,
			"NetworkAttachmentDefinition %s does not exist; create it, or leave nadName out to have one made", key)
	}
	networkType, macvtap, err := nad.TypeOf(seen.attachment.Spec.Config)
	if err != nil {
		return failed(vmv1alpha1.ReasonAttachmentInvalid, "NetworkAttachmentDefinition %s cannot be used: %s; correct it", key, err)
	}
	declared := seen.network.Spec.Type
	if declared != networkType && (declared == vmv1alpha1.NetworkTypeSRIOV || networkType == vmv1alpha1.NetworkTypeSRIOV) {
		return failed(vmv1alpha1.ReasonAttachmentInvalid,
			"NetworkAttachmentDefinition %s is of type %s, the network says %s; write type %s", key, networkType, declared, networkType)
	}
	return outcome{
		condition: conditions.True(vmv1alpha1.ConditionAttachmentReady, vmv1alpha1.ReasonAttached, "NetworkAttachmentDefinition "+key.String()+" exists"),
		attached:  true, networkType: networkType, macvtap: macvtap,
	}
}
