// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"testing"
)

// bereavedVariable turns the test binary into a test that is about to be killed.
const bereavedVariable = "WUKONG_LAB_BEREAVED"

// awaitDeath starts a process that shares this one's output, says so, and waits to be killed.
func awaitDeath() {
	child := exec.Command("sleep", "600")
	child.Stdout = os.Stdout
	if err := newLauncher().start(child); err != nil {
		panic(err)
	}
	fmt.Println("started")
	_ = child.Wait()
}

func TestProcessesDieWithAKilledTest(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ties processes to each other")
	}
	parent := exec.CommandContext(t.Context(), os.Args[0])
	parent.Env = append(os.Environ(), bereavedVariable+"=yes")
	output, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(output, make([]byte, len("started\n"))); err != nil {
		t.Fatal(err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}

	// The pipe ends when nobody holds it any more; a child that lived on would.
	if _, err := io.ReadAll(output); err != nil {
		t.Error(err)
	}
	_ = parent.Wait()
}
