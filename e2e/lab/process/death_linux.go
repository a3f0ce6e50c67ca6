// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package process

import (
	"os/exec"
	"syscall"
)

// tieToThread makes the kernel kill the process when the thread that starts it ends, as it does when a test is killed or panics.
func tieToThread(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{
		Pdeathsig: syscall.SIGKILL,
		// An interrupt typed at the terminal is for the test, which then stops its processes in order.
		Setpgid: true,
	}
}
