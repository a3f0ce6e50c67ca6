// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package node proves the policies that Wukong renders on NMState itself. Every policy of the golden files is checked by
// nmstatectl offline, and the life of a bridge is played on machines that boot here, with NetworkManager and nmstatectl, and
// with a station on the far side of each NIC's cable that sends and answers frames with or without a VLAN tag.
//
// The tests need the build tag e2enode; `make e2e-node` runs them. They are not part of `make test`: they need cargo, QEMU and
// a Debian mirror, and minutes.
//
// What kubernetes-nmstate adds around nmstatectl, its probes and retries, is not here; e2e/lab/nmstate models it.
package node
