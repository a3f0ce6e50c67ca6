// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/novasphere/wukong/e2e/lab/binaries"
)

// Disk is a folder with what a machine needs to boot.
type Disk string

// Image returns the path of the root file system. It is shared and must not be written to.
func (d Disk) Image() string { return d.File("disk.img") }

// Kernel returns the path of the disk's kernel.
func (d Disk) Kernel() string { return d.File("vmlinuz") }

// InitialRAMDisk returns the path of what the kernel begins with.
func (d Disk) InitialRAMDisk() string { return d.File("initrd.img") }

// File returns the path of a file that the recipe keeps beside the disk.
func (d Disk) File(name string) string { return filepath.Join(string(d), name) }

// Ensure returns the recipe's disk. It is built into the lab's cache when it is not there, which happens once and needs root:
// progress is told about that, and about nothing else.
func (r Recipe) Ensure(ctx context.Context, progress io.Writer) (Disk, error) {
	cache, err := binaries.CacheDir()
	if err != nil {
		return "", err
	}
	fingerprint, err := r.fingerprint()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, r.Name+"-"+r.Suite+"-"+fingerprint)
	there := func() bool { return built(folder) }
	build := func() error {
		if os.Geteuid() != 0 {
			return fmt.Errorf("the disk of %s can only be built by root: run this once as root, or with WUKONG_LAB_CACHE set to a cache that has it", r.Name)
		}
		return r.build(ctx, folder, progress)
	}
	if err := binaries.Once(ctx, folder, there, build, progress); err != nil {
		return "", err
	}
	return Disk(folder), nil
}

func built(folder string) bool {
	info, err := os.Stat(folder)
	return err == nil && info.IsDir()
}

// build works in a folder of its own and renames, so that a build that is cut short never leaves half a disk behind.
func (r Recipe) build(ctx context.Context, folder string, progress io.Writer) error {
	unfinished := folder + ".unfinished"
	if err := os.RemoveAll(unfinished); err != nil {
		return err
	}
	if err := os.MkdirAll(unfinished, 0o755); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(unfinished) }()
	fmt.Fprintf(progress, "%s: building a disk with Debian %s in %s; this happens once and takes some minutes\n", r.Name, r.Suite, folder)
	started := time.Now()
	root := filepath.Join(unfinished, "root")
	if err := r.install(ctx, root); err != nil {
		return err
	}
	if err := r.write(root); err != nil {
		return err
	}
	if r.Finish != nil {
		if err := r.Finish(root, unfinished); err != nil {
			return err
		}
	}
	if err := r.pack(ctx, root, Disk(unfinished)); err != nil {
		return err
	}
	if err := os.Rename(unfinished, folder); err != nil {
		return err
	}
	fmt.Fprintf(progress, "%s: built the disk with Debian %s in %.0f s\n", r.Name, r.Suite, time.Since(started).Seconds())
	return nil
}
