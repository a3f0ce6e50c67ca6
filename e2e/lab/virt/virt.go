// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package virt runs KubeVirt's own control plane in the lab: virt-api with its webhooks and virt-controller, as plain processes.
// What KubeVirt does on nodes is not here: no virt-handler, no virt-launcher, no container.
package virt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/e2e/lab/binaries"
	"github.com/novasphere/wukong/e2e/lab/controlplane"
)

// Namespace is where KubeVirt is installed.
const Namespace = "kubevirt"

const (
	apiAccount        = "kubevirt-apiserver"
	controllerAccount = "kubevirt-controller"
)

// Options say how KubeVirt's control plane is started. The zero value is complete.
type Options struct {
	// Progress is told when the executables have to be built first; nil means standard error.
	Progress io.Writer
}

// ControlPlane is KubeVirt's control plane on one of Kubernetes.
type ControlPlane struct {
	plane  *controlplane.ControlPlane
	assets binaries.KubeVirtAssets
	config *rest.Config
	client client.Client
	folder string

	api        *kept
	controller *kept
}

// Start installs KubeVirt into the cluster of the plane and starts virt-api and virt-controller. It returns when both work;
// the context bounds the start alone.
func Start(ctx context.Context, plane *controlplane.ControlPlane, options Options) (*ControlPlane, error) {
	if options.Progress == nil {
		options.Progress = os.Stderr
	}
	assets, err := binaries.EnsureKubeVirt(ctx, options.Progress)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "wukong-lab-virt-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for KubeVirt: %w", err)
	}
	c := &ControlPlane{plane: plane, assets: assets, config: plane.Config(), folder: folder}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("starting KubeVirt: %w", err), c.Stop())
	}
	return c, nil
}

func (c *ControlPlane) start(ctx context.Context) error {
	parts, err := c.components(ctx)
	if err != nil {
		return err
	}
	if err := c.installDefinitions(parts); err != nil {
		return err
	}
	// Its mapping is learned once, so it is made when the definitions are there.
	if c.client, err = client.New(c.config, client.Options{}); err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	if err := c.installConfiguration(ctx, parts); err != nil {
		return err
	}
	if err := c.startAPI(ctx); err != nil {
		return err
	}
	if err := c.publish(ctx, parts); err != nil {
		return err
	}
	return c.startController(ctx)
}

// Stop ends both processes, waits for them and removes their files. What is installed stays.
func (c *ControlPlane) Stop() error {
	return errors.Join(c.controller.end(), c.api.end(), os.RemoveAll(c.folder))
}
