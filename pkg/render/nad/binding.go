// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nad

import (
	"maps"
	"slices"

	kubevirtv1 "kubevirt.io/api/core/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// DefaultTapBinding is the name under which KubeVirt's documentation registers the macvtap binding plugin.
const DefaultTapBinding = "macvtap"

// TapBinding returns the registered network binding plugin that hands a tap device to the guest, as macvtap
// needs it: the one with the usual name, else the first in alphabetical order, else an empty text.
func TapBinding(registered map[string]kubevirtv1.InterfaceBindingPlugin) string {
	for _, name := range append([]string{DefaultTapBinding}, slices.Sorted(maps.Keys(registered))...) {
		if registered[name].DomainAttachmentType == kubevirtv1.Tap {
			return name
		}
	}
	return ""
}

// BindingFor returns how KubeVirt connects an attachment to the guest. tapBinding is the registered plugin for
// macvtap, empty for none.
func BindingFor(networkType vmv1alpha1.NetworkType, macvtap bool, tapBinding string) vmv1alpha1.Binding {
	switch {
	case networkType == vmv1alpha1.NetworkTypeSRIOV:
		return vmv1alpha1.Binding{Method: vmv1alpha1.BindingSRIOV}
	case macvtap && tapBinding != "":
		return vmv1alpha1.Binding{Method: vmv1alpha1.BindingPlugin, Plugin: tapBinding}
	default:
		return vmv1alpha1.Binding{Method: vmv1alpha1.BindingBridge}
	}
}
