// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"os/exec"
	"runtime"
)

// launcher starts processes from one thread that lives until it is closed. Linux ties a child's death signal to the thread that
// started it, not to the process, and the Go runtime ends threads as it likes.
type launcher struct {
	requests chan launch
}

type launch struct {
	command *exec.Cmd
	result  chan error
}

func newLauncher() *launcher {
	made := &launcher{requests: make(chan launch)}
	go func() {
		// Never unlocked: the thread ends with this goroutine, which outlives every child.
		runtime.LockOSThread()
		for request := range made.requests {
			request.result <- request.command.Start()
		}
	}()
	return made
}

func (l *launcher) start(command *exec.Cmd) error {
	tieToThread(command)
	result := make(chan error)
	l.requests <- launch{command: command, result: result}
	return <-result
}

// close ends the thread, and with it whatever it started that still runs.
func (l *launcher) close() { close(l.requests) }
