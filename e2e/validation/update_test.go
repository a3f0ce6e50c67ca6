// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	networkIsFixed = "what decides the attachment is immutable; change the network in the Wukong, which makes a new WukongNetwork"
	claimIsFixed   = "a claim is immutable; change the network in the Wukong, which makes a new claim"
)

var (
	someWukongNetwork = wukongNetwork("network: lan, type: ovs, bridgeName: br-lan, vlanId: 100, mtu: 1500, " +
		"nodeBridgeName: vm-lan, macAddress: '02:00:5e:10:00:01', addresses: [10.0.0.10/24]")
	someNodeBridge = nodeBridge("network: lan, bridgeName: br-lan, type: linux-bridge, uplink: ens160, vlanId: 100, mtu: 1500")
	someDisk       = disk("size: 20Gi, storageClassName: fast, image: 'docker://debian'")
	someClaim      = disk("claimName: vm-data")
	someUplink     = fence("networkTypes: [bridge], maxUnavailable: 1")
)

// update is a change of one field of an existing object's spec. No value means that the field is taken out.
type update struct {
	kind, document, field string
	value                 any
}

// forbiddenUpdates are about what cannot change once it is there, because nodes or running machines hold it. A
// WukongUplink may change as it likes, to anything that could be created.
var forbiddenUpdates = []struct {
	update
	want finding
}{
	{update{"WukongNetwork", someWukongNetwork, "network", "wan"}, finding{"spec", networkIsFixed}},
	{update{"WukongNetwork", someWukongNetwork, "type", "bridge"}, finding{"spec", networkIsFixed}},
	{update{"WukongNetwork", someWukongNetwork, "bridgeName", "br-wan"}, finding{"spec", networkIsFixed}},
	{update{"WukongNetwork", someWukongNetwork, "bridgeName", nil}, finding{"spec", networkIsFixed}},
	{update{"WukongNetwork", someWukongNetwork, "vlanId", int64(200)}, finding{"spec", networkIsFixed}},
	{update{"WukongNetwork", someWukongNetwork, "vlanId", nil}, finding{"spec", networkIsFixed}},
	{update{"WukongNetwork", someWukongNetwork, "mtu", int64(9000)}, finding{"spec", networkIsFixed}},
	{update{"WukongNetwork", someWukongNetwork, "mtu", nil}, finding{"spec", networkIsFixed}},
	{update{"WukongNetwork", someWukongNetwork, "nadName", "wan"}, finding{"spec", networkIsFixed}},
	{update{"WukongNetwork", someWukongNetwork, "nodeBridgeName", "vm-wan"}, finding{"spec", networkIsFixed}},
	{update{"WukongNetwork", someWukongNetwork, "nodeBridgeName", nil}, finding{"spec", networkIsFixed}},
	{update{"WukongNodeBridge", someNodeBridge, "network", "wan"}, finding{"spec", claimIsFixed}},
	{update{"WukongNodeBridge", someNodeBridge, "bridgeName", "br-wan"}, finding{"spec", claimIsFixed}},
	{update{"WukongNodeBridge", someNodeBridge, "type", "ovs-bridge"}, finding{"spec", claimIsFixed}},
	{update{"WukongNodeBridge", someNodeBridge, "uplink", "ens161"}, finding{"spec", claimIsFixed}},
	{update{"WukongNodeBridge", someNodeBridge, "vlanId", int64(200)}, finding{"spec", claimIsFixed}},
	{update{"WukongNodeBridge", someNodeBridge, "vlanId", nil}, finding{"spec", claimIsFixed}},
	{update{"WukongNodeBridge", someNodeBridge, "mtu", nil}, finding{"spec", claimIsFixed}},
	{update{"Wukong", someDisk, "disks", disks("size", "20Gi", "storageClassName", "fast", "image", "docker://fedora")},
		finding{"spec.disks[0].image", "the image of an existing disk is immutable, because a disk is filled once; add a disk of another name, and take this one out"}},
	{update{"Wukong", someDisk, "disks", disks("size", "20Gi", "storageClassName", "fast")}, finding{"spec.disks[0].image", "the image of an existing disk is immutable"}},
	{update{"Wukong", someDisk, "disks", disks("size", "20Gi", "image", "docker://debian")},
		finding{"spec.disks[0].storageClassName", "the storageClassName of an existing disk is immutable; add a disk of another name, and take this one out"}},
	{update{"Wukong", someClaim, "disks", disks("claimName", "vm-data-2")},
		finding{"spec.disks[0].claimName", "the claimName of an existing disk is immutable; add a disk of another name, and take this one out"}},
	{update{"Wukong", someDisk, "disks", disks("size", "10Gi", "storageClassName", "fast", "image", "docker://debian")},
		finding{"spec.disks[0].size", "a disk can only be enlarged; keep the size it has, or add a smaller disk of another name and take this one out"}},
	{update{"Wukong", someDisk, "disks", disks("size", "2097152", "storageClassName", "fast", "image", "docker://debian")},
		finding{"spec.disks[0].size", "a disk can only be enlarged"}},
	{update{"WukongUplink", someUplink, "vlanRanges", nil}, finding{"spec.vlanRanges", "must allow something: write vlanRanges"}},
	{update{"WukongUplink", someUplink, "hostIP", "Move"}, finding{"spec.hostIP", "write untagged: Allow, add ovs to networkTypes, or leave hostIP out"}},
}

// allowedUpdates are about what a machine can change without a new attachment, and about the fence.
var allowedUpdates = []update{
	{"WukongNetwork", someWukongNetwork, "macAddress", "02:00:5e:10:00:02"},
	{"WukongNetwork", someWukongNetwork, "addresses", []any{"10.0.0.11/24"}},
	{"WukongNetwork", someWukongNetwork, "addresses", nil},
	{"Wukong", wukong("networks: [{name: lan, vlanId: 100}]"), "networks", []any{map[string]any{"name": "wan"}}},
	{"Wukong", wukong("networks: [{name: lan, vlanId: 100}]"), "networks", nil},
	{"Wukong", someDisk, "disks", disks("size", "20.5Gi", "storageClassName", "fast", "image", "docker://debian")},
	{"Wukong", someDisk, "disks", disks("size", "21474836480", "storageClassName", "fast", "image", "docker://debian")},
	{"Wukong", someDisk, "disks", disks("size", "20480Mi", "storageClassName", "fast", "image", "docker://debian")},
	{"Wukong", someDisk, "disks", []any{map[string]any{"name": "other", "size": "1Gi"}}},
	{"Wukong", someDisk, "disks", nil},
	{"WukongUplink", someUplink, "nodeGroups", []any{map[string]any{"name": "rack1", "interface": "ens161"}}},
	{"WukongUplink", someUplink, "vlanRanges", []any{map[string]any{"first": int64(300), "last": int64(300)}}},
	{"WukongUplink", someUplink, "networkTypes", nil},
	{"WukongUplink", someUplink, "maxUnavailable", "25%"},
	{"WukongUplink", someUplink, "default", true},
}

func TestForbiddenUpdates(t *testing.T) {
	for _, row := range forbiddenUpdates {
		t.Run(row.name(), func(t *testing.T) {
			_, found := server.update(t, row.changed(t))
			if len(found) != 1 || found[0].field != row.want.field || !strings.Contains(found[0].message, row.want.message) {
				t.Errorf("got:\n%swant:\n%s", found, findings{row.want})
			}
		})
	}
}

func TestAllowedUpdates(t *testing.T) {
	for _, row := range allowedUpdates {
		t.Run(row.name(), func(t *testing.T) {
			if _, found := server.update(t, row.changed(t)); len(found) > 0 {
				t.Errorf("the API server refuses the change:\n%s", found)
			}
		})
	}
}

// disks is one disk named data with the given fields and values.
func disks(pairs ...string) []any {
	fields := map[string]any{"name": "data"}
	for i := 0; i < len(pairs); i += 2 {
		fields[pairs[i]] = pairs[i+1]
	}
	return []any{fields}
}

func (u update) name() string {
	if u.value == nil {
		return u.kind + " without " + u.field
	}
	return u.kind + " with another " + u.field
}

// changed stores the object and returns it with the change, which is not stored.
func (u update) changed(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	object := server.create(t, u.document)
	t.Cleanup(func() { server.delete(t, object) })
	if u.value == nil {
		unstructured.RemoveNestedField(object.Object, "spec", u.field)
		return object
	}
	if err := unstructured.SetNestedField(object.Object, u.value, "spec", u.field); err != nil {
		t.Fatal(err)
	}
	return object
}
