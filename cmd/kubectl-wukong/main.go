// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Command kubectl-wukong is a kubectl plugin that shows, without a cluster, what Wukong makes of a Wukong.
package main

import (
	"fmt"
	"io"
	"os"
)

// version is stamped by the build.
var version = "dev"

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run runs the command line and returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	command := newCommand()
	command.SetArgs(args)
	command.SetIn(stdin)
	command.SetOut(stdout)
	command.SetErr(stderr)
	if err := command.Execute(); err != nil {
		fmt.Fprintln(stderr, "Error:", err)
		return 1
	}
	return 0
}
