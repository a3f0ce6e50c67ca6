// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/binary"
	"net/netip"
)

const (
	protocolICMP    = 1
	icmpEchoReply   = 0
	icmpEchoRequest = 8
	icmpLength      = 8
	ipv4Length      = 20
	timeToLive      = 64
)

// echo is an ICMP echo request or reply with its IPv4 header.
type echo struct {
	source, destination netip.Addr
	reply               bool
	id, sequence        uint16
	data                []byte
}

func parseEcho(packet []byte) (echo, bool) {
	if len(packet) < ipv4Length || packet[0]>>4 != 4 || packet[9] != protocolICMP {
		return echo{}, false
	}
	header, total := int(packet[0]&0x0f)*4, int(binary.BigEndian.Uint16(packet[2:]))
	if header < ipv4Length || total > len(packet) || header+icmpLength > total {
		return echo{}, false
	}
	message := packet[header:total]
	if message[0] != icmpEchoReply && message[0] != icmpEchoRequest {
		return echo{}, false
	}
	source, _ := netip.AddrFromSlice(packet[12:16])
	destination, _ := netip.AddrFromSlice(packet[16:20])
	return echo{
		source: source, destination: destination, reply: message[0] == icmpEchoReply,
		id: binary.BigEndian.Uint16(message[4:]), sequence: binary.BigEndian.Uint16(message[6:]),
		data: append([]byte(nil), message[icmpLength:]...),
	}, true
}

func (e echo) bytes() []byte {
	message := make([]byte, icmpLength, icmpLength+len(e.data))
	if !e.reply {
		message[0] = icmpEchoRequest
	}
	binary.BigEndian.PutUint16(message[4:], e.id)
	binary.BigEndian.PutUint16(message[6:], e.sequence)
	message = append(message, e.data...)
	binary.BigEndian.PutUint16(message[2:], checksum(message))

	header := make([]byte, ipv4Length, ipv4Length+len(message))
	header[0] = 4<<4 | ipv4Length/4
	binary.BigEndian.PutUint16(header[2:], uint16(ipv4Length+len(message)))
	header[8], header[9] = timeToLive, protocolICMP
	copy(header[12:], e.source.AsSlice())
	copy(header[16:], e.destination.AsSlice())
	binary.BigEndian.PutUint16(header[10:], checksum(header))
	return append(header, message...)
}

// checksum is the Internet's (RFC 1071).
func checksum(data []byte) uint16 {
	var sum uint32
	for len(data) > 1 {
		sum += uint32(binary.BigEndian.Uint16(data))
		data = data[2:]
	}
	if len(data) == 1 {
		sum += uint32(data[0]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
