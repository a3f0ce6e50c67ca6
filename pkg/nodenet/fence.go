// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// Use is what somebody wants to do with an uplink.
type Use struct {
	// Namespace is the namespace of the Wukong, and NamespaceLabels its labels.
	Namespace       string
	NamespaceLabels map[string]string
	// Type is the network's type.
	Type vmv1alpha1.NetworkType
	// VLANID is the VLAN, 0 for untagged.
	VLANID int32
	// MTU is the MTU in bytes, 0 for none declared.
	MTU int32
}

// Fence returns the first rule of a WukongUplink that a use breaks, nil when it breaks none. Quotas are not among
// them, since they depend on what others use.
func Fence(uplink *vmv1alpha1.WukongUplink, use Use) *Refusal {
	spec := &uplink.Spec
	if selector := spec.NamespaceSelector; selector != nil && !selects(selector, use.NamespaceLabels) {
		return refuse(vmv1alpha1.ReasonNamespaceNotAllowed,
			"WukongUplink %s is not for namespace %s: its namespaceSelector is %s; use another uplink, or ask the platform team to label the namespace",
			uplink.Name, use.Namespace, metav1.FormatLabelSelector(selector))
	}
	if len(spec.NetworkTypes) > 0 && !slices.Contains(spec.NetworkTypes, use.Type) {
		return refuse(vmv1alpha1.ReasonNetworkTypeNotAllowed,
			"WukongUplink %s does not allow networks of type %s; use one of %s, or another uplink", uplink.Name, use.Type, typesOf(spec.NetworkTypes))
	}
	switch {
	case use.VLANID == 0 && spec.Untagged != vmv1alpha1.UntaggedAllow:
		return refuse(vmv1alpha1.ReasonVLANNotAllowed,
			"WukongUplink %s does not allow untagged networks; write a vlanId out of %s, or use another uplink", uplink.Name, rangesOf(spec.VLANRanges))
	case use.VLANID == 0 && use.Type == vmv1alpha1.NetworkTypeOVS && !allowsEvery(spec.VLANRanges):
		// The port of ovs-cni is a trunk where it has no tag (ovs-cni, docs/cni-plugin.md).
		return refuse(vmv1alpha1.ReasonVLANNotAllowed,
			"a network of type ovs without a vlanId carries every VLAN, and WukongUplink %s does not allow each of them; write a vlanId out of %s, or use type bridge",
			uplink.Name, rangesOf(spec.VLANRanges))
	case use.VLANID != 0 && !allows(spec.VLANRanges, use.VLANID):
		return refuse(vmv1alpha1.ReasonVLANNotAllowed,
			"WukongUplink %s does not allow VLAN %d; write a vlanId out of %s, or use another uplink", uplink.Name, use.VLANID, rangesOf(spec.VLANRanges))
	case spec.MTU != nil && use.MTU > *spec.MTU:
		return refuse(vmv1alpha1.ReasonMTUNotAllowed,
			"WukongUplink %s carries an MTU of at most %d, this network asks for %d; write a smaller mtu, or leave it out", uplink.Name, *spec.MTU, use.MTU)
	}
	return nil
}

// allows reports whether a VLAN is in one of the ranges.
func allows(ranges []vmv1alpha1.VLANRange, vlan int32) bool {
	return slices.ContainsFunc(ranges, func(r vmv1alpha1.VLANRange) bool { return r.First <= vlan && vlan <= r.Last })
}

// allowsEvery reports whether the ranges leave no VLAN out.
func allowsEvery(ranges []vmv1alpha1.VLANRange) bool {
	for vlan := int32(1); vlan <= 4094; vlan++ {
		if !allows(ranges, vlan) {
			return false
		}
	}
	return true
}

// selects treats a selector that cannot be read as selecting nothing: a fence that is broken stays shut.
func selects(selector *metav1.LabelSelector, namespaceLabels map[string]string) bool {
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && parsed.Matches(labels.Set(namespaceLabels))
}

func typesOf(types []vmv1alpha1.NetworkType) string {
	names := make([]string, 0, len(types))
	for _, t := range types {
		names = append(names, string(t))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func rangesOf(ranges []vmv1alpha1.VLANRange) string {
	if len(ranges) == 0 {
		return "none: it allows no VLAN"
	}
	texts := make([]string, 0, len(ranges))
	for _, r := range ranges {
		if r.First == r.Last {
			texts = append(texts, fmt.Sprint(r.First))
			continue
		}
		texts = append(texts, fmt.Sprintf("%d-%d", r.First, r.Last))
	}
	return strings.Join(texts, ", ")
}

// networkTypeOf returns the type of the network that a bridge is made for.
func networkTypeOf(bridgeType vmv1alpha1.BridgeType) vmv1alpha1.NetworkType {
	if bridgeType == vmv1alpha1.BridgeTypeOVS {
		return vmv1alpha1.NetworkTypeOVS
	}
	return vmv1alpha1.NetworkTypeBridge
}
