// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"context"
	"io"
	"slices"

	"github.com/novasphere/wukong/e2e/debian"
	"github.com/novasphere/wukong/e2e/qemu"
)

const (
	keyFile     = "key"
	hostKeyFile = "host_key.pub"
)

// Image is what a node needs to boot.
type Image struct {
	debian.Disk
	// Key is the private key that logs in as root; HostKey is the public key that the node answers with. Both are paths.
	Key, HostKey string
}

// EnsurePrograms installs what is missing on this machine to build a node's disk and to boot it; see debian.EnsurePrograms.
func EnsurePrograms(ctx context.Context, progress io.Writer) error {
	return debian.EnsurePrograms(ctx, qemu.Program(), progress)
}

// Ensure returns the recipe's image. It is built into the lab's cache when it is not there, which happens once and needs
// root: progress is told about that, and about nothing else.
func (r Recipe) Ensure(ctx context.Context, progress io.Writer) (Image, error) {
	disk, err := debian.Recipe{
		Name: "node", Suite: r.Suite, Packages: slices.Concat(packages, r.Packages), Files: r.files(),
		Keep:   map[string]string{"etc/ssh/ssh_host_ed25519_key.pub*": hostKeyFile},
		Finish: letIn,
	}.Ensure(ctx, progress)
	return Image{Disk: disk, Key: disk.File(keyFile), HostKey: disk.File(hostKeyFile)}, err
}
