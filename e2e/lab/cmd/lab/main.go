// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Command lab runs Wukong's lab: a cluster to try it in, on a machine that has nothing but Go and a C compiler.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := newCommand().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func newCommand() *cobra.Command {
	command := &cobra.Command{
		Use:           "lab",
		Short:         "A cluster to try Wukong in",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	command.AddCommand(newBinariesCommand(), newHelmCommand(), newUpCommand(), newDemoCommand())
	return command
}
