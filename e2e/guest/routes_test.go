// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2eguest

package guest

import (
	"encoding/json"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// route is a route of the guest as the ip program lists it.
type route struct {
	To     string `json:"dst"`
	Via    string `json:"gateway"`
	Device string `json:"dev"`
	Metric int    `json:"metric"`
}

// routes returns the routes of the guest's main table that have a gateway.
func (g *guest) routes(t *testing.T) []route {
	t.Helper()
	var all, found []route
	if err := json.Unmarshal([]byte(g.ask(t, "ip -j -4 route show table main")), &all); err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if r.Via != "" {
			found = append(found, r)
		}
	}
	return found
}

// expectRoutes fails the test when the guest has other routes through gateways.
func (g *guest) expectRoutes(t *testing.T, want ...route) {
	t.Helper()
	less := func(a, b route) bool { return a.Device+a.To < b.Device+b.To }
	if diff := cmp.Diff(want, g.routes(t), cmpopts.SortSlices(less)); diff != "" {
		t.Errorf("the guest's routes (-want +got):\n%s", diff)
	}
}

// expectReplies pings the guest from beyond a station, which is then the only way for the reply.
func (g *guest) expectReplies(t *testing.T, s station, guest netip.Addr) {
	t.Helper()
	count, err := s.Ping(t.Context(), s.far, guest, pings)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("pings to %s from beyond its gateway: %s", guest, count)
	if count.Answered != pings {
		t.Errorf("pings to %s from beyond its gateway: %s, so replies do not leave by the NIC that requests come in on", guest, count)
	}
}
