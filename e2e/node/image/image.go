// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/novasphere/wukong/e2e/lab/binaries"
)

// Image is what a node needs to boot, as paths of files.
type Image struct {
	// Disk is the root file system. It is shared and must not be written to.
	Disk string
	// Kernel and InitialRAMDisk are the disk's.
	Kernel, InitialRAMDisk string
	// Key is the private key that logs in as root; HostKey is the public key that the node answers with.
	Key, HostKey string
}

// in returns the paths of an image's files in a folder.
func in(folder string) Image {
	return Image{
		Disk:           filepath.Join(folder, "disk.img"),
		Kernel:         filepath.Join(folder, "vmlinuz"),
		InitialRAMDisk: filepath.Join(folder, "initrd.img"),
		Key:            filepath.Join(folder, "key"),
		HostKey:        filepath.Join(folder, "host_key.pub"),
	}
}

// Ensure returns the recipe's image. It is built into the lab's cache when it is not there, which happens once: progress is
// told about that, and about nothing else.
func (r Recipe) Ensure(ctx context.Context, progress io.Writer) (Image, error) {
	cache, err := binaries.CacheDir()
	if err != nil {
		return Image{}, err
	}
	fingerprint, err := r.fingerprint()
	if err != nil {
		return Image{}, err
	}
	folder := filepath.Join(cache, "node-"+r.Suite+"-"+fingerprint)
	there := func() bool { return built(folder) }
	build := func() error {
		if os.Geteuid() != 0 {
			return errors.New("the node's disk can only be built by root: run this once as root, or with WUKONG_LAB_CACHE set to a cache that has it")
		}
		return r.build(ctx, folder, progress)
	}
	if err := binaries.Once(ctx, folder, there, build, progress); err != nil {
		return Image{}, err
	}
	return in(folder), nil
}

func built(folder string) bool {
	info, err := os.Stat(folder)
	return err == nil && info.IsDir()
}

// build works in a folder of its own and renames, so that a build that is cut short never leaves half an image behind.
func (r Recipe) build(ctx context.Context, folder string, progress io.Writer) error {
	unfinished := folder + ".unfinished"
	if err := os.RemoveAll(unfinished); err != nil {
		return err
	}
	if err := os.MkdirAll(unfinished, 0o755); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(unfinished) }()
	fmt.Fprintf(progress, "node: building a disk with Debian %s in %s; this happens once and takes some minutes\n", r.Suite, folder)
	started := time.Now()
	root := filepath.Join(unfinished, "root")
	if err := r.install(ctx, root); err != nil {
		return err
	}
	if err := r.configure(root, in(unfinished)); err != nil {
		return err
	}
	if err := pack(ctx, root, in(unfinished)); err != nil {
		return err
	}
	if err := os.Rename(unfinished, folder); err != nil {
		return err
	}
	fmt.Fprintf(progress, "node: built the disk with Debian %s in %.0f s\n", r.Suite, time.Since(started).Seconds())
	return nil
}
