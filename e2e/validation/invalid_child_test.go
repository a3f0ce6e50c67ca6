// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import "strings"

// invalidChildren are about the kinds that Wukong itself writes: a mistake there is one of the operator's.
var invalidChildren = []invalid{
	{"WukongNetwork of no type", wukongNetwork("network: lan"), refused("spec.type", "Required value")},
	{"WukongNetwork with a VLAN beyond the range", wukongNetwork("network: lan, type: ovs, vlanId: 4095"), refused("spec.vlanId", "less than or equal to 4094")},
	{"WukongNetwork with an uplink with a space", wukongNetwork("network: lan, type: bridge, uplink: ens 160"),
		refused("spec.uplink", "must consist of letters, digits")},
	{"WukongNetwork with the uplink lo", wukongNetwork("network: lan, type: bridge, uplink: lo"),
		refused("spec.uplink", "must not be all, default or lo")},
	{"claim on a bridge of 16 characters", nodeBridge("network: lan, bridgeName: br-1234567890123, type: linux-bridge, uplink: ens160"),
		refused("spec.bridgeName", "must be at most 15 characters")},
	{"claim on a bridge with a slash", nodeBridge("network: lan, bridgeName: br/lan, type: linux-bridge, uplink: ens160"),
		refused("spec.bridgeName", "must consist of letters, digits")},
	{"claim on the bridge all", nodeBridge("network: lan, bridgeName: all, type: linux-bridge, uplink: ens160"),
		refused("spec.bridgeName", "must not be all, default or lo")},
	{"claim on an uplink of 64 characters", nodeBridge("network: lan, bridgeName: br-lan, type: linux-bridge, uplink: " + strings.Repeat("a", 64)),
		refused("spec.uplink", "may not be more than 63")},
	{"claim on no uplink", nodeBridge("network: lan, bridgeName: br-lan, type: linux-bridge"), refused("spec.uplink", "Required value")},
	{"claim on an uplink with a space", nodeBridge("network: lan, bridgeName: br-lan, type: linux-bridge, uplink: ens 160"),
		refused("spec.uplink", "must consist of letters, digits")},
	{"claim on the uplink lo", nodeBridge("network: lan, bridgeName: br-lan, type: linux-bridge, uplink: lo"),
		refused("spec.uplink", "must not be all, default or lo")},
	{"claim of Wukong's type", nodeBridge("network: lan, bridgeName: br-lan, type: bridge, uplink: ens160"),
		refused("spec.type", `supported values: "linux-bridge", "ovs-bridge"`)},
}
