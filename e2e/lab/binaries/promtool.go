// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"context"
	"io"
	"path/filepath"
)

const promtool = "promtool"

// EnsurePromtool returns the path of Prometheus' promtool. It is built into the lab's cache when it is not there: progress is
// told about that, and about nothing else.
func EnsurePromtool(ctx context.Context, progress io.Writer) (string, error) {
	folder, err := ensureBuilt(ctx, "prometheus", []string{promtool}, progress)
	if err != nil {
		return "", err
	}
	return filepath.Join(folder, promtool), nil
}
