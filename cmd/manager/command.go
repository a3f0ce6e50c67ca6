// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client/config"
)

func newCommand() *cobra.Command {
	opts := defaultOptions()
	command := &cobra.Command{
		Use:           "manager",
		Short:         "Run Wukong's controllers",
		Version:       version,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(command *cobra.Command, _ []string) error {
			return run(command.Context(), opts)
		},
	}
	opts.addFlags(command.Flags())
	// controller-runtime reads the place of the kubeconfig from a flag of the standard library.
	kubeconfig := flag.NewFlagSet("kubeconfig", flag.ContinueOnError)
	config.RegisterFlags(kubeconfig)
	command.PersistentFlags().AddGoFlagSet(kubeconfig)
	command.AddCommand(newCRDsCommand(), newCheckCommand())
	return command
}
