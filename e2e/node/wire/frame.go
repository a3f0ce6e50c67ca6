// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/binary"
	"net"
)

const (
	etherTypeIPv4 = 0x0800
	etherTypeARP  = 0x0806
	etherTypeVLAN = 0x8100

	addressLength = 6
	headerLength  = 2*addressLength + 2
	tagLength     = 4
	// shortestFrame is what Ethernet pads to, without its checksum.
	shortestFrame = 60
	vlanMask      = 0x0fff
)

var broadcast = net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// frame is an Ethernet frame. VLAN 0 is a frame without a tag.
type frame struct {
	destination, source net.HardwareAddr
	vlan                uint16
	etherType           uint16
	payload             []byte
}

// parseFrame reports whether the bytes are a frame.
func parseFrame(data []byte) (frame, bool) {
	if len(data) < headerLength {
		return frame{}, false
	}
	f := frame{destination: data[:addressLength], source: data[addressLength : 2*addressLength]}
	f.etherType = binary.BigEndian.Uint16(data[2*addressLength:])
	f.payload = data[headerLength:]
	if f.etherType == etherTypeVLAN {
		if len(f.payload) < tagLength {
			return frame{}, false
		}
		f.vlan = binary.BigEndian.Uint16(f.payload) & vlanMask
		f.etherType = binary.BigEndian.Uint16(f.payload[2:])
		f.payload = f.payload[tagLength:]
	}
	return f, true
}

func (f frame) bytes() []byte {
	data := make([]byte, 0, headerLength+tagLength+len(f.payload))
	data = append(data, f.destination...)
	data = append(data, f.source...)
	if f.vlan != 0 {
		data = binary.BigEndian.AppendUint16(data, etherTypeVLAN)
		data = binary.BigEndian.AppendUint16(data, f.vlan)
	}
	data = binary.BigEndian.AppendUint16(data, f.etherType)
	data = append(data, f.payload...)
	for len(data) < shortestFrame {
		data = append(data, 0)
	}
	return data
}
