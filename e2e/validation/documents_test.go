// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

// The documents of the tables are small and differ in one thing from one that is accepted. They are put
// together as text, in YAML's flow style, so that a row can also hold what no Go value could.

// wukong is a machine with these fields of its spec.
func wukong(fields string) string {
	return "apiVersion: vm.novasphere.dev/v1alpha1\nkind: Wukong\nmetadata: {name: vm}\nspec: {" + fields + "}\n"
}

// network is a machine with one network, which has these fields beside its name.
func network(fields string) string { return wukong("networks: [{name: lan, " + fields + "}]") }

// podNetwork is a machine with one network named default.
func podNetwork(fields string) string { return wukong("networks: [{name: default, " + fields + "}]") }

// static is a machine with one network with static addresses.
func static(fields string) string { return network("ipConfig: {mode: static, " + fields + "}") }

// dhcp is a machine with one network that gets its address from a server.
func dhcp(fields string) string { return network("ipConfig: {mode: dhcp, " + fields + "}") }

// address is a machine with one network with this address.
func address(value string) string { return static("address: '" + value + "'") }

// mac is a machine with one network with this MAC.
func mac(value string) string { return network("macAddress: '" + value + "'") }

// gateway is a machine with one network with this address and gateway.
func gateway(address, gateway string) string {
	return static("address: '" + address + "', gateway: '" + gateway + "'")
}

// route is a machine with one network, 192.168.100.10/24 and fd00::10/64, and this route.
func route(fields string) string {
	return static("address: 192.168.100.10/24, addresses: ['fd00::10/64'], routes: [{" + fields + "}]")
}

// user is a machine with this account.
func user(fields string) string { return wukong("cloudInitUser: {name: ubuntu, " + fields + "}") }

// wukongNetwork is a WukongNetwork with these fields of its spec.
func wukongNetwork(fields string) string {
	return "apiVersion: vm.novasphere.dev/v1alpha1\nkind: WukongNetwork\nmetadata: {name: vm-lan}\nspec: {" + fields + "}\n"
}

// uplink is a WukongUplink with these fields of its spec.
func uplink(fields string) string { return uplinkNamed("physnet1", fields) }

// uplinkNamed is a WukongUplink with this name and these fields of its spec.
func uplinkNamed(name, fields string) string {
	return "apiVersion: vm.novasphere.dev/v1alpha1\nkind: WukongUplink\nmetadata: {name: " + name + "}\nspec: {" + fields + "}\n"
}

// someGroups and someVLANs are what every WukongUplink of the tables has but for those that are about them.
const (
	someGroups = "nodeGroups: [{name: all, interface: ens160}]"
	someVLANs  = "vlanRanges: [{first: 100, last: 199}]"
)

// fence is a WukongUplink with one group, one range of VLANs and these further fields of its spec.
func fence(fields string) string { return uplink(someGroups + ", " + someVLANs + ", " + fields) }

// group is a WukongUplink with one group of these fields.
func group(fields string) string { return uplink("nodeGroups: [{" + fields + "}], " + someVLANs) }

// vlanRange is a WukongUplink with this range of VLANs.
func vlanRange(fields string) string { return uplink(someGroups + ", vlanRanges: [{" + fields + "}]") }

// selector is a WukongUplink for namespaces with this one requirement.
func selector(fields string) string {
	return fence("namespaceSelector: {matchExpressions: [{" + fields + "}]}")
}

// nodeBridge is a WukongNodeBridge with these fields of its spec.
func nodeBridge(fields string) string {
	return "apiVersion: vm.novasphere.dev/v1alpha1\nkind: WukongNodeBridge\nmetadata: {name: vm-lan}\nspec: {" + fields + "}\n"
}
