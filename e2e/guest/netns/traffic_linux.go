// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"

	"github.com/novasphere/wukong/e2e/node/wire"
)

// pingPatience is how many seconds a reply may take: a guest without acceleration may be slow.
const pingPatience = 15

// Dial opens a TCP connection from the namespace. The source may be the zero value.
func (n *Namespace) Dial(ctx context.Context, source netip.Addr, target netip.AddrPort) (net.Conn, error) {
	var connection net.Conn
	err := n.Do(func() error {
		dialer := net.Dialer{}
		if source.IsValid() {
			dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(source, 0))
		}
		var err error
		connection, err = dialer.DialContext(ctx, "tcp", target.String())
		return err
	})
	return connection, err
}

// Ping sends echo requests from the namespace. The source may be the zero value.
func (n *Namespace) Ping(ctx context.Context, source, target netip.Addr, times int) (wire.Count, error) {
	arguments := PingArguments(target, times)
	if source.IsValid() {
		arguments = append(arguments, "-I", source.String())
	}
	said, err := n.Run(ctx, "ping", arguments...)
	return CountPings(said, err)
}

// PingArguments are those of the ping program for a machine that may be slow to answer.
func PingArguments(target netip.Addr, times int) []string {
	return []string{"-n", "-q", "-i", "0.3", "-c", strconv.Itoa(times), "-W", strconv.Itoa(pingPatience), target.String()}
}

var pingSummary = regexp.MustCompile(`(\d+) packets transmitted, (\d+) received`)

// CountPings reads what the ping program says at its end; it fails when no reply came, which is no error here.
func CountPings(said []byte, failure error) (wire.Count, error) {
	match := pingSummary.FindSubmatch(said)
	if match == nil {
		return wire.Count{}, fmt.Errorf("ping does not say what became of its requests: %w\n%s", failure, said)
	}
	// The pattern lets only digits through.
	sent, _ := strconv.Atoi(string(match[1]))
	answered, _ := strconv.Atoi(string(match[2]))
	return wire.Count{Sent: sent, Answered: answered}, nil
}
