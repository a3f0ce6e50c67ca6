// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package debian builds disks with Debian on them for machines that boot in QEMU, from Debian's packages and without a loop
// device.
package debian

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Recipe says what is on a disk. Two equal recipes share one.
type Recipe struct {
	// Name is what the cache and messages call the disk.
	Name string
	// Suite is the Debian release.
	Suite string
	// Packages are installed beside the smallest Debian. A kernel has to be among them.
	Packages []string
	// Files are written over what the packages brought, by their path without the first slash.
	Files map[string]string
	// Keep are files of the disk that are wanted beside it, by a pattern of their path on the disk; each pattern is to match
	// one file, and has the name it is kept under.
	Keep map[string]string
	// Finish does what is different each time a disk is built, such as making keys. It is given the folder with the disk's
	// files and the folder that the disk will be in. It may be nil, and does not tell two recipes apart.
	Finish func(root, folder string) error `json:"-"`
}

// mirror is Debian's own; apt's proxy settings on this machine apply.
const mirror = "http://deb.debian.org/debian"

// diskSize leaves room for what the machine writes; the file has holes where nothing is.
const diskSize = "2G"

// aptOptions keep the disk small. A mirror that stands still for some weeks will do: nothing of it is ever reachable.
var aptOptions = []string{`APT::Install-Recommends "false"`, `Acquire::Check-Valid-Until "false"`}

// fingerprint changes whenever the disk would.
func (r Recipe) fingerprint() (string, error) {
	content, err := json.Marshal([]any{r, aptOptions, mirror, diskSize})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])[:12], nil
}
