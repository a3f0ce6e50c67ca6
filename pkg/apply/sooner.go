// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import "time"

// Sooner takes two times to come back after, as those of a reconcile.Result, and returns the shorter one. 0 or less stands
// for never.
func Sooner(a, b time.Duration) time.Duration {
	if a <= 0 || b > 0 && b < a {
		return max(b, 0)
	}
	return a
}
