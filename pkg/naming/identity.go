// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package naming

import (
	"crypto/sha256"
	"net"

	"github.com/google/uuid"
)

// identityNamespace keeps the UUIDs made here apart from anybody else's version 5 UUIDs.
var identityNamespace = uuid.NewSHA1(uuid.NameSpaceDNS, []byte("vm.novasphere.dev"))

// MACAddress returns the address of a machine's NIC where the user declared none: unicast, locally
// administered (IEEE 802, the two low bits of the first octet), in lower case because cloud-init compares
// addresses as text. It depends on the Wukong's UID, so it stays the same for the machine's life and differs
// from a later machine of the same name.
func MACAddress(uid, network string) string {
	sum := sha256.Sum256([]byte("mac\x00" + uid + "\x00" + network))
	address := net.HardwareAddr(sum[:6])
	address[0] = address[0]&^0x03 | 0x02
	return address.String()
}

// FirmwareUUID returns the machine's SMBIOS UUID, which KubeVirt also hands to cloud-init as the instance-id.
// It has to be set and kept: when it is missing KubeVirt makes one up, and cloud-init takes the guest for a
// new one.
func FirmwareUUID(uid string) string {
	return uuid.NewSHA1(identityNamespace, []byte("firmware.uuid\x00"+uid)).String()
}

// FirmwareSerial returns the machine's SMBIOS serial number.
func FirmwareSerial(uid string) string {
	return uuid.NewSHA1(identityNamespace, []byte("firmware.serial\x00"+uid)).String()
}

// OfflineUID returns the UID that stands for a Wukong's where no API server has given it one yet, so that
// what is rendered without a cluster is complete and the same each time.
func OfflineUID(namespace, name string) string {
	return uuid.NewSHA1(identityNamespace, []byte("offline\x00"+namespace+"\x00"+name)).String()
}
