// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package lab is a cluster for trying Wukong: a real control plane, the CRDs of our neighbours, actors that play NMState,
// KubeVirt and CDI on nodes that do not exist, and Wukong's own CRDs and rights as they are shipped.
package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/controllers"
	"github.com/novasphere/wukong/e2e/lab/binaries"
	"github.com/novasphere/wukong/e2e/lab/cdi"
	"github.com/novasphere/wukong/e2e/lab/controlplane"
	"github.com/novasphere/wukong/e2e/lab/kubevirt"
	"github.com/novasphere/wukong/e2e/lab/neighbours"
	"github.com/novasphere/wukong/e2e/lab/nmstate"
	"github.com/novasphere/wukong/e2e/lab/virt"
)

// Options say what the lab starts with. The zero value is complete.
type Options struct {
	// Progress is told what takes long; nil means standard error.
	Progress io.Writer
	// Neighbours are the APIs to install; nil means NMState, Multus and KubeVirt, an empty list none.
	Neighbours []neighbours.API
	// NMState, KubeVirt and CDI say how the actors behave.
	NMState  nmstate.Options
	KubeVirt kubevirt.Options
	// RealKubeVirt runs KubeVirt's own virt-api and virt-controller, and leaves the nodes alone to the actor. Without
	// KubeVirt among the neighbours it has no effect. The environment variable WUKONG_KUBEVIRT=real sets it as well.
	RealKubeVirt bool
	CDI          cdi.Options
	// Workloads has the pods of Deployments and Jobs made; Wukong itself is not installed then.
	Workloads bool
}

// kubeVirtVariable says which KubeVirt labs run.
const kubeVirtVariable = "WUKONG_KUBEVIRT"

// RealKubeVirt reports whether the environment asks for labs with KubeVirt's own control plane.
func RealKubeVirt() bool { return os.Getenv(kubeVirtVariable) == "real" }

// Lab is a running lab.
type Lab struct {
	// Plane is the control plane.
	Plane *controlplane.ControlPlane
	// NMState, KubeVirt and CDI are the actors.
	NMState  *nmstate.Actor
	KubeVirt *kubevirt.Actor
	// Virt is KubeVirt's own control plane, if the lab runs it.
	Virt *virt.ControlPlane
	CDI  *cdi.Actor
	// Config and Client have all rights, and Client reads past any cache.
	Config *rest.Config
	Client client.Client

	// managerArguments are those that the chart's Deployment starts the manager with.
	managerArguments []string

	folder   string
	progress io.Writer
	cancel   context.CancelFunc
}

// Start starts a lab, and returns when Wukong's manager could be started. The context bounds the start alone.
func Start(ctx context.Context, options Options) (*Lab, error) {
	if options.Progress == nil {
		options.Progress = os.Stderr
	}
	if options.Neighbours == nil {
		options.Neighbours = []neighbours.API{neighbours.NMState, neighbours.Multus, neighbours.KubeVirt}
	}
	options.RealKubeVirt = (options.RealKubeVirt || RealKubeVirt()) && slices.Contains(options.Neighbours, neighbours.KubeVirt)
	lab := &Lab{progress: options.Progress}
	if err := lab.start(ctx, options); err != nil {
		return nil, errors.Join(err, lab.Stop())
	}
	return lab, nil
}

func (l *Lab) start(ctx context.Context, options Options) error {
	var err error
	if l.folder, err = os.MkdirTemp("", "wukong-lab-"); err != nil {
		return fmt.Errorf("making the lab's folder: %w", err)
	}
	if l.Plane, err = controlplane.Start(ctx, controlplane.Options{Progress: options.Progress, Workloads: options.Workloads}); err != nil {
		return fmt.Errorf("starting the control plane: %w", err)
	}
	l.Config = l.Plane.Config()
	scheme, err := controllers.NewScheme()
	if err != nil {
		return err
	}
	if err := addLabKinds(scheme); err != nil {
		return err
	}
	if l.Client, err = client.New(l.Config, client.Options{Scheme: scheme}); err != nil {
		return fmt.Errorf("making the lab's client: %w", err)
	}
	if err := l.installNeighbours(ctx, options); err != nil {
		return err
	}
	if !options.Workloads {
		if err := l.installWukong(ctx); err != nil {
			return err
		}
	}
	// The garbage collector looks for new kinds every half a minute, and when it starts.
	if err := l.Plane.RestartControllerManager(ctx); err != nil {
		return fmt.Errorf("making the garbage collector see the new kinds: %w", err)
	}
	// The actors live as long as the lab, not as long as its start.
	actors, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l.cancel = cancel
	if l.NMState, err = nmstate.Start(actors, l.Config, options.NMState); err != nil {
		return fmt.Errorf("starting the NMState actor: %w", err)
	}
	options.KubeVirt.NodesOnly = options.RealKubeVirt
	if l.KubeVirt, err = kubevirt.Start(actors, l.Config, options.KubeVirt); err != nil {
		return fmt.Errorf("starting the KubeVirt actor: %w", err)
	}
	if l.CDI, err = cdi.Start(actors, l.Config, options.CDI); err != nil {
		return fmt.Errorf("starting the CDI actor: %w", err)
	}
	return nil
}

// installNeighbours installs the APIs, KubeVirt's with all of its control plane if that is asked for.
func (l *Lab) installNeighbours(ctx context.Context, options Options) error {
	apis := options.Neighbours
	if options.RealKubeVirt {
		apis = slices.DeleteFunc(slices.Clone(apis), func(api neighbours.API) bool { return api == neighbours.KubeVirt })
	}
	if len(apis) > 0 {
		if err := neighbours.Install(ctx, l.Config, apis...); err != nil {
			return err
		}
	}
	if !options.RealKubeVirt {
		return nil
	}
	var err error
	l.Virt, err = virt.Start(ctx, l.Plane, virt.Options{Progress: options.Progress})
	return err
}

// Stop ends everything that the lab started and removes its folder.
func (l *Lab) Stop() error {
	if l.CDI != nil {
		l.CDI.Stop()
	}
	if l.KubeVirt != nil {
		l.KubeVirt.Stop()
	}
	if l.NMState != nil {
		l.NMState.Stop()
	}
	if l.cancel != nil {
		l.cancel()
	}
	var err error
	if l.Virt != nil {
		err = l.Virt.Stop()
	}
	if l.Plane != nil {
		err = errors.Join(err, l.Plane.Stop())
	}
	if l.folder != "" {
		err = errors.Join(err, os.RemoveAll(l.folder))
	}
	return err
}

// file returns the path of a file in the lab's own folder.
func (l *Lab) file(name string) string { return filepath.Join(l.folder, name) }

// repositoryFile returns the path of a file of the repository.
func repositoryFile(elements ...string) (string, error) {
	root, err := binaries.RepositoryRoot()
	if err != nil {
		return "", fmt.Errorf("finding the repository: %w", err)
	}
	return filepath.Join(append([]string{root}, elements...)...), nil
}
