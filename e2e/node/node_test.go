// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2enode

package node

import (
	"os"
	"testing"
	"time"

	"github.com/novasphere/wukong/e2e/node/image"
	"github.com/novasphere/wukong/e2e/node/machine"
	"github.com/novasphere/wukong/e2e/node/wire"
)

// watchEvery is how often the node is pinged from outside while NMState changes it.
const watchEvery = 200 * time.Millisecond

// step is a part of a node's life. A step begins where the one before ended.
type step struct {
	name string
	run  func(*testing.T, *node)
	// moves says that the step moves the node's own address, which then may be away for a moment.
	moves bool
	// needsOVS says that the step is for nodes with Open vSwitch.
	needsOVS bool
}

var steps = []step{
	{name: "as booted", run: booted},
	{name: "bridge on a VLAN", run: bridgeOnVLAN},
	{name: "the same again", run: sameAgain},
	{name: "another VLAN", run: anotherVLAN},
	{name: "bridge on a VLAN removed", run: vlanBridgeRemoved},
	{name: "bridge on a NIC", run: bridgeOnNIC},
	{name: "bridge on a NIC as a trunk", run: bridgeAsTrunk},
	{name: "bridge on a NIC removed", run: nicBridgeRemoved},
	{name: "NIC's address moved to a bridge", run: storageMoved},
	{name: "NIC's address moved back", run: storageMovedBack},
	{name: "node's address moved to a bridge", run: managementMoved, moves: true},
	{name: "node's address moved back", run: managementMovedBack, moves: true},
	{name: "address without routes", run: withoutRoutes},
	{name: "guarded policy", run: guarded},
	{name: "OVS bridge", run: ovsBridgeOnNIC, needsOVS: true},
	{name: "OVS bridge removed", run: ovsBridgeRemoved, needsOVS: true},
	{name: "NICs that are not up", run: nicsDown},
}

// TestNodes plays the steps on a node of each release. The node must stay in reach all the time.
func TestNodes(t *testing.T) {
	if err := image.EnsurePrograms(t.Context(), os.Stderr); err != nil {
		t.Fatal(err)
	}
	for _, release := range releases {
		t.Run(release.name, func(t *testing.T) {
			n := bootNode(t, release)
			for _, step := range steps {
				if step.needsOVS && !release.ovs {
					continue
				}
				// Nothing is to be learned of a step that begins where none ended.
				if !t.Run(step.name, func(t *testing.T) { n.play(t, step) }) {
					return
				}
			}
		})
	}
}

func (n *node) play(t *testing.T, step step) {
	started := time.Now()
	watch := n.world.Watch(nodeAddress, watchEvery)
	defer func() {
		outage := watch.Stop()
		t.Logf("%.1f s; the node's address from outside: %s", time.Since(started).Seconds(), outage)
		if lost := outage.Sent - outage.Answered; lost > 0 && !step.moves {
			t.Errorf("the node was out of reach: %s", outage)
		}
		if outage.Longest > longestOutage {
			t.Errorf("the node was out of reach for %s, want at most %s", outage.Longest, longestOutage)
		}
	}()
	step.run(t, n)
}

// longestOutage is many times what a node needs to move its address, as this machine may be that much slower than a node: an
// address that is lost for good is found out, and the time is in the log.
const longestOutage = time.Minute

// node is a machine under test.
type node struct {
	*machine.Machine
	release release
	// world is a station in the node's own network.
	world *wire.Station
	// peers are the stations in the virtual machine's network.
	peers map[place]*wire.Station
}

func bootNode(t *testing.T, release release) *node {
	t.Helper()
	disk, err := release.recipe.Ensure(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	booted, err := machine.Boot(t.Context(), machine.Spec{Image: disk, NICs: nics})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(booted.Log())
		}
		if err := booted.Stop(); err != nil {
			t.Error(err)
		}
	})
	t.Logf("the node let root in after %.0f s", time.Since(started).Seconds())
	n := &node{Machine: booted, release: release, peers: map[place]*wire.Station{}}
	n.world = booted.Cable(management).Station(outsideMAC(0x60), worldAddress, 0)
	executable, err := os.Open(tool.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = executable.Close() }()
	if _, err := booted.Feed(t.Context(), "cat > /usr/local/bin/nmstatectl && chmod +x /usr/local/bin/nmstatectl", executable); err != nil {
		t.Fatal(err)
	}
	return n
}
