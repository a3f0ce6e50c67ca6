// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"fmt"
	"os"
	"time"

	"github.com/novasphere/wukong/e2e/lab/process"
)

// grace is what a component gets to end by itself. Nothing here is worth more: a polite apiserver waits a minute for watches.
const grace = time.Second

// component is one process of the control plane.
type component struct {
	*process.Process

	name    string
	logPath string
}

// launch starts a component with its output in its log, appended to so that a restart keeps the story.
func (p *ControlPlane) launch(name, executable string, arguments ...string) (*component, error) {
	logPath := p.files.log(name)
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	// The child has its own copy.
	defer func() { _ = log.Close() }()
	started, err := process.Start(process.Spec{
		Name: name, Executable: executable, Arguments: arguments, Folder: p.files.folder, Output: log,
	})
	if err != nil {
		return nil, err
	}
	return &component{Process: started, name: name, logPath: logPath}, nil
}

// earlyExit says with what a component ended that nobody told to end.
func (c *component) earlyExit() error {
	if c == nil {
		return nil
	}
	select {
	case <-c.Exited():
		return fmt.Errorf("%s had ended before it was told to (%s)%s", c.name, c.State(), logTail(c.logPath))
	default:
		return nil
	}
}

// end ends the component, if it was ever started and still runs, and waits until it is gone.
func (c *component) end() error {
	if c == nil {
		return nil
	}
	_, err := c.Stop(grace)
	return err
}
