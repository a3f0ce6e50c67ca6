// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// grace is what a process gets to end by itself. Nothing here is worth more: a polite apiserver waits a minute for watches.
const grace = time.Second

// process is one component that we started.
type process struct {
	name    string
	logPath string
	command *exec.Cmd
	// exited is closed when the process has ended and the command's state can be read.
	exited chan struct{}
}

// launch starts a component with its output in its log, appended to so that a restart keeps the story.
func (p *ControlPlane) launch(name, executable string, arguments ...string) (*process, error) {
	logPath := p.files.log(name)
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	// The child has its own copy.
	defer func() { _ = log.Close() }()

	started := &process{name: name, logPath: logPath, command: exec.Command(executable, arguments...), exited: make(chan struct{})}
	started.command.Dir = p.files.folder
	started.command.Stdout, started.command.Stderr = log, log
	if err := p.launcher.start(started.command); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	go func() {
		// How it ended is in its state.
		_ = started.command.Wait()
		close(started.exited)
	}()
	return started, nil
}

// earlyExit says with what a process ended that nobody told to end.
func (p *process) earlyExit() error {
	if p == nil {
		return nil
	}
	select {
	case <-p.exited:
		return fmt.Errorf("%s had ended before it was told to (%v)%s", p.name, p.command.ProcessState, logTail(p.logPath))
	default:
		return nil
	}
}

// end ends the process, if it was ever started and still runs, and waits until it is gone.
func (p *process) end() error {
	if p == nil {
		return nil
	}
	if err := p.signal(syscall.SIGTERM); err != nil {
		return err
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.exited:
		return nil
	case <-timer.C:
	}
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.exited
	return nil
}

func (p *process) signal(signal syscall.Signal) error {
	if err := p.command.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("sending %s to %s: %w", signal, p.name, err)
	}
	return nil
}
