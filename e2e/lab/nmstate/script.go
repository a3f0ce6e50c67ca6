// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstate

import (
	"errors"
	"sync"
	"time"
)

// script decides how the attempts of one node go. The zero behaviour is whatever the node's network makes of them.
type script struct {
	mu sync.Mutex
	// message is what nmstate fails with while failures is not zero; a negative number never runs out.
	message  string
	failures int
	// held is open while attempts are to stay in progress.
	held  chan struct{}
	delay time.Duration
}

func newScript() *script {
	return &script{}
}

func (s *script) fail(message string, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.message, s.failures = message, times
}

// failure uses up one scripted failure, if there is one.
func (s *script) failure() (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failures == 0 {
		return "", false
	}
	if s.failures > 0 {
		s.failures--
	}
	return s.message, true
}

func (s *script) hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = make(chan struct{})
	}
}

func (s *script) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held != nil {
		close(s.held)
		s.held = nil
	}
}

func (s *script) slow(delay time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = delay
}

// errStopped ends an attempt whose handler was stopped.
var errStopped = errors.New("the handler was stopped")

// pace lets one attempt take its time: the step of the actor, what the node adds to it, and as long as it is held.
func (s *script) pace(stopped <-chan struct{}, step time.Duration) error {
	s.mu.Lock()
	held, delay := s.held, step+s.delay
	s.mu.Unlock()
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-stopped:
		return errStopped
	case <-timer.C:
	}
	if held == nil {
		return nil
	}
	select {
	case <-stopped:
		return errStopped
	case <-held:
		return nil
	}
}
