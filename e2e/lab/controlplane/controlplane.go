// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package controlplane runs a real Kubernetes control plane for tests: etcd, kube-apiserver and kube-controller-manager as plain
// processes on loopback, with no node and no image. Unlike plain envtest it has garbage collection, namespace deletion, service
// account tokens, RBAC and an audit log.
package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"k8s.io/client-go/rest"

	"github.com/novasphere/wukong/e2e/lab/binaries"
)

// Options say what a control plane is started from. The zero value is complete.
type Options struct {
	// Assets are the executables to run; the zero value takes those of binaries.Ensure.
	Assets binaries.Assets
	// Progress is told when the executables have to be built first; nil means standard error, since a test is then silent for
	// minutes.
	Progress io.Writer
	// Workloads has the pods of Deployments and Jobs made. Without somebody who runs them they wait for ever.
	Workloads bool
}

// ControlPlane is a running control plane.
type ControlPlane struct {
	assets binaries.Assets
	files  files
	ports  ports
	config *rest.Config
	// probes is a client that all components let in.
	probes *http.Client
	// workloads tells whether the pods of Deployments and Jobs are made.
	workloads bool

	etcd              *component
	apiServer         *component
	controllerManager *component

	stopOnce sync.Once
	stopErr  error
}

// Start starts a control plane and returns when it serves. The context bounds the start alone: what was started runs until Stop,
// or until this process ends in whatever way.
func Start(ctx context.Context, options Options) (*ControlPlane, error) {
	if options.Progress == nil {
		options.Progress = os.Stderr
	}
	if options.Assets == (binaries.Assets{}) {
		var err error
		if options.Assets, err = binaries.Ensure(ctx, options.Progress); err != nil {
			return nil, err
		}
	}
	plane, err := startOnFreePorts(ctx, options)
	if errors.Is(err, errPortTaken) {
		// Between our finding a port free and a component's binding it, another process may take it. Twice is no accident.
		return startOnFreePorts(ctx, options)
	}
	return plane, err
}

// startOnFreePorts makes one attempt, which leaves nothing behind when it fails.
func startOnFreePorts(ctx context.Context, options Options) (*ControlPlane, error) {
	folder, err := os.MkdirTemp("", "wukong-lab-")
	if err != nil {
		return nil, err
	}
	plane := &ControlPlane{assets: options.Assets, workloads: options.Workloads, files: files{folder: folder}}
	if err := plane.start(ctx); err != nil {
		return nil, errors.Join(err, plane.shutDown())
	}
	return plane, nil
}

func (p *ControlPlane) start(ctx context.Context) error {
	var err error
	if p.ports, err = freePorts(); err != nil {
		return err
	}
	if err := p.writeFiles(); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{p.startEtcd, p.startAPIServer, p.startControllerManager} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("starting the control plane: %w", err)
		}
	}
	return p.waitForServiceAccounts(ctx)
}

// RestartControllerManager starts the controllers anew. The garbage collector looks for new kinds once in 30 s, too slow for a
// test that has just installed CRDs and deletes owners of such kinds; a new one sees them at once.
func (p *ControlPlane) RestartControllerManager(ctx context.Context) error {
	if err := errors.Join(p.controllerManager.earlyExit(), p.controllerManager.end()); err != nil {
		return err
	}
	return p.startControllerManager(ctx)
}

// Stop ends what was started, waits for it and removes the files. It may be called more than once. A component that had ended
// before is an error, since whatever was tested then ran on less than a control plane.
func (p *ControlPlane) Stop() error {
	p.stopOnce.Do(func() {
		early := errors.Join(p.controllerManager.earlyExit(), p.apiServer.earlyExit(), p.etcd.earlyExit())
		p.stopErr = errors.Join(early, p.shutDown())
	})
	return p.stopErr
}

// shutDown goes from the clients to the servers, so that each process still has what it talks to while it ends.
func (p *ControlPlane) shutDown() error {
	return errors.Join(p.controllerManager.end(), p.apiServer.end(), p.etcd.end(), os.RemoveAll(p.files.folder))
}

// Config returns a copy of a client configuration with all rights and no rate limit.
func (p *ControlPlane) Config() *rest.Config { return rest.CopyConfig(p.config) }

// Kubeconfig returns the path of a kubeconfig with all rights, which is there until Stop.
func (p *ControlPlane) Kubeconfig() string { return p.files.adminKubeconfig() }

// Folder returns the folder with the components' logs, which is there until Stop.
func (p *ControlPlane) Folder() string { return filepath.Clean(p.files.folder) }

// ServingFiles returns the paths of the certificate and the key with which the components serve on the loopback interface, for
// servers that run beside them. Its authority is that of Config.
func (p *ControlPlane) ServingFiles() (certificate, key string) {
	return p.files.certificate(servingCertificate), p.files.key(servingCertificate)
}
