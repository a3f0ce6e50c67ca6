// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package wukong

import (
	"context"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/conditions"
	"github.com/novasphere/wukong/pkg/metrics"
	"github.com/novasphere/wukong/pkg/render/children"
)

// report sums up the children and the machine.
func (r *reconciler) report(ctx context.Context, seen *observed, res result) (time.Duration, error) {
	networks, missing := networkStatuses(seen, res)
	networksReady := networksReadyOf(missing)
	ready := readyOf(networksReady, seen.wukong)
	return r.write(ctx, seen.wukong, []metav1.Condition{ready, networksReady}, networks)
}

// write applies our part of the status, if it changed, and tells what turned.
func (r *reconciler) write(
	ctx context.Context, wukong *vmv1alpha1.Wukong, wanted []metav1.Condition, networks []vmv1alpha1.NetworkStatus,
) (time.Duration, error) {
	own := conditions.Own(wukong.Status.Conditions, wukong.Generation, wanted...)
	if equality.Semantic.DeepEqual(own, conditions.Owned(wukong.Status.Conditions, own)) &&
		equality.Semantic.DeepEqual(networks, wukong.Status.Networks) {
		return 0, nil
	}
	progress := conditions.OnlyProgress(wukong.Status.Conditions, own, vmv1alpha1.ConditionReady)
	postponed, err := r.writer.Status(ctx, &vmv1alpha1.Wukong{
		ObjectMeta: metav1.ObjectMeta{Namespace: wukong.Namespace, Name: wukong.Name, UID: wukong.UID},
		Status:     vmv1alpha1.WukongStatus{Conditions: own, Networks: networks},
	}, progress)
	if err == nil && postponed == 0 {
		metrics.Reached(wukong, own)
		r.tell(ctx, wukong, own)
	}
	return postponed, err
}

// missingLink is what one network lacks.
type missingLink struct {
	network   string
	condition metav1.Condition
}

// networkStatuses returns what is told of each network, and what those that are not ready lack.
func networkStatuses(seen *observed, res result) ([]vmv1alpha1.NetworkStatus, []missingLink) {
	networks := seen.wukong.Spec.EffectiveNetworks()
	statuses := make([]vmv1alpha1.NetworkStatus, 0, len(networks))
	var missing []missingLink
	for i := range networks {
		network := &networks[i]
		status := vmv1alpha1.NetworkStatus{
			Name: network.Name, Type: network.EffectiveType(),
			MACAddress: children.MACAddress(network, string(seen.wukong.UID)),
		}
		for _, address := range network.IPConfig.AllAddresses() {
			status.Addresses = append(status.Addresses, string(address))
		}
		lacking := seen.describe(network, res, &status)
		status.Ready = lacking == nil
		if lacking != nil {
			missing = append(missing, missingLink{network.Name, *lacking})
		}
		statuses = append(statuses, status)
	}
	return statuses, missing
}

// describe fills in what was made for a network, and returns the first thing it lacks, nil for nothing.
func (seen *observed) describe(network *vmv1alpha1.Network, res result, status *vmv1alpha1.NetworkStatus) *metav1.Condition {
	if network.IsPodNetwork() {
		return nil
	}
	if problem := res.problems[network.Name]; problem != nil {
		conflict := conditions.False(vmv1alpha1.ConditionReady, vmv1alpha1.ReasonNameConflict, problem.Error())
		return &conflict
	}
	pending := conditions.False(vmv1alpha1.ConditionReady, vmv1alpha1.ReasonNetworkPending, "its WukongNetwork has not reported yet")
	attachment := seen.networks[res.names[network.Name]]
	if attachment == nil {
		return &pending
	}
	status.WukongNetwork = attachment.Name
	status.WukongNodeBridge = attachment.Spec.NodeBridgeName
	status.NetworkAttachmentDefinition = attachment.Status.NetworkAttachmentDefinition
	if addresses := conditions.Current(attachment.Status.Conditions, vmv1alpha1.ConditionAddressesReady, attachment.Generation); addresses != nil &&
		addresses.Status == metav1.ConditionFalse {
		// Only a person can change it, whatever the bridge lacks.
		return addresses
	}
	if attachment.Spec.NodeBridgeName != "" {
		status.Bridge = attachment.Spec.BridgeName
		if lacking := seen.bridgeLacks(attachment.Spec.NodeBridgeName); lacking != nil {
			return lacking
		}
	}
	ready := conditions.Current(attachment.Status.Conditions, vmv1alpha1.ConditionReady, attachment.Generation)
	switch {
	case ready == nil:
		return &pending
	case ready.Status != metav1.ConditionTrue:
		return ready
	}
	return nil
}

// bridgeLacks returns what a bridge lacks. For a machine that runs, it is enough that the bridge is on that machine's node,
// whatever happens on others; for one that does not, the bridge has to be on every healthy node.
func (seen *observed) bridgeLacks(name string) *metav1.Condition {
	bridge := seen.bridges[name]
	if bridge == nil {
		pending := conditions.False(vmv1alpha1.ConditionReady, vmv1alpha1.ReasonNetworkPending, "its WukongNodeBridge does not exist yet")
		return &pending
	}
	ready := conditions.Current(bridge.Status.Conditions, vmv1alpha1.ConditionReady, bridge.Generation)
	if ready == nil {
		pending := conditions.False(vmv1alpha1.ConditionReady, vmv1alpha1.ReasonNetworkPending, "its WukongNodeBridge has not reported yet")
		return &pending
	}
	if ready.Status == metav1.ConditionTrue {
		return nil
	}
	if machine := seen.wukong.Status.VirtualMachine; machine != nil && machine.NodeName != "" {
		for _, node := range bridge.Status.Nodes {
			if node.Name == machine.NodeName && node.Usable {
				return nil
			}
		}
	}
	return ready
}

// networksReadyOf sums up what the networks lack. One reason is passed on, several become a common one, and what goes on by
// itself counts only where nothing else is the matter.
func networksReadyOf(missing []missingLink) metav1.Condition {
	const conditionType = vmv1alpha1.ConditionNetworksReady
	if len(missing) == 0 {
		return conditions.True(conditionType, vmv1alpha1.ReasonReady, "every network is there up to the machine's NIC")
	}
	summed := metav1.Condition{Type: conditionType, Status: metav1.ConditionUnknown}
	reasons, underWay := sets.New[string](), sets.New[string]()
	messages := make([]string, 0, len(missing))
	for _, link := range missing {
		if link.condition.Status == metav1.ConditionFalse {
			summed.Status = metav1.ConditionFalse
		}
		if conditions.UnderWay(link.condition) {
			underWay.Insert(link.condition.Reason)
		} else {
			reasons.Insert(link.condition.Reason)
		}
		messages = append(messages, fmt.Sprintf("network %s: %s", link.network, link.condition.Message))
	}
	summed.Message = strings.Join(messages, "; ")
	switch {
	case len(reasons) > 1:
		summed.Reason = vmv1alpha1.ReasonNetworksNotReady
	case len(reasons) == 1:
		summed.Reason = reasons.UnsortedList()[0]
	case len(underWay) == 1:
		summed.Reason = underWay.UnsortedList()[0]
	default:
		summed.Reason = vmv1alpha1.ReasonProgressing
	}
	return summed
}

// readyOf is the Wukong's summary: the first link of the chain from the nodes to the guest that is not proved.
func readyOf(networksReady metav1.Condition, wukong *vmv1alpha1.Wukong) metav1.Condition {
	links := []metav1.Condition{networksReady}
	machineLinks := []string{vmv1alpha1.ConditionCloudInitReady, vmv1alpha1.ConditionVirtualMachineReady}
	if disksComeFirst(wukong) {
		machineLinks = []string{vmv1alpha1.ConditionCloudInitReady, vmv1alpha1.ConditionDisksReady, vmv1alpha1.ConditionVirtualMachineReady}
	}
	for _, conditionType := range machineLinks {
		link := conditions.Current(wukong.Status.Conditions, conditionType, wukong.Generation)
		if link == nil {
			pending := conditions.False(conditionType, vmv1alpha1.ReasonStarting, "the machine has not been looked at yet; nothing needs to be done")
			link = &pending
		}
		links = append(links, *link)
	}
	for _, link := range links {
		if link.Status != metav1.ConditionTrue {
			link.Type = vmv1alpha1.ConditionReady
			return link
		}
	}
	restart := meta.FindStatusCondition(wukong.Status.Conditions, vmv1alpha1.ConditionRestartRequired)
	switch {
	case restart == nil:
	case restart.Status == metav1.ConditionTrue:
		return conditions.False(vmv1alpha1.ConditionReady, vmv1alpha1.ConditionRestartRequired, restart.Message)
	case restart.Status == metav1.ConditionUnknown:
		return conditions.False(vmv1alpha1.ConditionReady, restart.Reason, restart.Message)
	}
	disks := meta.FindStatusCondition(wukong.Status.Conditions, vmv1alpha1.ConditionDisksReady)
	if disks != nil && disks.Status == metav1.ConditionFalse {
		return conditions.False(vmv1alpha1.ConditionReady, disks.Reason, disks.Message)
	}
	guest := meta.FindStatusCondition(wukong.Status.Conditions, vmv1alpha1.ConditionGuestNetworkInSync)
	if guest != nil && guest.Status == metav1.ConditionFalse {
		return conditions.False(vmv1alpha1.ConditionReady, guest.Reason, guest.Message)
	}
	return conditions.True(vmv1alpha1.ConditionReady, vmv1alpha1.ReasonReady, "the machine runs and every network reaches it")
}

// disksComeFirst reports whether the machine's disks are a link before the machine itself. Where they only wait for the
// machine to be started, the machine says what is missing.
func disksComeFirst(wukong *vmv1alpha1.Wukong) bool {
	if len(wukong.Spec.Disks) == 0 {
		return false
	}
	disks := conditions.Current(wukong.Status.Conditions, vmv1alpha1.ConditionDisksReady, wukong.Generation)
	return disks == nil || disks.Reason != vmv1alpha1.ReasonDiskPending && disks.Reason != vmv1alpha1.ReasonWaitForFirstConsumer
}
