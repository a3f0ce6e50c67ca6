// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import "sync"

// once remembers the last keys it was given. It may be shared by goroutines.
type once struct {
	mu    sync.Mutex
	known map[string]bool
	// order holds the keys as a ring, the oldest at next once it is full.
	order []string
	next  int
}

func newOnce(size int) *once {
	return &once{known: map[string]bool{}, order: make([]string, size)}
}

// add reports whether a key is new.
func (o *once) add(key string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.known[key] {
		return false
	}
	delete(o.known, o.order[o.next])
	o.known[key], o.order[o.next] = true, key
	o.next = (o.next + 1) % len(o.order)
	return true
}
