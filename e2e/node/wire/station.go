// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"net"
	"net/netip"
	"sync"
)

// Station is a computer with one IPv4 address on a cable. It answers ARP and echo requests in its VLAN.
type Station struct {
	cable   *Cable
	mac     net.HardwareAddr
	address netip.Addr
	vlan    uint16

	mutex     sync.Mutex
	neighbour map[netip.Addr]net.HardwareAddr
	// waiting are the echo requests that have had no reply yet.
	waiting map[uint16]chan struct{}
	next    uint16
}

// Station attaches a station to the cable; VLAN 0 is without a tag.
func (c *Cable) Station(mac net.HardwareAddr, address netip.Addr, vlan uint16) *Station {
	station := &Station{
		cable: c, mac: mac, address: address, vlan: vlan,
		neighbour: map[netip.Addr]net.HardwareAddr{}, waiting: map[uint16]chan struct{}{},
	}
	c.attach(station)
	return station
}

func (s *Station) receive(f frame) {
	if f.vlan != s.vlan {
		return
	}
	switch f.etherType {
	case etherTypeARP:
		if message, ok := parseARP(f.payload); ok {
			s.hearARP(message)
		}
	case etherTypeIPv4:
		if message, ok := parseEcho(f.payload); ok && bytes.Equal(f.destination, s.mac) && message.destination == s.address {
			s.hearEcho(f.source, message)
		}
	}
}

func (s *Station) hearARP(message arpMessage) {
	s.mutex.Lock()
	s.neighbour[message.sender] = message.senderMAC
	s.mutex.Unlock()
	if message.operation == arpRequest && message.target == s.address {
		s.sendARP(message.senderMAC, arpMessage{operation: arpReply, target: message.sender, targetMACOrEmpty: message.senderMAC})
	}
}

func (s *Station) hearEcho(from net.HardwareAddr, message echo) {
	if !message.reply {
		message.source, message.destination, message.reply = s.address, message.source, true
		s.send(from, etherTypeIPv4, message.bytes())
		return
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if answered, ok := s.waiting[message.sequence]; ok {
		delete(s.waiting, message.sequence)
		close(answered)
	}
}

func (s *Station) sendARP(to net.HardwareAddr, message arpMessage) {
	message.senderMAC, message.sender = s.mac, s.address
	s.send(to, etherTypeARP, message.bytes())
}

func (s *Station) send(to net.HardwareAddr, etherType uint16, payload []byte) {
	s.cable.send(frame{destination: append(net.HardwareAddr(nil), to...), source: s.mac, vlan: s.vlan, etherType: etherType, payload: payload})
}
