// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"
)

const (
	// patience is how long a reply may take. A machine without acceleration may be slow to answer, and that is no loss: what a
	// network loses never comes.
	patience = 15 * time.Second
	// askEvery is how often an unanswered question is repeated.
	askEvery = 100 * time.Millisecond
)

// Count says how many echo requests were sent and how many had a reply.
type Count struct {
	Sent, Answered int
}

// String returns the count as "answered/sent".
func (c Count) String() string { return fmt.Sprintf("%d/%d", c.Answered, c.Sent) }

// Ping sends echo requests to the address, one after the other.
func (s *Station) Ping(ctx context.Context, target netip.Addr, times int) Count {
	count := Count{}
	for range times {
		count.Sent++
		if s.ask(ctx, target) {
			count.Answered++
		}
	}
	return count
}

// ask sends one echo request and reports whether it had a reply.
func (s *Station) ask(ctx context.Context, target netip.Addr) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	mac, ok := s.resolve(ctx, target)
	if !ok {
		return false
	}
	answered := make(chan struct{})
	s.mutex.Lock()
	s.next++
	sequence := s.next
	s.waiting[sequence] = answered
	s.mutex.Unlock()
	defer func() {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		delete(s.waiting, sequence)
	}()
	request := echo{source: s.address, destination: target, id: uint16(s.mac[addressLength-1]), sequence: sequence, data: []byte("wukong e2e node")}
	s.send(mac, etherTypeIPv4, request.bytes())
	select {
	case <-answered:
		return true
	case <-ctx.Done():
		// The address may have gone to another NIC.
		s.forget(target)
		return false
	}
}

// resolve asks for the hardware address until somebody answers.
func (s *Station) resolve(ctx context.Context, target netip.Addr) (net.HardwareAddr, bool) {
	ticker := time.NewTicker(askEvery)
	defer ticker.Stop()
	for asked := false; ; {
		s.mutex.Lock()
		mac, known := s.neighbour[target]
		s.mutex.Unlock()
		if known {
			return mac, true
		}
		if !asked {
			s.sendARP(broadcast, arpMessage{operation: arpRequest, target: target})
		}
		select {
		case <-ctx.Done():
			return nil, false
		case <-ticker.C:
		}
	}
}

func (s *Station) forget(target netip.Addr) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.neighbour, target)
}
