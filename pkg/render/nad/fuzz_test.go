// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nad_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/internal/readback"
	"github.com/novasphere/wukong/pkg/render/nad"
)

// plugin is what the CNI plugin of a kind of network has to read beside cniVersion and name.
type plugin struct {
	networkType vmv1alpha1.NetworkType
	macvtap     bool
	// parent is the key of the parent, empty where it is in the resource instead.
	parent    string
	vlan, mtu bool
	fixed     map[string]any
}

var plugins = []plugin{
	{networkType: "bridge", parent: "bridge", mtu: true, fixed: map[string]any{
		"type": "bridge", "preserveDefaultVlan": false, "macspoofchk": true, "disableContainerInterface": true, "capabilities": map[string]any{"mac": true},
	}},
	{networkType: "ovs", parent: "bridge", vlan: true, mtu: true, fixed: map[string]any{"type": "ovs"}},
	{networkType: "macvlan", parent: "master", mtu: true, fixed: map[string]any{"type": "macvlan", "mode": "bridge"}},
	{networkType: "macvlan", macvtap: true, mtu: true, fixed: map[string]any{"type": "macvtap"}},
	{networkType: "ipvlan", parent: "master", mtu: true, fixed: map[string]any{"type": "ipvlan", "mode": "l2"}},
	{networkType: "sriov", vlan: true, fixed: map[string]any{"type": "sriov"}},
}

// A name cannot become a setting of the CNI plugin, whatever it is and without validation.
func FuzzNAD(f *testing.F) {
	count := len(readback.Hostile)
	for i, name := range readback.Hostile {
		f.Add(name, readback.Hostile[(i+7)%count], readback.Hostile[(i+13)%count], int32(i%3), int32(i%2*9000), uint8(i))
	}
	f.Fuzz(func(t *testing.T, namespace, name, parent string, vlan, mtu int32, kind uint8) {
		namespace, name, parent = strings.ToValidUTF8(namespace, "\ufffd"), strings.ToValidUTF8(name, "\ufffd"), strings.ToValidUTF8(parent, "\ufffd")
		p := plugins[int(kind)%len(plugins)]
		built, err := nad.Build(nad.Attachment{
			Namespace: namespace, Name: name, Type: p.networkType, Parent: parent, VLANID: vlan, MTU: mtu, Macvtap: p.macvtap,
		})
		if err != nil {
			t.Fatal(err)
		}
		config := map[string]any{"cniVersion": "0.3.1", "name": name}
		maps.Copy(config, p.fixed)
		if p.parent != "" {
			config[p.parent] = parent
		}
		if p.vlan && vlan != 0 {
			config["vlan"] = vlan
		}
		if p.mtu && mtu != 0 {
			config["mtu"] = mtu
		}
		readback.CheckJSON(t, built.Spec.Config, config)

		metadata := map[string]any{"labels": map[string]any{"app.kubernetes.io/managed-by": "wukong"}}
		for key, value := range map[string]string{"namespace": namespace, "name": name} {
			if value != "" {
				metadata[key] = value
			}
		}
		resource := parent
		if p.macvtap {
			resource = "macvtap.network.kubevirt.io/" + parent
		}
		if p.parent == "" && resource != "" {
			metadata["annotations"] = map[string]any{"k8s.v1.cni.cncf.io/resourceName": resource}
		}
		sent, err := json.Marshal(built)
		if err != nil {
			t.Fatal(err)
		}
		readback.CheckJSON(t, string(sent), map[string]any{
			"apiVersion": "k8s.cni.cncf.io/v1", "kind": "NetworkAttachmentDefinition", "metadata": metadata, "spec": map[string]any{"config": built.Spec.Config},
		})
	})
}
