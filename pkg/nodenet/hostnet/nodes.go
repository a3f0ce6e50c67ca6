// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package hostnet

import (
	"slices"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// Worse reports whether the first of two reasons of findings is the more dangerous one.
func Worse(reason, other string) bool {
	return slices.Index(danger, reason) < slices.Index(danger, other)
}

// Dangerous reports whether a bridge made against a finding would cut somebody off; what is not dangerous cannot work.
func Dangerous(reason string) bool {
	return Worse(reason, vmv1alpha1.ReasonNICMissing)
}

// CheckNIC returns what speaks against a NIC whatever it is used for: it is missing, down or not managed. It returns nil
// when nothing does.
func CheckNIC(node Node, nic string) *Finding {
	c := check{Node: node, want: Wanted{NIC: nic}, exists: true}
	c.nic, c.hasNIC = node.Network.Interfaces[nic]
	if findings := c.checkNIC(); len(findings) > 0 {
		return &findings[0]
	}
	return nil
}

// Exists reports whether the node has the bridge as it is wanted, as Check does, and costs less.
func Exists(node Node, want Wanted) bool {
	return check{Node: node, want: want}.bridgeExists()
}

// Carries reports whether an interface carries the node's InternalIP or a default route.
func (n Node) Carries(name string) bool {
	i, found := n.Network.Interfaces[name]
	return found && check{Node: n}.carriesHost(i)
}
