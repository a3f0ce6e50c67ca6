// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package launcher plays what Multus, virt-launcher and virt-handler do on a node for one machine: it has the CNI plugins plug
// the NICs into a pod's network namespace, connects them to the guest as KubeVirt's bridge binding does (KubeVirt 1.9,
// pkg/network/setup/netpod/netpod.go), writes the NoCloud disk, and starts QEMU.
//
// Played differently: the pod network is QEMU's own user network with the addresses of KubeVirt's masquerade binding; macvtap's
// CNI plugin and device plugin, which no module proxy serves, are played here; the dummy link that KubeVirt makes under the
// name of a bridged NIC, and that carries no traffic, is left out.
package launcher
