// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package multus

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
	"github.com/novasphere/wukong/pkg/render/nad"
	"github.com/novasphere/wukong/pkg/story"
)

func (r *reconciler) report(ctx context.Context, seen *observed, result outcome) (time.Duration, error) {
	network := seen.network
	told := &vmv1alpha1.WukongNetwork{ObjectMeta: metav1.ObjectMeta{Namespace: network.Namespace, Name: network.Name, UID: network.UID}}
	if result.attached {
		binding := nad.BindingFor(result.networkType, result.macvtap, seen.tapBinding)
		told.Status.Binding = &binding
		told.Status.NetworkAttachmentDefinition = attachmentOf(network).String()
	}
	told.Status.HeldSegment, told.Status.HeldMACAddress = seen.addresses.held.Segment, seen.addresses.held.MAC
	for _, address := range seen.addresses.held.Addresses {
		told.Status.HeldAddresses = append(told.Status.HeldAddresses, address.String())
	}
	dataPath := dataPathReady(network, result, seen.tapBinding)
	ready := summary(seen.addresses.condition, result.condition, dataPath)
	if !network.DeletionTimestamp.IsZero() {
		ready = conditions.False(vmv1alpha1.ConditionReady, vmv1alpha1.ReasonInUse,
			fmt.Sprintf("network %s is kept until %s, which uses it, has stopped", network.Spec.Network, seen.usedBy))
	}
	own := []metav1.Condition{ready, seen.addresses.condition, result.condition, dataPath}
	if allowed := seen.fence.allowed(); allowed != nil {
		own = append(own, *allowed)
	}
	told.Status.Conditions = conditions.Own(network.Status.Conditions, network.Generation, own...)
	if equality.Semantic.DeepEqual(told.Status, network.Status) {
		return 0, nil
	}
	// What is held is told at once: after a restart the status is all that is known of it.
	progress := r.book.toldOf(network, seen.addresses.held) &&
		conditions.OnlyProgress(network.Status.Conditions, told.Status.Conditions, vmv1alpha1.ConditionReady)
	postponed, err := r.writer.Status(ctx, told, progress)
	if err == nil && postponed == 0 {
		r.book.tell(network)
		turned := r.turns.Of(network.UID, network.Status.Conditions, story.Summary(told.Status.Conditions))
		story.Tell(ctrl.LoggerFrom(ctx), "WukongNetwork", network.Name, turned)
	}
	return postponed, err
}

// summary is the network's Ready condition: the first of its parts that does not hold.
func summary(parts ...metav1.Condition) metav1.Condition {
	for _, part := range parts {
		if part.Status != metav1.ConditionTrue {
			part.Type = vmv1alpha1.ConditionReady
			return part
		}
	}
	return conditions.True(vmv1alpha1.ConditionReady, vmv1alpha1.ReasonReady, "the network can be attached and carries the guest's traffic")
}

// dataPathReady tells whether KubeVirt's binding carries the attachment's traffic. Behind the bridge binding the
// pod's NIC gets another MAC than the one that macvlan and ipvlan deliver frames to.
func dataPathReady(network *vmv1alpha1.WukongNetwork, result outcome, tapBinding string) metav1.Condition {
	const conditionType = vmv1alpha1.ConditionDataPathReady
	switch {
	case !result.attached:
		return conditions.Unknown(conditionType, vmv1alpha1.ReasonNoAttachment, "there is no attachment yet")
	case result.networkType == vmv1alpha1.NetworkTypeMacvlan && (!result.macvtap || tapBinding == ""):
		return conditions.False(conditionType, vmv1alpha1.ReasonMacvlanBehindBridgeBinding, fmt.Sprintf(
			"a macvlan behind KubeVirt's bridge binding delivers no unicast traffic to the guest; either register the macvtap network binding plugin "+
				"in the KubeVirt object (spec.configuration.network.binding.%s with domainAttachmentType tap) and run macvtap-cni on the nodes, "+
				"or change network %s to type bridge", nad.DefaultTapBinding, network.Spec.Network))
	case result.networkType == vmv1alpha1.NetworkTypeIPVLAN:
		return conditions.False(conditionType, vmv1alpha1.ReasonIPVLANBehindBridgeBinding, fmt.Sprintf(
			"an ipvlan cannot be the port of KubeVirt's in-pod bridge, so no traffic reaches the guest, "+
				"and no other binding takes it; change network %s to type bridge or macvlan",
			network.Spec.Network))
	default:
		return conditions.True(conditionType, vmv1alpha1.ReasonDataPathUsable, "KubeVirt's binding carries this attachment's traffic")
	}
}
