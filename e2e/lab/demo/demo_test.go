// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
)

// script is what the demo printed so far.
type script struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *script) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *script) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// TestDemo runs the demo as "make demo" does, and interrupts it when it stays up with the last sample in place.
func TestDemo(t *testing.T) {
	ctrl.SetLogger(logr.Discard())
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	shown := &script{}
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, Options{Out: shown}) }()

	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for !strings.Contains(shown.String(), "export KUBECONFIG=") {
		select {
		case err := <-ended:
			t.Fatalf("the demo ended with %v:\n%s", err, shown)
		case <-look.C:
		}
	}
	interrupt()
	if err := <-ended; err != nil {
		t.Fatalf("interrupting the demo: %v", err)
	}
	for _, want := range []string{
		"ubuntu-vm-nmstate-management-bridge   Available   SuccessfullyConfigured",
		"node-3: br-external (linux-bridge with port ens160), br-mgmt (linux-bridge with port ens160.100)",
		"nothing is left in the API",
		"ubuntu-vm-dual-network   True    Ready",
		"set-name: management",
	} {
		if !strings.Contains(shown.String(), want) {
			t.Errorf("the demo does not show %q:\n%s", want, shown)
		}
	}
}
