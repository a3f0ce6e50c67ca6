// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"context"
	"io"
)

// The CNI plugins, by their names.
const (
	bridgePlugin  = "bridge"
	macvlanPlugin = "macvlan"
)

// EnsurePlugins returns a folder with the CNI plugins bridge and macvlan of the project containernetworking. They are built
// into the lab's cache when they are not there: progress is told about that, and about nothing else.
func EnsurePlugins(ctx context.Context, progress io.Writer) (string, error) {
	return ensureBuilt(ctx, "cni", []string{bridgePlugin, macvlanPlugin}, progress)
}
