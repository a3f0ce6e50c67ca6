// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2eguest

package guest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/novasphere/wukong/e2e/debian"
	"github.com/novasphere/wukong/e2e/guest/image"
	"github.com/novasphere/wukong/e2e/guest/netns"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/binaries"
)

// disk is what all guests boot from, and plugins the folder of the CNI plugins; both are there before the first test.
var (
	disk    debian.Disk
	plugins string
)

func TestMain(m *testing.M) {
	// What the lab itself logs is told in errors; the manager is a process of its own.
	ctrl.SetLogger(logr.Discard())
	if err := prepare(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "e2e/guest:", err)
		os.Exit(1)
	}
	code := m.Run()
	if err := lab.RemoveManagerBuild(); err != nil {
		fmt.Fprintln(os.Stderr, "removing the manager's build:", err)
		code = 1
	}
	os.Exit(code)
}

func prepare(ctx context.Context) error {
	if os.Geteuid() != 0 {
		return errors.New("this makes network namespaces, bridges and taps: run it as root")
	}
	if err := image.EnsurePrograms(ctx, os.Stderr); err != nil {
		return err
	}
	if err := netns.Sweep(ctx); err != nil {
		return err
	}
	var err error
	if plugins, err = binaries.EnsurePlugins(ctx, os.Stderr); err != nil {
		return err
	}
	disk, err = image.Ensure(ctx, os.Stderr)
	return err
}
