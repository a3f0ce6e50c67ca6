// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"context"
	"io"
	"path/filepath"
)

const helm = "helm"

// EnsureHelm returns the path of helm, which makes the chart package and the manifests of a release and renders the chart in tests.
// It is built into the lab's cache when it is not there: progress is told about that, and about nothing else.
func EnsureHelm(ctx context.Context, progress io.Writer) (string, error) {
	folder, err := ensureBuilt(ctx, "helm", []string{helm}, progress)
	if err != nil {
		return "", err
	}
	return filepath.Join(folder, helm), nil
}
