// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package virt

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

func TestProgramIsStartedAgainUntilItIsEnded(t *testing.T) {
	folder := t.TempDir()
	runs := filepath.Join(folder, "runs")
	program := &kept{
		name: "program", executable: "/bin/sh", logPath: filepath.Join(folder, "log"),
		arguments: []string{"-c", "echo run >> " + runs},
	}
	if err := program.start(); err != nil {
		t.Fatal(err)
	}
	count := func() int {
		content, _ := os.ReadFile(runs)
		return strings.Count(string(content), "run")
	}
	err := wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) {
		return count() >= 2, nil
	})
	if err != nil {
		t.Errorf("it ran %d times, want again when it ends: %v", count(), err)
	}
	if err := program.end(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-program.running().Exited():
	default:
		t.Error("it still runs")
	}
}

func TestProgramThatIsNotThereSaysSo(t *testing.T) {
	folder := t.TempDir()
	program := &kept{name: "program", executable: filepath.Join(folder, "nothing"), logPath: filepath.Join(folder, "log")}
	if err := program.start(); err == nil || !strings.Contains(err.Error(), "starting program") {
		t.Errorf("got error %v, want one that names the program", err)
	}
	if err := program.end(); err != nil {
		t.Errorf("ending what never ran: %v", err)
	}
}
