// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package binaries provides the real etcd, kube-apiserver and kube-controller-manager that the lab runs, KubeVirt's virt-api and
// virt-controller, helm and promtool, built from Go modules that anyone can verify through the checksum database. Release archives are
// never downloaded, so a Go module proxy is enough.
package binaries

import (
	"context"
	"io"
	"os"
	"path/filepath"
)

// assetsVariable names a folder with ready-made binaries, by the convention that envtest set.
const assetsVariable = "KUBEBUILDER_ASSETS"

const (
	etcd                  = "etcd"
	kubeAPIServer         = "kube-apiserver"
	kubeControllerManager = "kube-controller-manager"
	virtAPI               = "virt-api"
	virtController        = "virt-controller"
	virtComponents        = "virt-components"
)

// Assets are the paths of the control plane's executables.
type Assets struct {
	Etcd                  string
	KubeAPIServer         string
	KubeControllerManager string
}

// KubeVirtAssets are the paths of KubeVirt's executables.
type KubeVirtAssets struct {
	VirtAPI        string
	VirtController string
	// Components prints what KubeVirt's operator would install for the other two, as a List in JSON.
	Components string
}

// wanted are binaries of one recipe, and where their paths go.
type wanted struct {
	recipe   string
	binaries map[string]*string
}

// Ensure returns executables that are ready to run. It takes them from KUBEBUILDER_ASSETS when that is set and builds the ones
// that are missing into the lab's cache, which happens once and takes minutes: progress is told about it, and about nothing else.
func Ensure(ctx context.Context, progress io.Writer) (Assets, error) {
	assets := Assets{}
	for _, want := range []wanted{
		{"etcd", map[string]*string{etcd: &assets.Etcd}},
		{"kubernetes", map[string]*string{
			kubeAPIServer:         &assets.KubeAPIServer,
			kubeControllerManager: &assets.KubeControllerManager,
		}},
	} {
		if err := want.ensure(ctx, progress); err != nil {
			return Assets{}, err
		}
	}
	return assets, nil
}

// EnsureKubeVirt does for KubeVirt's control plane what Ensure does for that of Kubernetes.
func EnsureKubeVirt(ctx context.Context, progress io.Writer) (KubeVirtAssets, error) {
	assets := KubeVirtAssets{}
	want := wanted{"kubevirt", map[string]*string{
		virtAPI:        &assets.VirtAPI,
		virtController: &assets.VirtController,
		virtComponents: &assets.Components,
	}}
	if err := want.ensure(ctx, progress); err != nil {
		return KubeVirtAssets{}, err
	}
	return assets, nil
}

func (w wanted) ensure(ctx context.Context, progress io.Writer) error {
	provided := os.Getenv(assetsVariable)
	var missing []string
	for name, path := range w.binaries {
		if *path = executableIn(provided, name); *path == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	folder, err := ensureBuilt(ctx, w.recipe, missing, progress)
	if err != nil {
		return err
	}
	for _, name := range missing {
		*w.binaries[name] = filepath.Join(folder, name)
	}
	return nil
}

// ensureBuilt finds the recipe in the repository and builds what the cache does not have yet.
func ensureBuilt(ctx context.Context, recipe string, missing []string, progress io.Writer) (string, error) {
	root, err := RepositoryRoot()
	if err != nil {
		return "", err
	}
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	module, err := loadModule(ctx, filepath.Join(root, "e2e", "lab", "binaries", recipe), recipes[recipe])
	if err != nil {
		return "", err
	}
	return module.ensure(ctx, cache, missing, progress)
}

// executableIn returns the path of an executable file in the folder, or nothing.
func executableIn(folder, name string) string {
	if folder == "" {
		return ""
	}
	path := filepath.Join(folder, name)
	info, err := os.Stat(path)
	if err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
		return ""
	}
	return path
}
