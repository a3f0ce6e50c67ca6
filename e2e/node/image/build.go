// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"context"
	"crypto/ed25519"
	"encoding/pem"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/crypto/ssh"
)

// diskSize leaves room for what the node writes; the file has holes where nothing is.
const diskSize = "2G"

// install unpacks Debian into a folder.
func (r Recipe) install(ctx context.Context, root string) error {
	arguments := []string{
		"--mode=root", "--variant=minbase", "--dpkgopt=force-unsafe-io",
		"--include=" + strings.Join(slices.Concat(packages, r.Packages), ","),
	}
	for _, option := range aptOptions {
		arguments = append(arguments, "--aptopt="+option)
	}
	return run(ctx, "mmdebstrap", append(arguments, r.Suite, root, mirror)...)
}

// configure writes the recipe's files and lets a new key in.
func (r Recipe) configure(root string, image Image) error {
	files := r.files()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return err
	}
	if err := os.WriteFile(image.Key, pem.EncodeToMemory(block), 0o600); err != nil {
		return err
	}
	authorized, err := ssh.NewPublicKey(public)
	if err != nil {
		return err
	}
	files["root/.ssh/authorized_keys"] = string(ssh.MarshalAuthorizedKey(authorized))
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(root, name)
		// Packages bring some of these as links to elsewhere.
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		// NetworkManager and the SSH server want their files to be root's alone; nothing else minds, as all of the node is.
		if err := os.WriteFile(path, []byte(files[name]), modeOf(name)); err != nil {
			return err
		}
	}
	return nil
}

func modeOf(name string) fs.FileMode {
	if strings.HasSuffix(name, ".nmconnection") || strings.HasPrefix(filepath.Base(name), "authorized") {
		return 0o600
	}
	return 0o644
}

// pack makes the folder a disk, and keeps beside it what the node boots with and answers with.
func pack(ctx context.Context, root string, image Image) error {
	for pattern, to := range map[string]string{
		"boot/vmlinuz-*":                    image.Kernel,
		"boot/initrd.img-*":                 image.InitialRAMDisk,
		"etc/ssh/ssh_host_ed25519_key.pub*": image.HostKey,
	} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return err
		}
		if len(found) != 1 {
			return fmt.Errorf("the node's disk has %d files %s, want one", len(found), pattern)
		}
		content, err := os.ReadFile(found[0])
		if err != nil {
			return err
		}
		if err := os.WriteFile(to, content, 0o644); err != nil {
			return err
		}
	}
	if err := run(ctx, "mke2fs", "-q", "-t", "ext4", "-d", root, image.Disk, diskSize); err != nil {
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
