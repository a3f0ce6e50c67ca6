// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package hostnet

import (
	"maps"
	"reflect"
	"slices"
)

// Changes returns the names of the interfaces that differ between two reports of a node, sorted, and whether a physical
// NIC, a bond or a default route is among what changed.
func Changes(before, after Network) (names []string, nics bool) {
	all := maps.Clone(before.Interfaces)
	if all == nil {
		all = map[string]Interface{}
	}
	maps.Copy(all, after.Interfaces)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		was, had := before.Interfaces[name]
		is, has := after.Interfaces[name]
		if had == has && reflect.DeepEqual(was, is) {
			continue
		}
		names = append(names, name)
		for _, one := range []Interface{was, is} {
			nics = nics || one.Type == typeEthernet || one.Type == typeBond
		}
	}
	return names, nics || !slices.Equal(before.DefaultRoutes, after.DefaultRoutes)
}
