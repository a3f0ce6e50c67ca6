// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
)

const (
	readinessPoll = 50 * time.Millisecond
	probeTimeout  = 5 * time.Second
	// tailLines is about what an error message can hold and a person will read.
	tailLines = 25
	tailBytes = 8 << 10
)

// waitReady waits until the URL answers 200, and gives up as soon as the process has ended.
func (p *component) waitReady(ctx context.Context, client *http.Client, url string) error {
	// If another process has taken the port, it may take our question and never answer it.
	probing, stopProbing := context.WithCancel(ctx)
	defer stopProbing()
	go func() {
		select {
		case <-p.Exited():
			stopProbing()
		case <-probing.Done():
		}
	}()
	ticker := time.NewTicker(readinessPoll)
	defer ticker.Stop()
	answer := "nothing yet"
	for {
		select {
		case <-p.Exited():
			return p.startFailure()
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready, %s answered %s: %w%s", p.name, url, answer, ctx.Err(), logTail(p.logPath))
		case <-ticker.C:
		}
		if answer = probe(probing, client, url); answer == "" {
			return nil
		}
	}
}

// startFailure is told apart from a taken port, for which trying again with another is the cure.
func (p *component) startFailure() error {
	tail := logTail(p.logPath)
	if strings.Contains(tail, "address already in use") {
		return fmt.Errorf("%s: %w%s", p.name, errPortTaken, tail)
	}
	return fmt.Errorf("%s ended while it started (%s)%s", p.name, p.State(), tail)
}

// probe returns nothing when the URL answers 200, and else what it answered.
func probe(ctx context.Context, client *http.Client, url string) string {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err.Error()
	}
	response, err := client.Do(request)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode == http.StatusOK {
		return ""
	}
	body, _ := io.ReadAll(io.LimitReader(response.Body, tailBytes))
	return response.Status + " " + string(body)
}

// waitForServiceAccounts waits for the default service account, without which no pod can be created. It also proves that the
// controllers do their work, which their health check does not.
func (p *ControlPlane) waitForServiceAccounts(ctx context.Context) error {
	client, err := corev1client.NewForConfig(p.config)
	if err != nil {
		return err
	}
	err = wait.PollUntilContextCancel(ctx, readinessPoll, true, func(ctx context.Context) (bool, error) {
		_, err := client.ServiceAccounts(corev1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
		return err == nil, nil
	})
	if err != nil {
		return fmt.Errorf("the default service account does not appear: %w%s", err, logTail(p.controllerManager.logPath))
	}
	return nil
}

// logTail returns the end of a log in a form that can end an error message.
func logTail(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Sprintf("; its log cannot be read: %v", err)
	}
	if len(content) > tailBytes {
		content = content[len(content)-tailBytes:]
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	if len(lines) > tailLines {
		lines = lines[len(lines)-tailLines:]
	}
	return "; its log ends:\n" + strings.Join(lines, "\n")
}
