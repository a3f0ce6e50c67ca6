// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package image builds the disk that a guest boots from: Debian with cloud-init, as its cloud image has it, and a default
// user with the name that the product's first documents log in with.
package image

import (
	"context"
	"io"

	"github.com/novasphere/wukong/e2e/debian"
	"github.com/novasphere/wukong/e2e/qemu"
)

// DefaultUser is the user of the image, who gets the keys when no other user is declared.
const DefaultUser = "ubuntu"

// recipe is the disk. cloud-init finds there whatever its modules would have to install: nothing can be fetched.
var recipe = debian.Recipe{
	Name: "guest", Suite: "bookworm",
	Packages: []string{
		"cloud-init", "dbus", "iproute2", "iputils-ping", "linux-image-cloud-amd64", "netplan.io", "nftables", "openssh-server",
		"qemu-guest-agent", "sudo", "systemd-resolved", "systemd-sysv", "udev", "ufw",
	},
	Files: map[string]string{
		"etc/cloud/cloud.cfg.d/90_image.cfg": cloudConfig,
		"etc/hostname":                       "image\n",
		// Without acceleration and on a busy machine, what is slow has not failed.
		"etc/systemd/system.conf.d/patience.conf": "[Manager]\nDefaultTimeoutStartSec=20min\nDefaultDeviceTimeoutSec=20min\n",
		// No package source is in reach, and waiting for one takes minutes.
		"etc/apt/sources.list": "",
	},
}

// cloudConfig is the image's own configuration of cloud-init. Beside the user's name it is Debian's, without what needs packages
// that are not on the disk, such as locales, and without the host keys that take long to make without acceleration.
const cloudConfig = `datasource_list: [NoCloud, None]
system_info:
  default_user:
    name: ` + DefaultUser + `
ssh_genkeytypes: [ed25519]
cloud_config_modules: [ssh-import-id, keyboard, set-passwords, apt-configure, ntp, timezone, runcmd]
`

// Ensure returns the disk. It is built into the lab's cache when it is not there, which happens once and needs root: progress
// is told about that, and about nothing else.
func Ensure(ctx context.Context, progress io.Writer) (debian.Disk, error) {
	return recipe.Ensure(ctx, progress)
}

// EnsurePrograms installs what is missing on this machine to build the disk, to plug the guest's NICs and to boot it; see
// debian.EnsurePrograms.
func EnsurePrograms(ctx context.Context, progress io.Writer) error {
	programs := qemu.Program()
	programs["ip"] = "iproute2"
	programs["nft"] = "nftables"
	programs["nsenter"] = "util-linux"
	programs["ping"] = "iputils-ping"
	programs["xorrisofs"] = "xorriso"
	return debian.EnsurePrograms(ctx, programs, progress)
}
