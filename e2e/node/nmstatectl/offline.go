// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nmstatectl

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Check has NMState turn a desired state into NetworkManager's profiles, which validates all of it, and returns NMState's
// refusal as an error.
func (t Tool) Check(ctx context.Context, desiredState []byte) error {
	_, err := t.offline(ctx, map[string][]byte{"desired.yaml": desiredState}, "gc", "desired.yaml")
	return err
}

// Fill returns the desired state of a policy on a node that is in the current state: the captures' values stand in it.
func (t Tool) Fill(ctx context.Context, policy, current []byte) ([]byte, error) {
	files := map[string][]byte{"policy.yaml": policy, "current.yaml": current}
	return t.offline(ctx, files, "policy", "--current", "current.yaml", "policy.yaml")
}

// offline runs the tool in a folder with these files.
func (t Tool) offline(ctx context.Context, files map[string][]byte, arguments ...string) ([]byte, error) {
	folder, err := os.MkdirTemp("", "nmstatectl-*")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			return nil, err
		}
	}
	var output, log bytes.Buffer
	command := exec.CommandContext(ctx, t.Path, arguments...)
	command.Dir = folder
	command.Stdout, command.Stderr = &output, &log
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("nmstatectl %s: %w\n%s", strings.Join(arguments, " "), err, log.Bytes())
	}
	return output.Bytes(), nil
}
