// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package wire is the world on the far side of a machine's NIC: stations that send and answer frames, with a VLAN's tag or
// without, without the help of this machine's kernel, which may know no VLANs.
//
// A cable is a Unix datagram socket: one datagram is one frame, as QEMU's netdev "dgram" has it.
package wire

import (
	"errors"
	"fmt"
	"net"
	"sync"
)

// longestFrame is more than any NIC sends.
const longestFrame = 64 << 10

// Cable is the outside end of one NIC's cable.
type Cable struct {
	connection *net.UnixConn
	far        *net.UnixAddr

	mutex    sync.Mutex
	stations []*Station
	done     chan struct{}
}

// Connect opens the near end of a cable; the far one may be opened later. Close it.
func Connect(near, far string) (*Cable, error) {
	connection, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: near, Net: "unixgram"})
	if err != nil {
		return nil, fmt.Errorf("opening a cable: %w", err)
	}
	cable := &Cable{connection: connection, far: &net.UnixAddr{Name: far, Net: "unixgram"}, done: make(chan struct{})}
	go cable.receive()
	return cable, nil
}

// Close unplugs the cable.
func (c *Cable) Close() error {
	err := c.connection.Close()
	<-c.done
	return err
}

func (c *Cable) attach(station *Station) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.stations = append(c.stations, station)
}

func (c *Cable) receive() {
	defer close(c.done)
	buffer := make([]byte, longestFrame)
	for {
		length, err := c.connection.Read(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		received, ok := parseFrame(buffer[:length])
		if err != nil || !ok {
			continue
		}
		c.mutex.Lock()
		stations := c.stations
		c.mutex.Unlock()
		for _, station := range stations {
			station.receive(received)
		}
	}
}

// send loses the frame when nobody is there to take it, as a cable does.
func (c *Cable) send(f frame) {
	_, _ = c.connection.WriteToUnix(f.bytes(), c.far)
}
