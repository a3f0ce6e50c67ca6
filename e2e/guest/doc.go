// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package guest proves what Wukong makes of a declaration by a guest that boots. The operator runs in the lab; the Secret, the
// NetworkAttachmentDefinitions and the VirtualMachine that it makes there are used unchanged to plug and boot a Debian guest
// in QEMU, and what is promised of it is then tried from outside.
//
// Everything is in network namespaces: the node with its bridges, the machine's pod, and on the far side of each of the node's
// NICs a switch with stations. The CNI plugins are the real ones; package launcher plays the part of KubeVirt.
//
// The tests need the build tag e2eguest; `make e2e-guest` runs them. They are not part of `make test`: they need root, QEMU and
// a Debian mirror, and minutes.
//
// VLAN tags are not here, as a kernel may not know them: the bridges' VLAN interfaces are NICs with cables of their own.
// `make e2e-node` proves those.
package guest
