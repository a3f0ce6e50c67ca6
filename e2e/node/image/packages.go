// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// programs are those that build a disk and boot it, with the Debian packages that have them.
var programs = map[string]string{
	"mke2fs":             "e2fsprogs",
	"mmdebstrap":         "mmdebstrap",
	"qemu-system-x86_64": "qemu-system-x86",
}

// EnsurePrograms installs the programs that are missing on this machine, where it can, and tells progress the command. It is
// an error when programs are missing and this is not root on a machine with apt-get.
func EnsurePrograms(ctx context.Context, progress io.Writer) error {
	missing := missingPackages()
	if len(missing) == 0 {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		return fmt.Errorf("install what is missing to build and boot a node, on Debian: apt-get install %s", strings.Join(missing, " "))
	}
	arguments := append([]string{"install", "--yes", "--no-install-recommends"}, missing...)
	fmt.Fprintf(progress, "node: running apt-get %s\n", strings.Join(arguments, " "))
	command := exec.CommandContext(ctx, "apt-get", arguments...)
	command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get %s, after which apt-get update may help: %w\n%s", strings.Join(arguments, " "), err, output)
	}
	return nil
}

func missingPackages() []string {
	var missing []string
	for program, name := range programs {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	return missing
}
