// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"errors"
	"testing"

	"github.com/novasphere/wukong/e2e/node/wire"
)

func TestCountPings(t *testing.T) {
	const header = "PING 192.168.100.10 (192.168.100.10) 56(84) bytes of data.\n\n--- 192.168.100.10 ping statistics ---\n"
	failure := errors.New("exit status 1")
	for name, row := range map[string]struct {
		said    string
		failure error
		want    wire.Count
		wrong   bool
	}{
		"all":       {said: header + "3 packets transmitted, 3 received, 0% packet loss, time 603ms\n", want: wire.Count{Sent: 3, Answered: 3}},
		"some":      {said: header + "3 packets transmitted, 1 received, 66.6% packet loss, time 603ms\n", want: wire.Count{Sent: 3, Answered: 1}},
		"none":      {said: header + "3 packets transmitted, 0 received, +3 errors, 100% packet loss\n", failure: failure, want: wire.Count{Sent: 3}},
		"not begun": {said: "", failure: failure, wrong: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := CountPings([]byte(row.said), row.failure)
			if got != row.want || (err != nil) != row.wrong {
				t.Errorf("got %s (%v), want %s", got, err, row.want)
			}
		})
	}
}
