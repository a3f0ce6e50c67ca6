// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package naming makes every name and every hardware address that Wukong gives to anything. All functions
// are pure: the same input gives the same name for ever, whatever else exists in the cluster.
package naming

import (
	"crypto/sha256"
	"encoding/base32"
	"regexp"
	"strings"
)

const (
	// MaxLabelValue is the longest label value Kubernetes allows, in bytes. Names that become label values
	// (a VirtualMachine's, a NodeNetworkConfigurationPolicy's) are kept within it.
	MaxLabelValue = 63
	// MaxInterface is the longest name of a kernel network interface in bytes (IFNAMSIZ less the NUL).
	MaxInterface = 15
)

// maxDiskSerial is the longest serial number of a virtio disk in bytes (virtio 1.2, 5.2.6: VIRTIO_BLK_T_GET_ID).
const maxDiskSerial = 20

const (
	objectHashLength    = 8
	interfaceHashLength = 5
)

var dnsLabel = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

// VirtualMachine returns the name of the VirtualMachine of a Wukong, which is also the guest's host name:
// the Wukong's own name where that is a DNS label, else a shortened one.
func VirtualMachine(wukong string) string {
	if len(wukong) <= MaxLabelValue && dnsLabel.MatchString(wukong) {
		return wukong
	}
	return withHash(strings.ReplaceAll(wukong, ".", "-"), MaxLabelValue, objectHashLength, wukong)
}

// CloudInitSecret returns the name of the Secret with the guest's user-data and network-config.
func CloudInitSecret(wukong string) string {
	return object(wukong+"-cloudinit", wukong)
}

// DataVolume returns the name of the DataVolume of one disk of a Wukong, which CDI gives to the disk's claim too.
func DataVolume(wukong, disk string) string {
	return object(wukong+"-"+disk, wukong, disk)
}

// DiskSerial returns the serial number of a disk, by which the guest finds it as /dev/disk/by-id/virtio-SERIAL: its name,
// or a shortened one where that is longer than a virtio disk's serial number may be.
func DiskSerial(disk string) string {
	if len(disk) <= maxDiskSerial {
		return disk
	}
	return withHash(disk, maxDiskSerial, interfaceHashLength, disk)
}

// LabelValue returns an object's name as the value of a label: the name itself where it is short enough.
func LabelValue(name string) string {
	return object(name, name)
}

// Child returns the preferred name of the WukongNetwork and the WukongNodeBridge of one network of a Wukong.
func Child(wukong, network string) string {
	return object(wukong+"-"+network, wukong, network)
}

// ChildRevision returns the name of these children where the preferred one is taken: by another Wukong's
// ("a-b" with network "c" against "a" with network "b-c"), or by the same network's earlier children, which
// stay until the machine has left them. The revision tells these apart; it is any string that is the same
// for the same declared network.
func ChildRevision(wukong, network, revision string) string {
	return withHash(wukong+"-"+network, MaxLabelValue, objectHashLength, wukong, network, revision)
}

// NetworkAttachmentDefinition returns the name of the attachment of a WukongNetwork.
func NetworkAttachmentDefinition(wukongNetwork string) string {
	return object(wukongNetwork+"-nad", wukongNetwork)
}

// Policy returns the preferred name of the NodeNetworkConfigurationPolicy whose first claimant is the given
// WukongNodeBridge.
func Policy(wukongNodeBridge string) string {
	return object(wukongNodeBridge+"-bridge", wukongNodeBridge)
}

// PolicyInNamespace returns the name of that policy where the preferred one is taken by another of
// Wukong's, as by a Wukong of the same name in another namespace: policies are cluster-scoped.
func PolicyInNamespace(namespace, wukongNodeBridge string) string {
	return withHash(wukongNodeBridge+"-bridge", MaxLabelValue, objectHashLength, namespace, wukongNodeBridge)
}

// PolicyOfGroup returns the preferred name of the policy of one node group, where the bridge's uplink has several.
func PolicyOfGroup(wukongNodeBridge, group string) string {
	return object(wukongNodeBridge+"-bridge-"+group, wukongNodeBridge, group)
}

// RemovalPolicy returns the name of the policy that removes a bridge from a node group, where the policy that made it
// cannot be made to do so.
func RemovalPolicy(bridge, group string) string {
	return withHash(removal(bridge), MaxLabelValue, objectHashLength, "removal", bridge, group)
}

// removal begins the name of a policy that removes a bridge, whose own name may have letters that an object's may not.
func removal(bridge string) string {
	return "wukong-remove-" + strings.ToLower(strings.ReplaceAll(bridge, "_", "-"))
}

// CleanupPolicy returns the name of the policy that removes a bridge from one node that has left the bridge's nodes.
func CleanupPolicy(bridge, node string) string {
	return withHash(removal(bridge), MaxLabelValue, objectHashLength, "cleanup", bridge, node)
}

// object returns the name, or where it is too long a shortened one with a hash of the parts.
func object(name string, parts ...string) string {
	if len(name) <= MaxLabelValue {
		return name
	}
	return withHash(name, MaxLabelValue, objectHashLength, parts...)
}

// withHash ends a name with a hash of the parts, cutting it where it would exceed the limit.
func withHash(name string, limit, hashLength int, parts ...string) string {
	if longest := limit - hashLength - 1; len(name) > longest {
		name = name[:longest]
	}
	return strings.TrimRight(name, "-._") + "-" + hash(hashLength, parts...)
}

// hash returns the first characters of a hash over the parts. Each part is followed by a NUL, so that no two
// lists of parts run together to the same input.
func hash(length int, parts ...string) string {
	sum := sha256.New()
	for _, part := range parts {
		sum.Write([]byte(part))
		sum.Write([]byte{0})
	}
	encoded := base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(sum.Sum(nil))
	return strings.ToLower(encoded[:length])
}
