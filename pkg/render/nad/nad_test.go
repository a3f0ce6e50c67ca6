// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nad_test

import (
	"testing"

	kubevirtv1 "kubevirt.io/api/core/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/internal/golden"
	"github.com/novasphere/wukong/pkg/render/document"
	"github.com/novasphere/wukong/pkg/render/nad"
)

func TestBuild(t *testing.T) {
	for name, attachment := range map[string]nad.Attachment{
		"bridge":      {Type: vmv1alpha1.NetworkTypeBridge, Parent: "br-lan"},
		"bridge-mtu":  {Type: vmv1alpha1.NetworkTypeBridge, Parent: "br-lan", MTU: 9000},
		"ovs":         {Type: vmv1alpha1.NetworkTypeOVS, Parent: "ovs-lan"},
		"ovs-vlan":    {Type: vmv1alpha1.NetworkTypeOVS, Parent: "ovs-lan", VLANID: 100, MTU: 1400},
		"macvlan":     {Type: vmv1alpha1.NetworkTypeMacvlan, Parent: "ens160"},
		"macvlan-mtu": {Type: vmv1alpha1.NetworkTypeMacvlan, Parent: "ens160", MTU: 9000},
		"macvtap":     {Type: vmv1alpha1.NetworkTypeMacvlan, Parent: "ens160", MTU: 9000, Macvtap: true},
		"ipvlan":      {Type: vmv1alpha1.NetworkTypeIPVLAN, Parent: "ens160"},
		"sriov":       {Type: vmv1alpha1.NetworkTypeSRIOV, Parent: "openshift.io/sriovnic"},
		"sriov-vlan":  {Type: vmv1alpha1.NetworkTypeSRIOV, Parent: "openshift.io/sriovnic", VLANID: 100},
	} {
		t.Run(name, func(t *testing.T) {
			attachment.Namespace, attachment.Name = "default", "vm-lan-nad"
			built, err := nad.Build(attachment)
			if err != nil {
				t.Fatal(err)
			}
			text, err := document.Marshal(built)
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, name+".yaml", text)
		})
	}
}

func TestNoAttachment(t *testing.T) {
	for _, networkType := range []vmv1alpha1.NetworkType{vmv1alpha1.NetworkTypePod, "", "host"} {
		if built, err := nad.Build(nad.Attachment{Type: networkType}); err == nil {
			t.Errorf("type %q: got %v", networkType, built)
		}
	}
}

func TestTypeOf(t *testing.T) {
	for config, want := range map[string]struct {
		networkType vmv1alpha1.NetworkType
		macvtap     bool
		fails       bool
	}{
		`{"type":"bridge"}`:     {networkType: vmv1alpha1.NetworkTypeBridge},
		`{"type":"cnv-bridge"}`: {networkType: vmv1alpha1.NetworkTypeBridge},
		`{"type":"ovs"}`:        {networkType: vmv1alpha1.NetworkTypeOVS},
		`{"type":"macvlan"}`:    {networkType: vmv1alpha1.NetworkTypeMacvlan},
		`{"type":"macvtap"}`:    {networkType: vmv1alpha1.NetworkTypeMacvlan, macvtap: true},
		`{"type":"ipvlan"}`:     {networkType: vmv1alpha1.NetworkTypeIPVLAN},
		`{"type":"sriov"}`:      {networkType: vmv1alpha1.NetworkTypeSRIOV},
		`{"name":"a","plugins":[{"type":"macvlan"},{"type":"tuning"}]}`: {networkType: vmv1alpha1.NetworkTypeMacvlan},
		`{"name":"a","plugins":[]}`:                                     {fails: true},
		`{}`:                                                            {fails: true},
		``:                                                              {fails: true},
		`type: bridge`:                                                  {fails: true},
	} {
		networkType, macvtap, err := nad.TypeOf(config)
		if networkType != want.networkType || macvtap != want.macvtap || (err != nil) != want.fails {
			t.Errorf("%s: got %s, macvtap %t, error %v", config, networkType, macvtap, err)
		}
	}
}

func TestTapBinding(t *testing.T) {
	tap := kubevirtv1.InterfaceBindingPlugin{DomainAttachmentType: kubevirtv1.Tap}
	other := kubevirtv1.InterfaceBindingPlugin{DomainAttachmentType: kubevirtv1.ManagedTap}
	for _, row := range []struct {
		name       string
		registered map[string]kubevirtv1.InterfaceBindingPlugin
		want       string
	}{
		{"none", nil, ""},
		{"the usual name", map[string]kubevirtv1.InterfaceBindingPlugin{"a": tap, "macvtap": tap}, "macvtap"},
		{"another name", map[string]kubevirtv1.InterfaceBindingPlugin{"z": tap, "b": tap, "a": other}, "b"},
		{"the usual name for something else", map[string]kubevirtv1.InterfaceBindingPlugin{"macvtap": other}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := nad.TapBinding(row.registered); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestBindingFor(t *testing.T) {
	bridge := vmv1alpha1.Binding{Method: vmv1alpha1.BindingBridge}
	for _, row := range []struct {
		networkType vmv1alpha1.NetworkType
		macvtap     bool
		tapBinding  string
		want        vmv1alpha1.Binding
	}{
		{vmv1alpha1.NetworkTypeBridge, false, "macvtap", bridge},
		{vmv1alpha1.NetworkTypeOVS, false, "", bridge},
		{vmv1alpha1.NetworkTypeMacvlan, false, "", bridge},
		{vmv1alpha1.NetworkTypeMacvlan, false, "macvtap", bridge},
		{vmv1alpha1.NetworkTypeMacvlan, true, "", bridge},
		{vmv1alpha1.NetworkTypeMacvlan, true, "tap", vmv1alpha1.Binding{Method: vmv1alpha1.BindingPlugin, Plugin: "tap"}},
		{vmv1alpha1.NetworkTypeIPVLAN, false, "macvtap", bridge},
		{vmv1alpha1.NetworkTypeSRIOV, false, "macvtap", vmv1alpha1.Binding{Method: vmv1alpha1.BindingSRIOV}},
	} {
		if got := nad.BindingFor(row.networkType, row.macvtap, row.tapBinding); got != row.want {
			t.Errorf("%s, macvtap %t, plugin %q: got %v, want %v", row.networkType, row.macvtap, row.tapBinding, got, row.want)
		}
	}
}
