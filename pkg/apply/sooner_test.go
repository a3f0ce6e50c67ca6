// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"testing"
	"time"
)

func TestSooner(t *testing.T) {
	for _, tc := range []struct{ a, b, want time.Duration }{
		{0, 0, 0}, {0, 5, 5}, {5, 0, 5}, {3, 5, 3}, {5, 3, 3}, {-1, 5, 5}, {5, -1, 5}, {-1, -1, 0},
	} {
		if got := Sooner(tc.a, tc.b); got != tc.want {
			t.Errorf("Sooner(%d, %d): got %d, want %d", tc.a, tc.b, got, tc.want)
		}
	}
}
