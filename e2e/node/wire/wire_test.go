// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"context"
	"net"
	"net/netip"
	"path/filepath"
	"testing"
	"time"
)

var (
	leftAddress  = netip.MustParseAddr("192.0.2.1")
	rightAddress = netip.MustParseAddr("192.0.2.2")
)

// pair connects two stations with a cable.
func pair(t *testing.T, leftVLAN, rightVLAN uint16) (left, right *Station) {
	t.Helper()
	folder := t.TempDir()
	ends := []string{filepath.Join(folder, "left"), filepath.Join(folder, "right")}
	connect := func(near, far string) *Cable {
		cable, err := Connect(near, far)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cable.Close() })
		return cable
	}
	a, b := connect(ends[0], ends[1]), connect(ends[1], ends[0])
	left = a.Station(net.HardwareAddr{2, 0, 0, 0, 0, 1}, leftAddress, leftVLAN)
	right = b.Station(net.HardwareAddr{2, 0, 0, 0, 0, 2}, rightAddress, rightVLAN)
	return left, right
}

func TestPingWithinAVLAN(t *testing.T) {
	for name, vlan := range map[string]uint16{"untagged": 0, "tagged": 100} {
		t.Run(name, func(t *testing.T) {
			left, right := pair(t, vlan, vlan)
			if count := left.Ping(t.Context(), rightAddress, 3); count != (Count{3, 3}) {
				t.Errorf("left to right: %s", count)
			}
			if count := right.Ping(t.Context(), leftAddress, 3); count != (Count{3, 3}) {
				t.Errorf("right to left: %s", count)
			}
		})
	}
}

func TestNoPingBetweenVLANs(t *testing.T) {
	left, _ := pair(t, 100, 0)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if count := left.Ping(ctx, rightAddress, 1); count != (Count{1, 0}) {
		t.Errorf("from VLAN 100 to no VLAN: %s", count)
	}
}

func TestWatchCountsWhatIsLost(t *testing.T) {
	left, right := pair(t, 100, 100)
	watch := left.Watch(rightAddress, 10*time.Millisecond)
	if count := left.Ping(t.Context(), rightAddress, 5); count.Answered != 5 {
		t.Fatalf("before the cable is pulled: %s", count)
	}
	if err := right.cable.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if count := left.Ping(ctx, rightAddress, 1); count.Answered != 0 {
		t.Fatalf("after the cable is pulled: %s", count)
	}
	if outage := watch.Stop(); outage.Answered == 0 || outage.Answered == outage.Sent {
		t.Errorf("%s, want some lost and some not", outage)
	}
}
