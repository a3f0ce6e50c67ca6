// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package process

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"
)

// bereavedVariable turns the test binary into a test that is about to be killed.
const bereavedVariable = "WUKONG_LAB_BEREAVED"

// awaitDeath starts a process that shares this one's output, says so, and waits to be killed.
func awaitDeath() {
	child, err := Start(Spec{Name: "sleep", Executable: "sleep", Arguments: []string{"600"}, Output: os.Stdout})
	if err != nil {
		panic(err)
	}
	fmt.Println("started")
	<-child.Exited()
}

func TestMain(m *testing.M) {
	if os.Getenv(bereavedVariable) != "" {
		awaitDeath()
		return
	}
	os.Exit(m.Run())
}

func TestStopIsPoliteFirst(t *testing.T) {
	for name, tc := range map[string]struct {
		script   string
		graceful bool
	}{
		"ends when asked":    {script: "trap 'exit 0' TERM; echo ready; while true; do sleep 0.01; done", graceful: true},
		"ignores the asking": {script: "trap '' TERM; echo ready; while true; do sleep 0.01; done"},
	} {
		t.Run(name, func(t *testing.T) {
			reader, writer, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = reader.Close() }()
			started, err := Start(Spec{Name: "sh", Executable: "sh", Arguments: []string{"-c", tc.script}, Output: writer})
			if err != nil {
				t.Fatal(err)
			}
			if err := writer.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(reader, make([]byte, len("ready"))); err != nil {
				t.Fatal(err)
			}
			grace := 300 * time.Millisecond
			if tc.graceful {
				grace = time.Minute
			}
			graceful, err := started.Stop(grace)
			if err != nil || graceful != tc.graceful {
				t.Errorf("got graceful=%t, %v; want %t", graceful, err, tc.graceful)
			}
			<-started.Exited()
		})
	}
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
