// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package suite tells what a user of Wukong sees, from a declaration to a machine and back to clean nodes, with the
// manager as a process of its own under the rights that are shipped.
package suite

import (
	"fmt"
	"os"
	"testing"

	"github.com/novasphere/wukong/e2e/lab"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := lab.RemoveManagerBuild(); err != nil {
		fmt.Fprintln(os.Stderr, "removing the manager's build:", err)
		code = 1
	}
	os.Exit(code)
}
