// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newCommand() *cobra.Command {
	command := &cobra.Command{
		Use:           "kubectl-wukong",
		Short:         "Look at Wukongs without a cluster",
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl wukong"},
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	command.AddCommand(newRenderCommand(), &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		Run: func(command *cobra.Command, _ []string) {
			fmt.Fprintln(command.OutOrStdout(), version)
		},
	})
	return command
}

func newRenderCommand() *cobra.Command {
	opts := defaultOptions()
	command := &cobra.Command{
		Use:   "render -f FILE",
		Short: "Print every object that Wukong makes for the Wukongs in files",
		Long: `Print every object that Wukong makes for the Wukongs in files.

The Wukongs are validated as an API server does it. Secrets in the same files provide what Wukongs refer to.
WukongUplinks are validated too, but not evaluated: whether they allow a network is not told, and their names are taken
for those of NICs. Documents of other kinds are ignored. Nothing is read from a cluster: what is derived from a Wukong's UID, such as
MAC addresses, is the real thing only where the file has the UID.`,
		Example: `  kubectl wukong render -f vm.yaml
  kubectl get wukong vm -o yaml | kubectl wukong render -f - -o json`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return render(opts, command.InOrStdin(), command.OutOrStdout(), command.ErrOrStderr())
		},
	}
	opts.addFlags(command.Flags())
	return command
}
