// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"time"
)

// eventually waits for what a condition says is missing, and fails with it after a while.
func (s *stage) eventually(ctx context.Context, missing func() string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		text := missing()
		if text == "" {
			return
		}
		select {
		case <-ctx.Done():
			s.t.Fatal(text)
		case <-ticker.C:
		}
	}
}

// never fails if a condition comes true within a short while.
func (s *stage) never(happened func() string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 500*time.Millisecond)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		if text := happened(); text != "" {
			s.t.Fatal(text)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
