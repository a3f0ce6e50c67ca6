// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2enode

package node

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/novasphere/wukong/e2e/node/nmstatectl"
)

// update has what NMState reports of a node written to the testdata of pkg/nodenet.
var update = flag.Bool("update", false, "write what NMState reports of the nodes to pkg/nodenet/testdata/nodes")

// tool is NMState's command line tool; it is built before the first test.
var tool nmstatectl.Tool

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ensured, err := nmstatectl.Ensure(context.Background(), os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e/node:", err)
		return 1
	}
	tool = ensured
	return m.Run()
}
