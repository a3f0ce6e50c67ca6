// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// install unpacks Debian into a folder.
func (r Recipe) install(ctx context.Context, root string) error {
	arguments := []string{
		"--mode=root", "--variant=minbase", "--dpkgopt=force-unsafe-io", "--include=" + strings.Join(r.Packages, ","),
	}
	for _, option := range aptOptions {
		arguments = append(arguments, "--aptopt="+option)
	}
	return run(ctx, "mmdebstrap", append(arguments, r.Suite, root, mirror)...)
}

// write writes the recipe's files.
func (r Recipe) write(root string) error {
	for _, name := range slices.Sorted(maps.Keys(r.Files)) {
		if err := Write(root, name, r.Files[name]); err != nil {
			return err
		}
	}
	return nil
}

// Write writes one file of a disk that is being built, by its path without the first slash.
func Write(root, name, content string) error {
	path := filepath.Join(root, name)
	// Packages bring some of these as links to elsewhere.
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	// NetworkManager and the SSH server want their files to be root's alone; nothing else minds, as all of the machine is.
	return os.WriteFile(path, []byte(content), modeOf(name))
}

func modeOf(name string) fs.FileMode {
	if strings.HasSuffix(name, ".nmconnection") || strings.HasPrefix(filepath.Base(name), "authorized") {
		return 0o600
	}
	return 0o644
}

// pack makes the folder a disk, and keeps beside it what the machine boots with and what the recipe wants.
func (r Recipe) pack(ctx context.Context, root string, disk Disk) error {
	keep := map[string]string{"boot/vmlinuz-*": disk.Kernel(), "boot/initrd.img-*": disk.InitialRAMDisk()}
	for pattern, name := range r.Keep {
		keep[pattern] = disk.File(name)
	}
	for pattern, to := range keep {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return err
		}
		if len(found) != 1 {
			return fmt.Errorf("the disk of %s has %d files %s, want one", r.Name, len(found), pattern)
		}
		content, err := os.ReadFile(found[0])
		if err != nil {
			return err
		}
		if err := os.WriteFile(to, content, 0o644); err != nil {
			return err
		}
	}
	if err := run(ctx, "mke2fs", "-q", "-t", "ext4", "-d", root, disk.Image(), diskSize); err != nil {
		return err
	}
	return os.RemoveAll(root)
}

// run runs a program; what it says is for when it fails.
func run(ctx context.Context, program string, arguments ...string) error {
	command := exec.CommandContext(ctx, program, arguments...)
	// It then cleans up what it has mounted.
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	output, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", program, strings.Join(arguments, " "), err, output)
	}
	return nil
}
