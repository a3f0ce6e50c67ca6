// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package virt

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"

	"github.com/novasphere/wukong/e2e/lab/process"
)

const (
	// grace is what a program gets to end by itself. virt-api would let its clients go for ten seconds, and has none left.
	grace = time.Second
	// restartDelay keeps a program that cannot run from being started over and over.
	restartDelay = 500 * time.Millisecond
	tailLines    = 25
)

// kept is a program that is started again when it ends, as a Deployment would: KubeVirt's components end by themselves
// when an API that they use comes or goes.
type kept struct {
	name       string
	executable string
	arguments  []string
	port       int
	logPath    string
	config     *rest.Config

	log     *os.File
	current *process.Process
	mu      sync.Mutex
	stop    chan struct{}
	stopped chan struct{}
}

// start starts the program and keeps it until end.
func (k *kept) start() error {
	var err error
	if k.log, err = os.OpenFile(k.logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return err
	}
	if err := k.launch(); err != nil {
		return errors.Join(err, k.log.Close())
	}
	k.stop, k.stopped = make(chan struct{}), make(chan struct{})
	go k.keep()
	return nil
}

func (k *kept) launch() error {
	started, err := process.Start(process.Spec{Name: k.name, Executable: k.executable, Arguments: k.arguments, Output: k.log})
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.current = started
	return nil
}

func (k *kept) running() *process.Process {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.current
}

func (k *kept) keep() {
	defer close(k.stopped)
	for {
		select {
		case <-k.stop:
			return
		case <-k.running().Exited():
		}
		select {
		case <-k.stop:
			return
		case <-time.After(restartDelay):
		}
		if err := k.launch(); err != nil {
			fmt.Fprintf(k.log, "starting %s again: %v\n", k.name, err)
			return
		}
	}
}

// end ends the program for good and waits until it is gone.
func (k *kept) end() error {
	if k == nil || k.stop == nil {
		return nil
	}
	close(k.stop)
	<-k.stopped
	_, err := k.running().Stop(grace)
	return errors.Join(err, k.log.Close())
}

// url is where the program serves a path.
func (k *kept) url(path string) string {
	return "https://" + net.JoinHostPort(loopback, strconv.Itoa(k.port)) + path
}

// waitReady waits until the program answers 200.
func (k *kept) waitReady(ctx context.Context, path string) error {
	// It proves itself with the authority of the API server, and asks nobody who he is.
	probes, err := rest.HTTPClientFor(rest.AnonymousClientConfig(k.config))
	if err != nil {
		return err
	}
	defer probes.CloseIdleConnections()
	answer := "nothing yet"
	err = wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, startTimeout, true, func(ctx context.Context) (bool, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, k.url(path), nil)
		if err != nil {
			return false, err
		}
		response, err := probes.Do(request)
		if err != nil {
			answer = err.Error()
			return false, nil
		}
		defer func() { _ = response.Body.Close() }()
		answer = response.Status
		return response.StatusCode == http.StatusOK, nil
	})
	if err != nil {
		return fmt.Errorf("%s is not ready, it answered %s: %w%s", k.name, answer, err, logTail(k.logPath))
	}
	return nil
}

// logTail returns the end of a log in a form that can end an error message.
func logTail(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Sprintf("; its log cannot be read: %v", err)
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return "; its log ends:\n" + strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		return 0, fmt.Errorf("picking a free port: %w", err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
