// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package demo shows what Wukong does: it takes two samples from a declaration to a machine and back to clean nodes, in a
// lab, and prints on the way what a person would look at.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/binaries"
	"github.com/novasphere/wukong/e2e/lab/kubevirt"
	"github.com/novasphere/wukong/e2e/lab/nmstate"
)

const (
	// patience bounds every wait; a demo that hangs tells nobody anything.
	patience = 2 * time.Minute
	// pace is how long the actors take for a step, so that a person can follow.
	pace = 700 * time.Millisecond
)

// samples are shown one after the other: they cannot stand together, since both claim one address and one NIC.
var samples = []sample{
	{file: "ubuntu-vm-nmstate.yaml", namespace: "default", name: "ubuntu-vm-nmstate"},
	{file: "ubuntu-vm-dual-network.yaml", namespace: "default", name: "ubuntu-vm-dual-network"},
}

type sample struct {
	file, namespace, name string
}

// Options say how the demo runs.
type Options struct {
	// Once takes the last sample away as well and ends, instead of staying until it is interrupted.
	Once bool
	// Out takes what is shown.
	Out io.Writer
}

// show is one run of the demo.
type show struct {
	*lab.Lab
	manager *lab.Manager
	out     io.Writer
	log     string
}

// Run runs the demo until it is over or the context ends, and leaves nothing running. The error is that of the first thing
// that did not come up.
func Run(ctx context.Context, options Options) (err error) {
	s := &show{out: options.Out}
	s.title("Starting a control plane, the APIs of NMState, Multus and KubeVirt, and three nodes")
	if s.Lab, err = lab.Start(ctx, lab.Options{
		Progress: options.Out,
		NMState:  nmstate.Options{StepDelay: pace},
		KubeVirt: kubevirt.Options{StepDelay: pace},
	}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.KubeVirt.SetTapBinding(ctx, "macvtap", true); err != nil {
		return fmt.Errorf("registering the macvtap binding: %w", err)
	}
	if err := s.startManager(ctx); err != nil {
		return err
	}
	for i, sample := range samples {
		stays := i == len(samples)-1 && !options.Once
		if err := s.play(ctx, sample, stays); err != nil {
			return err
		}
	}
	if err := s.checkRights(); err != nil {
		return err
	}
	if options.Once {
		s.title("Done: both samples came up, and nothing of them is left")
		return nil
	}
	return s.stay(ctx)
}

func (s *show) startManager(ctx context.Context) error {
	s.title("Starting Wukong's manager as %s, with the rights that the chart gives it", lab.ManagerUser)
	log, err := os.CreateTemp("", "wukong-demo-manager-*.log")
	if err != nil {
		return fmt.Errorf("making the manager's log: %w", err)
	}
	s.log = log.Name()
	// The manager has its own copy of the file once it runs.
	defer func() { _ = log.Close() }()
	if s.manager, err = s.StartManager(ctx, lab.ManagerOptions{LeaderElect: true, Log: log}); err != nil {
		return s.withLog(err)
	}
	s.line("its log is in %s", s.log)
	return nil
}

// play takes one sample through its life.
func (s *show) play(ctx context.Context, sample sample, stays bool) error {
	root, err := binaries.RepositoryRoot()
	if err != nil {
		return err
	}
	path := filepath.Join(root, "config", "samples", sample.file)
	s.title("kubectl apply -f config/samples/%s", sample.file)
	if err := s.ApplyFile(ctx, path); err != nil {
		return err
	}
	if err := s.followUntilReady(ctx, sample); err != nil {
		return s.withLog(err)
	}
	if err := s.tables(ctx, sample); err != nil {
		return err
	}
	if stays {
		return nil
	}
	s.title("kubectl delete wukong %s", sample.name)
	if err := s.takeAway(ctx, sample); err != nil {
		return s.withLog(err)
	}
	return nil
}

// stay keeps the last sample until somebody interrupts.
func (s *show) stay(ctx context.Context) error {
	s.title("The lab stays up; look around in another terminal, and end it with Ctrl-C")
	s.line("export KUBECONFIG=%s", s.Plane.Kubeconfig())
	s.line("kubectl get wk,wknet,wkbr,nncp,net-attach-def,vm,vmi -A")
	select {
	case <-ctx.Done():
		return nil
	case <-s.manager.Exited():
		return s.withLog(errors.New("the manager ended by itself"))
	}
}

// close ends what was started.
func (s *show) close() error {
	var err error
	if s.manager != nil && s.manager.Running() {
		err = s.manager.Stop()
	}
	err = errors.Join(err, s.Stop(), lab.RemoveManagerBuild())
	if err == nil && s.log != "" {
		err = os.Remove(s.log)
	}
	return err
}

func (s *show) title(format string, arguments ...any) {
	_, _ = fmt.Fprintf(s.out, "\n== "+format+"\n", arguments...)
}

func (s *show) line(format string, arguments ...any) {
	_, _ = fmt.Fprintf(s.out, format+"\n", arguments...)
}

// withLog tells where to look when something did not come up.
func (s *show) withLog(err error) error {
	return fmt.Errorf("%w (the manager's log is in %s)", err, s.log)
}
