// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/go-logr/logr"

	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/binaries"
	"github.com/novasphere/wukong/e2e/lab/demo"
)

func newBinariesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "binaries",
		Short: "Build the servers of the lab, of Kubernetes and of KubeVirt, helm and promtool, unless they are in the cache",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if _, err := binaries.Ensure(command.Context(), os.Stderr); err != nil {
				return err
			}
			if _, err := binaries.EnsureKubeVirt(command.Context(), os.Stderr); err != nil {
				return err
			}
			if _, err := binaries.EnsureHelm(command.Context(), os.Stderr); err != nil {
				return err
			}
			_, err := binaries.EnsurePromtool(command.Context(), os.Stderr)
			return err
		},
	}
}

func newHelmCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "helm",
		Short: "Print the path of helm, which is built unless it is in the cache",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			path, err := binaries.EnsureHelm(command.Context(), os.Stderr)
			if err != nil {
				return err
			}
			fmt.Println(path)
			return nil
		},
	}
}

func newDemoCommand() *cobra.Command {
	var once bool
	command := &cobra.Command{
		Use:   "demo",
		Short: "Show two machines from their declaration to clean nodes",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			ctrl.SetLogger(logr.Discard())
			return demo.Run(command.Context(), demo.Options{Once: once, Out: os.Stdout})
		},
	}
	command.Flags().BoolVar(&once, "once", false, "end when both machines have been shown, instead of waiting to be interrupted")
	return command
}

func newUpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "up",
		Short: "Start the lab with Wukong's manager, and keep it until interrupted",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) (err error) {
			ctrl.SetLogger(logr.Discard())
			ctx := command.Context()
			started, err := lab.Start(ctx, lab.Options{})
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, started.Stop(), lab.RemoveManagerBuild()) }()
			manager, err := started.StartManager(ctx, lab.ManagerOptions{LeaderElect: true, Log: os.Stderr})
			if err != nil {
				return err
			}
			fmt.Printf("export KUBECONFIG=%s\n", started.Plane.Kubeconfig())
			select {
			case <-ctx.Done():
				return manager.Stop()
			case <-manager.Exited():
				return errors.New("the manager ended by itself")
			}
		},
	}
}
