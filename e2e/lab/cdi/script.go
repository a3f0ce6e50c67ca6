// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cdi

import "sync"

// Disk scripts the DataVolume and the claim of one name. It may be asked for before they exist and outlives them. All
// methods are safe for concurrent use; a change takes effect at once.
type Disk struct {
	actor *Actor
	key   key

	mu     sync.Mutex
	script script
}

// script is what a test asked for; the zero value is a disk that works.
type script struct {
	held       bool
	failure    string
	fatal      bool
	quota      string
	growthHeld bool
}

// change edits the script and lets the disk be looked at again.
func (d *Disk) change(edit func(*script)) {
	d.mu.Lock()
	edit(&d.script)
	d.mu.Unlock()
	d.actor.queue.Add(d.key)
}

func (d *Disk) current() script {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.script
}

// Hold keeps an import from coming to an end until Release.
func (d *Disk) Hold() { d.change(func(s *script) { s.held = true }) }

// Release ends Hold and HoldGrowth.
func (d *Disk) Release() { d.change(func(s *script) { s.held, s.growthHeld = false, false }) }

// Fail makes the import fail with the importer's message until Heal. CDI goes on trying, as it does for whatever may mend
// itself.
func (d *Disk) Fail(message string) {
	d.change(func(s *script) { s.failure, s.fatal = message, false })
}

// GiveUp makes the import fail for good with the importer's message, as a wrong checksum does.
func (d *Disk) GiveUp(message string) {
	d.change(func(s *script) { s.failure, s.fatal = message, true })
}

// Quota makes the API server refuse the claim with a message until Heal.
func (d *Disk) Quota(message string) { d.change(func(s *script) { s.quota = message }) }

// Heal ends Fail and Quota.
func (d *Disk) Heal() {
	d.change(func(s *script) { s.failure, s.quota, s.fatal = "", "", false })
}

// HoldGrowth keeps an enlarged claim from getting its storage until Release.
func (d *Disk) HoldGrowth() { d.change(func(s *script) { s.growthHeld = true }) }
