// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package host models the network of one node as nmstate sees and edits it: a value goes in with a desired state, a new
// value or nmstate's refusal comes out. It has no client, clock or context.
//
// Modelled, with the semantics of nmstate 2.2 as kubernetes-nmstate v0.86 uses it: partial edits (an interface that is
// not named stays), the port list of a bridge as an override, ports that move to the bridge that names them last,
// removal of what may be missing, VLAN interfaces over what exists, addresses and routes, DHCP on the segment of a NIC,
// interface names of 15 bytes, unknown keys, captures (the part of nmpolicy that moves an address to a bridge needs),
// and the probes that roll back a change that cuts the node off.
//
// Not modelled: frames, bonds beyond their port list, OVSDB settings, Linux bridge options other than STP, routing
// rules, and what NetworkManager stores on disk.
package host
