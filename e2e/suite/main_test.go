// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package suite tells what a user of Wukong sees, from a declaration to a machine and back to clean nodes, with the
// manager as a process of its own under the rights that are shipped.
package suite

import (
	"fmt"
	"os"
	"testing"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/novasphere/wukong/e2e/lab"
)

func TestMain(m *testing.M) {
	// What the lab itself logs is told in errors; the manager is a process of its own.
	ctrl.SetLogger(logr.Discard())
	code := m.Run()
	if err := lab.RemoveManagerBuild(); err != nil {
		fmt.Fprintln(os.Stderr, "removing the manager's build:", err)
		code = 1
	}
	os.Exit(code)
}
