// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2eguest

package guest

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"
)

const (
	// openPort and closedPort are the ports that the guest's servers listen on.
	openPort   = 8080
	closedPort = 8081
	// silence is how long nothing must come from where nothing is to come from.
	silence = 5 * time.Second
	// connectPatience is how long a guest may take to answer.
	connectPatience = time.Minute
)

// serve has the guest listen on the ports.
func (g *guest) serve(t *testing.T, ports ...int) {
	t.Helper()
	for _, port := range ports {
		g.ask(t, fmt.Sprintf("sudo systemd-run --quiet --unit=listen-%[1]d python3 -m http.server %[1]d", port))
		g.ask(t, fmt.Sprintf("until ss -Hltn 'sport = :%d' | grep -q .; do sleep 0.2; done", port))
	}
}

// expectPort connects to a port of the guest from a station, which has to succeed or not.
func (g *guest) expectPort(t *testing.T, s station, guest netip.Addr, port uint16, open bool) {
	t.Helper()
	patience := silence
	if open {
		patience = connectPatience
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	connection, err := s.Dial(ctx, netip.Addr{}, netip.AddrPortFrom(guest, port))
	if err == nil {
		_ = connection.Close()
	}
	t.Logf("port %d of %s from %s: %v", port, guest, s.Name(), err)
	if (err == nil) != open {
		t.Errorf("port %d of %s from %s: open is %t, want %t (%v)", port, guest, s.Name(), err == nil, open, err)
	}
}
