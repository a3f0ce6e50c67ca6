// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"maps"
	"slices"
	"sync"

	kubevirtv1 "kubevirt.io/api/core/v1"

	"github.com/novasphere/wukong/e2e/lab/kubevirt/guest"
)

// Machine scripts one virtual machine and shows its guest. It may be asked for before the machine exists and outlives
// it. All methods are safe for concurrent use; a change takes effect at once.
type Machine struct {
	actor *Actor
	key   key

	mu     sync.Mutex
	script script
	booted guest.Network
}

// script is what a test asked for; the zero value is a machine that works.
type script struct {
	heldAt         kubevirtv1.VirtualMachineInstancePhase
	held           bool
	unschedulable  string
	crashes        int
	stopHeld       bool
	deletionHangs  bool
	unplugHeld     bool
	sandboxError   string
	migrate        bool
	migrationHeld  bool
	agent          *bool
	image          guest.Image
	dhcp           map[string][]string
	reported       map[string][]string
	persistentDisk guest.Disk
}

func (s script) clone() script {
	s.dhcp = maps.Clone(s.dhcp)
	s.reported = maps.Clone(s.reported)
	return s
}

// change edits the script and lets the machine be looked at again.
func (m *Machine) change(edit func(*script)) {
	m.mu.Lock()
	edit(&m.script)
	m.mu.Unlock()
	m.actor.queue.Add(m.key)
}

func (m *Machine) current() script {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.script.clone()
}

// HoldAt keeps the instance from leaving a phase until Release; the phase may be the empty one.
func (m *Machine) HoldAt(phase kubevirtv1.VirtualMachineInstancePhase) {
	m.change(func(s *script) { s.heldAt, s.held = phase, true })
}

// FailSandbox makes the node fail to start the pod, as a CNI plugin does with the given words; empty ends that. Each change is one
// more try, with an event.
func (m *Machine) FailSandbox(words string) {
	m.change(func(s *script) { s.sandboxError = words })
}

// Release ends HoldAt, HoldStop, HoldUnplug and HoldMigration.
func (m *Machine) Release() {
	m.change(func(s *script) { s.held, s.stopHeld, s.unplugHeld, s.migrationHeld = false, false, false, false })
}

// HoldUnplug makes the guest keep NICs that are to be unplugged, as one does that does not answer the request, until Release.
func (m *Machine) HoldUnplug() {
	m.change(func(s *script) { s.unplugHeld = true })
}

// HoldMigration keeps a migration from ending until Release.
func (m *Machine) HoldMigration() {
	m.change(func(s *script) { s.migrationHeld = true })
}

// Unschedulable keeps the pod from being placed, with the scheduler's message; empty ends that.
func (m *Machine) Unschedulable(message string) {
	m.change(func(s *script) { s.unschedulable = message })
}

// Crash makes the next starts fail: the instance ends as Failed instead of Running.
func (m *Machine) Crash(times int) {
	m.change(func(s *script) { s.crashes = max(times, 0) })
}

// HoldStop keeps the guest from shutting down, so that a deletion waits until Release.
func (m *Machine) HoldStop() {
	m.change(func(s *script) { s.stopHeld = true })
}

// HangDeletion keeps an instance that never got past Pending from going away, as KubeVirt 1.8 was seen to do when the
// NetworkAttachmentDefinition had come late.
func (m *Machine) HangDeletion(hang bool) {
	m.change(func(s *script) { s.deletionHangs = hang })
}

// SetAgent installs or removes the guest agent, whatever the options say.
func (m *Machine) SetAgent(installed bool) {
	m.change(func(s *script) { s.agent = &installed })
}

// SetImage says what the guest is made of; it counts from the next start.
func (m *Machine) SetImage(image guest.Image) {
	m.change(func(s *script) { s.image = image })
}

// ServeDHCP puts a DHCP server on the segment behind one NIC that answers this machine with the given addresses, in CIDR
// notation; it counts from the next start.
func (m *Machine) ServeDHCP(network string, addresses ...string) {
	m.change(func(s *script) {
		if s.dhcp == nil {
			s.dhcp = map[string][]string{}
		}
		s.dhcp[network] = slices.Clone(addresses)
	})
}

// Report makes the guest agent report other addresses, without prefix, on one NIC than the guest has; none ends that.
func (m *Machine) Report(network string, addresses ...string) {
	m.change(func(s *script) {
		if s.reported == nil {
			s.reported = map[string][]string{}
		}
		if len(addresses) == 0 {
			delete(s.reported, network)
			return
		}
		s.reported[network] = slices.Clone(addresses)
	})
}

// Guest is the network inside the guest since its last start, whether or not an agent reports it.
func (m *Machine) Guest() guest.Network {
	m.mu.Lock()
	defer m.mu.Unlock()
	links := slices.Clone(m.booted.Links)
	for i := range links {
		links[i].Addresses = slices.Clone(links[i].Addresses)
	}
	return guest.Network{Links: links, Problem: m.booted.Problem}
}
