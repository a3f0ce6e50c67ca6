// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package process runs programs that end with this one, in whatever way it ends.
package process

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Process is a program that was started here.
type Process struct {
	name    string
	command *exec.Cmd
	exited  chan struct{}
	exitErr error
}

// Spec says what to start.
type Spec struct {
	// Name is what errors call the program.
	Name string
	// Executable and Arguments are the command line.
	Executable string
	Arguments  []string
	// Environment is added to this process's own.
	Environment []string
	// Folder is the working folder; empty for this process's own.
	Folder string
	// Output takes standard output and standard error.
	Output io.Writer
	// Files are open in the program, from file descriptor 3 on.
	Files []*os.File
}

// Start starts a program. It is killed when this process ends.
func Start(spec Spec) (*Process, error) {
	p := &Process{name: spec.Name, command: exec.Command(spec.Executable, spec.Arguments...), exited: make(chan struct{})}
	p.command.Env = append(os.Environ(), spec.Environment...)
	p.command.Dir = spec.Folder
	p.command.Stdout, p.command.Stderr = spec.Output, spec.Output
	p.command.ExtraFiles = spec.Files
	if err := start(p.command); err != nil {
		return nil, fmt.Errorf("starting %s: %w", spec.Name, err)
	}
	go func() {
		p.exitErr = p.command.Wait()
		close(p.exited)
	}()
	return p, nil
}

// PID returns the program's process id.
func (p *Process) PID() int { return p.command.Process.Pid }

// Exited is closed when the program has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Err returns how the program ended; it is to be asked after Exited is closed.
func (p *Process) Err() error { return p.exitErr }

// State describes how the program ended, also when it ended well; it is to be asked after Exited is closed.
func (p *Process) State() string { return p.command.ProcessState.String() }

// Kill ends the program at once, as a crash would, and waits until it is gone.
func (p *Process) Kill() error {
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.exited
	return nil
}

// Stop asks the program to end, kills it when it has not ended after the grace, and waits until it is gone. It
// reports whether it ended by itself.
func (p *Process) Stop(grace time.Duration) (bool, error) {
	if err := p.signal(syscall.SIGTERM); err != nil {
		return false, err
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.exited:
		return true, nil
	case <-timer.C:
		return false, p.Kill()
	}
}

func (p *Process) signal(signal syscall.Signal) error {
	if err := p.command.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("sending %s to %s: %w", signal, p.name, err)
	}
	return nil
}

// start starts a command from a thread that lives as long as this process. Linux ties a child's death signal to the
// thread that started it, and the Go runtime ends threads as it likes.
func start(command *exec.Cmd) error {
	tieToThread(command)
	result := make(chan error)
	parent() <- launch{command, result}
	return <-result
}

type launch struct {
	command *exec.Cmd
	result  chan<- error
}

var parent = sync.OnceValue(func() chan<- launch {
	launches := make(chan launch)
	go func() {
		runtime.LockOSThread()
		for l := range launches {
			l.result <- l.command.Start()
		}
	}()
	return launches
})
