// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package guest models what cloud-init inside a virtual machine makes of its NoCloud data: which addresses each NIC ends
// up with, as measured with cloud-init 22.4 to 26.2 and netplan 0.106. Values in, values out.
//
// Modelled: network-config v2 with and without the outer key, matching by MAC and by name, renaming, static addresses,
// DHCP where something answers, the inputs that leave a guest without any network (upper-case MACs, entries for NICs
// that are not plugged, addresses without a prefix, unreadable YAML, and the default route as a word where netplan is
// missing), the fall-back to DHCP without network data, and when a later boot takes new data into account.
//
// Not modelled: routes beyond being checked, rules, name servers, user-data beyond its update policy, version 1 and
// OpenStack network data.
package guest
