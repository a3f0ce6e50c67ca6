// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/binary"
	"net"
	"net/netip"
)

const (
	arpRequest = 1
	arpReply   = 2
	arpLength  = 28
)

// arpMessage asks for, or tells, the hardware address of an IPv4 address.
type arpMessage struct {
	operation        uint16
	senderMAC        net.HardwareAddr
	sender, target   netip.Addr
	targetMACOrEmpty net.HardwareAddr
}

func parseARP(data []byte) (arpMessage, bool) {
	if len(data) < arpLength {
		return arpMessage{}, false
	}
	sender, _ := netip.AddrFromSlice(data[14:18])
	target, _ := netip.AddrFromSlice(data[24:28])
	return arpMessage{
		operation: binary.BigEndian.Uint16(data[6:]),
		senderMAC: net.HardwareAddr(append([]byte(nil), data[8:14]...)),
		sender:    sender,
		target:    target,
	}, true
}

func (m arpMessage) bytes() []byte {
	// Ethernet and IPv4, with addresses of 6 and 4 bytes.
	data := []byte{0, 1, 8, 0, 6, 4}
	data = binary.BigEndian.AppendUint16(data, m.operation)
	data = append(data, m.senderMAC...)
	data = append(data, m.sender.AsSlice()...)
	targetMAC := m.targetMACOrEmpty
	if targetMAC == nil {
		targetMAC = make(net.HardwareAddr, addressLength)
	}
	data = append(data, targetMAC...)
	return append(data, m.target.AsSlice()...)
}
