// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/novasphere/wukong/e2e/lab/process"
)

const (
	// ManagerNamespace is the namespace of the manager's service account.
	ManagerNamespace = "wukong-system"
	// ManagerServiceAccount is the service account that the manager's rights are shipped for.
	ManagerServiceAccount = "wukong-manager"
	// ManagerUser is the manager's name at the API server.
	ManagerUser = "system:serviceaccount:" + ManagerNamespace + ":" + ManagerServiceAccount
)

// stopGrace is longer than the manager's own grace period.
const stopGrace = 30 * time.Second

// Manager is Wukong's manager as a process of its own.
type Manager struct {
	process *process.Process
	probes  string
	metrics string
}

// ManagerOptions say how a manager is started.
type ManagerOptions struct {
	// Arguments are added to the command line.
	Arguments []string
	// LeaderElect makes the manager wait for the leader's lease, as an installation does. After a crash the next one waits
	// until the lease has run out.
	LeaderElect bool
	// Environment is added to this process's own.
	Environment []string
	// Log takes the manager's output; nil drops it.
	Log io.Writer
}

// buildManager compiles the manager once for this process and returns the executable.
var buildManager = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "wukong-manager-")
	if err != nil {
		return "", fmt.Errorf("making a folder for the manager: %w", err)
	}
	root, err := repositoryFile()
	if err != nil {
		return "", err
	}
	executable := filepath.Join(folder, "manager")
	return executable, BuildManager(root, executable)
})

// ManagerExecutable returns the manager, which is compiled once for this process.
func ManagerExecutable() (string, error) { return buildManager() }

// BuildManager compiles the manager of a checkout of the repository, with the race detector when this process has it.
func BuildManager(repository, executable string) error {
	arguments := append([]string{"build", "-buildvcs=false", "-o", executable}, buildFlags...)
	build := exec.Command("go", append(arguments, "./cmd/manager")...)
	build.Dir = repository
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the manager: %w\n%s", err, output)
	}
	return nil
}

// RemoveManagerBuild removes what the first StartManager built.
func RemoveManagerBuild() error {
	executable, err := buildManager()
	if err != nil {
		return nil //nolint:nilerr // nothing was built, so nothing is left.
	}
	return os.RemoveAll(filepath.Dir(executable))
}

// StartManager starts the manager with the arguments of the chart's Deployment, under its service account and rights, and returns when
// it is ready.
func (l *Lab) StartManager(ctx context.Context, options ManagerOptions) (*Manager, error) {
	executable, err := buildManager()
	if err != nil {
		return nil, err
	}
	kubeconfig := l.file("manager.kubeconfig")
	if err := l.Plane.ServiceAccountKubeconfig(ctx, ManagerNamespace, ManagerServiceAccount, kubeconfig); err != nil {
		return nil, fmt.Errorf("making the manager's kubeconfig: %w", err)
	}
	probes, metrics, err := freeAddresses()
	if err != nil {
		return nil, err
	}
	// The last of a flag counts: addresses and the namespace are those of a process, not those of a pod.
	arguments := slices.Concat(l.managerArguments, []string{
		"--kubeconfig=" + kubeconfig,
		"--health-probe-bind-address=" + probes,
		"--metrics-bind-address=" + metrics,
		"--leader-elect-namespace=" + ManagerNamespace,
		fmt.Sprintf("--leader-elect=%t", options.LeaderElect),
	}, options.Arguments)
	log := options.Log
	if log == nil {
		log = io.Discard
	}
	started, err := process.Start(process.Spec{Name: "manager", Executable: executable, Arguments: arguments, Environment: options.Environment, Output: log})
	if err != nil {
		return nil, err
	}
	manager := &Manager{process: started, probes: probes, metrics: metrics}
	if err := manager.waitReady(ctx); err != nil {
		_ = manager.Kill()
		return nil, err
	}
	return manager, nil
}

// Check runs the manager's check of the cluster under its service account and returns what it prints.
func (l *Lab) Check(ctx context.Context) (string, error) {
	executable, err := buildManager()
	if err != nil {
		return "", err
	}
	kubeconfig := l.file("check.kubeconfig")
	if err := l.Plane.ServiceAccountKubeconfig(ctx, ManagerNamespace, ManagerServiceAccount, kubeconfig); err != nil {
		return "", fmt.Errorf("making the kubeconfig of the check: %w", err)
	}
	check := exec.CommandContext(ctx, executable, "check", "--timeout=1m", "--kubeconfig="+kubeconfig, "--namespace="+ManagerNamespace)
	output, err := check.CombinedOutput()
	if err != nil {
		return string(output), fmt.Errorf("checking the cluster: %w\n%s", err, output)
	}
	return string(output), nil
}

// freeAddresses returns two addresses that nobody listens on. Both are held until both are known: else the second may be the
// first once more.
func freeAddresses() (first, second string, err error) {
	var addresses [2]string
	for i := range addresses {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", "", fmt.Errorf("picking a free port: %w", err)
		}
		defer func() { _ = listener.Close() }()
		addresses[i] = listener.Addr().String()
	}
	return addresses[0], addresses[1], nil
}

func (m *Manager) waitReady(ctx context.Context) error {
	ready := func(ctx context.Context) (bool, error) {
		select {
		case <-m.process.Exited():
			return false, fmt.Errorf("the manager ended before it was ready: %w", m.process.Err())
		default:
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+m.probes+"/readyz", nil)
		if err != nil {
			return false, err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false, nil //nolint:nilerr // it does not listen yet.
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK, nil
	}
	if err := wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, time.Minute, true, ready); err != nil {
		return fmt.Errorf("waiting for the manager: %w", err)
	}
	return nil
}

// MetricsAddress is where the manager serves its metrics over HTTPS.
func (m *Manager) MetricsAddress() string { return m.metrics }

// Exited is closed when the manager has ended.
func (m *Manager) Exited() <-chan struct{} { return m.process.Exited() }

// Running reports whether the manager has not ended.
func (m *Manager) Running() bool {
	select {
	case <-m.process.Exited():
		return false
	default:
		return true
	}
}

// Kill ends the manager as a crash would.
func (m *Manager) Kill() error { return m.process.Kill() }

// Stop asks the manager to end, and returns an error when it had to be killed or ended with a failure.
func (m *Manager) Stop() error {
	graceful, err := m.process.Stop(stopGrace)
	switch {
	case err != nil:
		return err
	case !graceful:
		return fmt.Errorf("the manager did not end within %s of being asked to", stopGrace)
	case m.process.Err() != nil:
		return fmt.Errorf("the manager ended with a failure: %w", m.process.Err())
	}
	return nil
}
