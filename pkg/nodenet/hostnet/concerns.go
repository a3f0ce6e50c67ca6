// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package hostnet

import (
	"fmt"
	"maps"
	"slices"
)

// Use says what a policy that Wukong did not write means for a wanted bridge.
type Use string

const (
	// UseNone means that the policy has nothing to do with the bridge.
	UseNone Use = "None"
	// UseAdopts means that the policy makes this very bridge: it is used, and never changed or removed.
	UseAdopts Use = "Adopts"
	// UseConflicts means that the policy and the bridge undo each other: NMState applies the last one that it is given
	// and reports no conflict (kubernetes-nmstate, docs/user-guide/102-configuration.md).
	UseConflicts Use = "Conflicts"
)

// ForeignUse is what a policy that Wukong did not write means for a wanted bridge.
type ForeignUse struct {
	// Use is the answer.
	Use Use
	// Text says for UseConflicts what the policy does and what to do about it. It goes on after the policy's name.
	Text string
}

// Concerns says what the policy means for the bridge. A port that is a reference to a capture may be any port: a
// policy that makes a bridge of the wanted name with it is adopted, and what the node reports then shows which it was.
func (i Intent) Concerns(want Wanted) ForeignUse {
	for _, conflict := range []func(Wanted) string{i.removes, i.remakes, i.takesPort, i.remakesVLAN} {
		if text := conflict(want); text != "" {
			return ForeignUse{Use: UseConflicts, Text: text}
		}
	}
	if _, made := i.Bridges[want.Name]; made {
		return ForeignUse{Use: UseAdopts}
	}
	return ForeignUse{Use: UseNone}
}

func (i Intent) removes(want Wanted) string {
	for _, name := range []string{want.Name, want.Port, want.NIC} {
		if !slices.Contains(i.Absent, name) {
			continue
		}
		if name == want.Name {
			return fmt.Sprintf("removes %s (state: absent): delete that policy, or choose another bridgeName", name)
		}
		return fmt.Sprintf("removes %s (state: absent), which bridge %s needs: delete that policy, or use another NIC or VLAN", name, want.Name)
	}
	return ""
}

// remakes looks for the bridge's name as something else.
func (i Intent) remakes(want Wanted) string {
	ports, made := i.Bridges[want.Name]
	if !made && !slices.Contains(i.Interfaces, want.Name) {
		return ""
	}
	const cure = "choose another bridgeName, or change that policy"
	switch kind := i.Types[want.Name]; {
	case kind != "" && kind != string(want.Type):
		return fmt.Sprintf("makes %s an interface of type %s, not %s: %s", want.Name, kind, want.Type, cure)
	case !made:
		return fmt.Sprintf("configures %s without saying what its ports are: %s", want.Name, cure)
	case !slices.Contains(ports, want.Port) && !slices.ContainsFunc(ports, isReference):
		return fmt.Sprintf("makes bridge %s with %s, not %s: %s", want.Name, portsOf(ports), want.Port, cure)
	default:
		return ""
	}
}

// takesPort looks for the bridge's port, be it the NIC or its VLAN interface, in another bridge or bond.
func (i Intent) takesPort(want Wanted) string {
	for _, name := range slices.Sorted(maps.Keys(i.Bridges)) {
		if name != want.Name && slices.Contains(i.Bridges[name], want.Port) {
			return fmt.Sprintf("makes %s a port of %s, so it cannot be one of bridge %s: "+
				"use bridgeName %s if that is the network you mean, or another NIC or VLAN", want.Port, name, want.Name, name)
		}
	}
	return ""
}

// remakesVLAN looks for the VLAN interface's name as something else, and for the VLAN under another name, which the
// kernel refuses (EEXIST).
func (i Intent) remakesVLAN(want Wanted) string {
	if want.takesNIC() {
		return ""
	}
	const cure = "use another VLAN, or change that policy"
	if kind := i.Types[want.Port]; kind != "" && kind != typeVLAN {
		return fmt.Sprintf("makes %s an interface of type %s, not VLAN %d of %s: %s", want.Port, kind, want.VLANID, want.NIC, cure)
	}
	for _, name := range slices.Sorted(maps.Keys(i.VLANs)) {
		v := i.VLANs[name]
		same := v == VLAN{Base: want.NIC, ID: want.VLANID}
		switch {
		case name != want.Port && same:
			return fmt.Sprintf("makes VLAN %d of %s as %s, and the kernel makes each VLAN once, so bridge %s cannot have it as %s: %s",
				v.ID, v.Base, name, want.Name, want.Port, cure)
		case name == want.Port && v.differs(want):
			return fmt.Sprintf("makes %s %s, not VLAN %d of %s: %s", name, v, want.VLANID, want.NIC, cure)
		}
	}
	return ""
}

// differs compares what the policy states; what it leaves out stays as it is on the node.
func (v VLAN) differs(want Wanted) bool {
	return v.Base != "" && v.Base != want.NIC || v.ID != 0 && v.ID != want.VLANID
}

// String describes the VLAN as a person would, for example "VLAN 200 of ens161".
func (v VLAN) String() string {
	switch {
	case v.Base == "":
		return fmt.Sprintf("VLAN %d", v.ID)
	case v.ID == 0:
		return "a VLAN of " + v.Base
	default:
		return fmt.Sprintf("VLAN %d of %s", v.ID, v.Base)
	}
}
