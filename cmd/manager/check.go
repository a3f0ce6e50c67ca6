// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/novasphere/wukong/pkg/prerequisites"
)

// podNamespaceFile is where a pod finds its namespace (Kubernetes, "Accessing the Kubernetes API from a Pod").
const podNamespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// checkEvery is how long a check waits before it looks again while something is missing.
const checkEvery = 2 * time.Second

func newCheckCommand() *cobra.Command {
	var namespace string
	timeout := time.Minute
	command := &cobra.Command{
		Use:   "check",
		Short: "Say whether the cluster has what Wukong needs; fails when something is missing that no machine can do without",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if namespace == "" {
				content, err := os.ReadFile(podNamespaceFile)
				if err != nil {
					return fmt.Errorf("outside a pod, --namespace must name the manager's namespace: %w", err)
				}
				namespace = strings.TrimSpace(string(content))
			}
			findings, err := check(command.Context(), namespace, timeout)
			if err != nil {
				return err
			}
			return report(command.OutOrStdout(), findings)
		},
	}
	command.Flags().StringVar(&namespace, "namespace", namespace, "namespace of the manager; default: the pod's own")
	command.Flags().DurationVar(&timeout, "timeout", timeout, "how long to wait for what is missing, such as a manager that has just been started")
	return command
}

// check looks at the cluster until nothing is missing or the time is over, and returns what it found last.
func check(ctx context.Context, namespace string, timeout time.Duration) ([]prerequisites.Finding, error) {
	c, err := newOneOffClient()
	if err != nil {
		return nil, err
	}
	var findings []prerequisites.Finding
	err = wait.PollUntilContextTimeout(ctx, checkEvery, timeout, true, func(ctx context.Context) (bool, error) {
		facts, err := observe(ctx, c, namespace, time.Now())
		if err != nil {
			return false, err
		}
		findings = prerequisites.Judge(facts)
		return !prerequisites.Failed(findings), nil
	})
	if findings != nil && wait.Interrupted(err) {
		return findings, nil
	}
	return findings, err
}

// report prints the findings, and returns an error when one of them is a failure.
func report(out io.Writer, findings []prerequisites.Finding) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, finding := range findings {
		if _, err := fmt.Fprintf(table, "%s\t%s\t%s\n", finding.Level, finding.Subject, finding.Message); err != nil {
			return err
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if prerequisites.Failed(findings) {
		return errors.New("something is missing that no machine can do without; see FAILED above")
	}
	return nil
}
