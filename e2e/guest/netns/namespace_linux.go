// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// prefix begins the names of all namespaces that are made here; the process follows.
	prefix = "wukong-guest-"
	// folder is where iproute2 keeps the namespaces.
	folder = "/run/netns"
)

// Namespace is a network namespace that iproute2 knows.
type Namespace struct{ name string }

// New makes a namespace whose loopback is up. Delete it.
func New(ctx context.Context, label string) (*Namespace, error) {
	n := &Namespace{name: fmt.Sprintf("%s%d-%s", prefix, os.Getpid(), label)}
	if err := ip(ctx, "netns", "add", n.name); err != nil {
		return nil, err
	}
	if err := n.IP(ctx, "link", "set", "lo", "up"); err != nil {
		return nil, errors.Join(err, n.Delete(ctx))
	}
	return n, nil
}

// Sweep deletes what processes left behind that ended without deleting their namespaces.
func Sweep(ctx context.Context) error {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var failures []error
	for _, entry := range entries {
		rest, ours := strings.CutPrefix(entry.Name(), prefix)
		number, _, _ := strings.Cut(rest, "-")
		owner, err := strconv.Atoi(number)
		if !ours || err != nil || !errors.Is(syscall.Kill(owner, 0), syscall.ESRCH) {
			continue
		}
		failures = append(failures, (&Namespace{name: entry.Name()}).Delete(ctx))
	}
	return errors.Join(failures...)
}

// Name returns the name that iproute2 knows the namespace by.
func (n *Namespace) Name() string { return n.name }

// Path returns the namespace's file.
func (n *Namespace) Path() string { return filepath.Join(folder, n.name) }

// Delete deletes the namespace, and with it its links.
func (n *Namespace) Delete(ctx context.Context) error { return ip(ctx, "netns", "delete", n.name) }

// IP runs the ip program in the namespace.
func (n *Namespace) IP(ctx context.Context, arguments ...string) error {
	return ip(ctx, append([]string{"-n", n.name}, arguments...)...)
}

// Run runs a program in the namespace, with the namespace's own /sys, and returns its standard output.
func (n *Namespace) Run(ctx context.Context, program string, arguments ...string) ([]byte, error) {
	return output(exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", n.name, program}, arguments...)...))
}

// Do calls the function with its goroutine in the namespace. Sockets that it opens and programs that it starts are there too,
// but not what it has another goroutine do.
func (n *Namespace) Do(do func() error) error {
	result := make(chan error, 1)
	go func() {
		// Never unlocked: the thread ends with the goroutine, instead of coming back to others in a namespace that is not theirs.
		runtime.LockOSThread()
		result <- n.enter(do)
	}()
	return <-result
}

func (n *Namespace) enter(do func() error) error {
	file, err := os.Open(n.Path())
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	if err := unix.Setns(int(file.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("entering the namespace %s: %w", n.name, err)
	}
	return do()
}

func ip(ctx context.Context, arguments ...string) error {
	_, err := output(exec.CommandContext(ctx, "ip", arguments...))
	return err
}

// output runs a command and returns its standard output, which comes with an error too.
func output(command *exec.Cmd) ([]byte, error) {
	said, err := command.Output()
	if err == nil {
		return said, nil
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(exit.Stderr)))
	}
	return said, fmt.Errorf("%s: %w", strings.Join(command.Args, " "), err)
}
