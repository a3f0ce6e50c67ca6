// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package neighbours

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const pollInterval = 50 * time.Millisecond

// waitUntil looks until nothing is missing any more. When the context ends first, its error tells what was missing last.
func waitUntil(ctx context.Context, look func(context.Context) (missing string)) error {
	last := "nothing was looked at"
	err := wait.PollUntilContextCancel(ctx, pollInterval, true, func(ctx context.Context) (bool, error) {
		missing := look(ctx)
		// A look that was cut short tells of the context only.
		if ctx.Err() == nil {
			last = missing
		}
		return missing == "", nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", last, err)
	}
	return nil
}
