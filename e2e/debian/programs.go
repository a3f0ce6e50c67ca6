// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// buildPrograms are those that build a disk, with the Debian packages that have them.
var buildPrograms = map[string]string{"mke2fs": "e2fsprogs", "mmdebstrap": "mmdebstrap"}

// EnsurePrograms installs the programs that are missing on this machine to build a disk, and those that the caller needs
// beside them, named with the Debian packages that have them. Progress is told the command. It is an error when programs are
// missing and this is not root on a machine with apt-get.
func EnsurePrograms(ctx context.Context, beside map[string]string, progress io.Writer) error {
	missing := missingPackages(beside)
	if len(missing) == 0 {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		return fmt.Errorf("programs are missing; install them, on Debian: apt-get install %s", strings.Join(missing, " "))
	}
	arguments := append([]string{"install", "--yes", "--no-install-recommends"}, missing...)
	fmt.Fprintf(progress, "debian: running apt-get %s\n", strings.Join(arguments, " "))
	command := exec.CommandContext(ctx, "apt-get", arguments...)
	command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get %s, after which apt-get update may help: %w\n%s", strings.Join(arguments, " "), err, output)
	}
	return nil
}

func missingPackages(beside map[string]string) []string {
	wanted := maps.Clone(buildPrograms)
	maps.Copy(wanted, beside)
	var missing []string
	for program, name := range wanted {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	return slices.Compact(missing)
}
