// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cloudinit checks what is rendered for a guest with Debian's own cloud-init and netplan. Their packages are fetched
// and unpacked into the lab's cache; nothing is installed.
package cloudinit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/novasphere/wukong/e2e/lab/binaries"
)

// packages are cloud-init and netplan with the libraries that they need of what is not in every Debian.
var packages = []string{
	"cloud-init", "libnetplan0", "libyaml-0-2", "netplan.io", "python3-attr", "python3-certifi", "python3-chardet", "python3-charset-normalizer",
	"python3-configobj", "python3-idna", "python3-jinja2", "python3-json-pointer", "python3-jsonpatch", "python3-jsonschema", "python3-markupsafe",
	"python3-netifaces", "python3-oauthlib", "python3-pyrsistent", "python3-requests", "python3-six", "python3-urllib3", "python3-yaml",
}

// interpreter is the system's Python, which Debian's packages are made for.
const interpreter = "/usr/bin/python3"

// ErrNotFetched is in the error of Ensure where this machine's apt-get cannot fetch the packages, as without a mirror or with
// another distribution's.
var ErrNotFetched = errors.New("apt-get cannot fetch Debian's cloud-init here")

// Missing returns what this machine lacks to fetch and run the programs, empty if nothing.
func Missing() string {
	for _, program := range []string{"apt-get", "apt-cache", "dpkg-deb", interpreter} {
		if _, err := exec.LookPath(program); err != nil {
			return program + " is missing: Debian's cloud-init is fetched with apt-get and run with " + interpreter
		}
	}
	return ""
}

// Programs are cloud-init and netplan.
type Programs struct {
	// Root is the folder that the packages are unpacked in.
	Root string
	// Versions are those of cloud-init and netplan.
	Versions string
}

// Ensure returns the programs. They are fetched into the lab's cache when they are not there in the version that apt-get
// knows; progress is told. The error has ErrNotFetched in it where they cannot be.
func Ensure(ctx context.Context, progress io.Writer) (Programs, error) {
	cache, err := binaries.CacheDir()
	if err != nil {
		return Programs{}, err
	}
	known, err := exec.CommandContext(ctx, "apt-cache", append([]string{"policy"}, packages...)...).Output()
	if err != nil {
		return Programs{}, fmt.Errorf("apt-cache policy: %w", err)
	}
	sum := sha256.Sum256([]byte(candidates(string(known))))
	folder := filepath.Join(cache, "cloud-init-"+hex.EncodeToString(sum[:6]))
	there := func() bool {
		_, err := os.Stat(folder)
		return err == nil
	}
	if err := binaries.Once(ctx, folder, there, func() error { return fetch(ctx, folder, progress) }, progress); err != nil {
		return Programs{}, err
	}
	return Programs{Root: folder, Versions: versions(string(known))}, nil
}

// candidates returns the lines of apt-cache policy that say what would be fetched.
func candidates(policy string) string {
	var lines []string
	for line := range strings.Lines(policy) {
		if !strings.HasPrefix(line, " ") || strings.Contains(line, "Candidate:") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return strings.Join(lines, "\n")
}

func versions(policy string) string {
	lines := strings.Split(candidates(policy), "\n")
	var found []string
	for i := 0; i+1 < len(lines); i++ {
		if name := strings.TrimSuffix(lines[i], ":"); name == "cloud-init" || name == "netplan.io" {
			found = append(found, name+" "+strings.TrimPrefix(lines[i+1], "Candidate: "))
		}
	}
	return strings.Join(found, ", ")
}

// fetch unpacks into a folder of its own and renames it, so that one that is cut short leaves nothing behind.
func fetch(ctx context.Context, folder string, progress io.Writer) error {
	unfinished := folder + ".unfinished"
	if err := os.RemoveAll(unfinished); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(unfinished) }()
	archives := filepath.Join(unfinished, "archives")
	if err := os.MkdirAll(archives, 0o755); err != nil {
		return err
	}
	fmt.Fprintf(progress, "cloud-init: running apt-get download for %d packages\n", len(packages))
	download := exec.CommandContext(ctx, "apt-get", append([]string{"download"}, packages...)...)
	download.Dir = archives
	if output, err := download.CombinedOutput(); err != nil {
		return fmt.Errorf("%w; apt-get update may be needed first: %w\n%s", ErrNotFetched, err, output)
	}
	paths, err := filepath.Glob(filepath.Join(archives, "*.deb"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		if output, err := exec.CommandContext(ctx, "dpkg-deb", "--extract", path, unfinished).CombinedOutput(); err != nil {
			return fmt.Errorf("unpacking %s: %w\n%s", filepath.Base(path), err, output)
		}
	}
	if err := os.RemoveAll(archives); err != nil {
		return err
	}
	return os.Rename(unfinished, folder)
}

// environment is what the programs run with.
func (p Programs) environment() []string {
	libraries, _ := filepath.Glob(filepath.Join(p.Root, "usr/lib/*-linux-gnu*"))
	more, _ := filepath.Glob(filepath.Join(p.Root, "lib/*-linux-gnu*"))
	return append(os.Environ(),
		"PYTHONPATH="+filepath.Join(p.Root, "usr/lib/python3/dist-packages"), "PYTHONDONTWRITEBYTECODE=1",
		"LD_LIBRARY_PATH="+strings.Join(append(libraries, more...), ":"))
}
