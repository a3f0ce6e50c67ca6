// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package virt

import (
	"context"
	"path/filepath"
	"strconv"
)

const (
	loopback = "127.0.0.1"
	// launcherImage is never pulled.
	launcherImage = "lab/virt-launcher:1"
)

func (c *ControlPlane) startAPI(ctx context.Context) error {
	certificate, key := c.plane.ServingFiles()
	var err error
	c.api, err = c.keep(ctx, "virt-api", apiAccount, c.assets.VirtAPI, func(port string) []string {
		return []string{
			"--listen=" + loopback, "--port=" + port,
			"--tls-cert-file=" + certificate, "--tls-key-file=" + key,
			"--handler-cert-file=" + certificate, "--handler-key-file=" + key,
		}
	})
	if err != nil {
		return err
	}
	return c.api.waitReady(ctx, "/healthz")
}

func (c *ControlPlane) startController(ctx context.Context) error {
	certificate, key := c.plane.ServingFiles()
	var err error
	c.controller, err = c.keep(ctx, "virt-controller", controllerAccount, c.assets.VirtController, func(port string) []string {
		return []string{
			"--listen=" + loopback, "--port=" + port,
			"--prom-cert-file=" + certificate, "--prom-key-file=" + key,
			"--launcher-image=" + launcherImage,
			"--kubevirt-share-dir=" + filepath.Join(c.folder, "share"),
		}
	})
	if err != nil {
		return err
	}
	// It answers when it leads and has read what is there.
	return c.controller.waitReady(ctx, "/leader")
}

// keep starts a program under a service account, on a port of its own.
func (c *ControlPlane) keep(
	ctx context.Context, name, account, executable string, arguments func(port string) []string,
) (*kept, error) {
	kubeconfig := filepath.Join(c.folder, name+".kubeconfig")
	if err := c.plane.ServiceAccountKubeconfig(ctx, Namespace, account, kubeconfig); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	program := &kept{
		name: name, executable: executable, port: port, logPath: filepath.Join(c.folder, name+".log"),
		arguments: append(arguments(strconv.Itoa(port)), "--kubeconfig="+kubeconfig),
		config:    c.config,
	}
	return program, program.start()
}
