// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed driver.py
var driver string

// Session runs cloud-init's commands, one at a time.
type Session struct {
	programs Programs
	process  *exec.Cmd
	in       io.WriteCloser
	out      *bufio.Reader
	stderr   bytes.Buffer
}

// Start starts a session; Close ends it.
func (p Programs) Start(ctx context.Context) (*Session, error) {
	s := &Session{programs: p, process: exec.CommandContext(ctx, interpreter, "-s", "-c", driver)}
	s.process.Env, s.process.Stderr = p.environment(), &s.stderr
	var err error
	if s.in, err = s.process.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.out = bufio.NewReader(out)
	return s, s.process.Start()
}

// Close ends the session and waits for its process.
func (s *Session) Close() error {
	return errors.Join(s.in.Close(), s.process.Wait())
}

// Reading is what cloud-init makes of user-data.
type Reading struct {
	// Config is the merged cloud-config.
	Config map[string]any `json:"config"`
	// Parts are the parts that are no cloud-config.
	Parts []struct {
		Type    string `json:"type"`
		Content string `json:"content"`
	} `json:"parts"`
}

type answer struct {
	Error   string   `json:"error"`
	Log     string   `json:"log"`
	Printed string   `json:"printed"`
	Read    *Reading `json:"read"`
}

// ask runs one command. What it logs as a warning is an error.
func (s *Session) ask(command string, arguments ...string) (answer, error) {
	job, err := json.Marshal(map[string]any{"command": command, "arguments": arguments})
	if err != nil {
		return answer{}, err
	}
	if _, err := s.in.Write(append(job, '\n')); err != nil {
		return answer{}, fmt.Errorf("cloud-init %s: %w\n%s", command, err, s.stderr.String())
	}
	line, err := s.out.ReadBytes('\n')
	if err != nil {
		return answer{}, fmt.Errorf("cloud-init %s: %w\n%s", command, err, s.stderr.String())
	}
	var got answer
	if err := json.Unmarshal(line, &got); err != nil {
		return answer{}, fmt.Errorf("cloud-init %s: %w\n%s", command, err, line)
	}
	if got.Error != "" || got.Log != "" {
		return got, fmt.Errorf("cloud-init %s: %s%s", command, got.Error, got.Log)
	}
	return got, nil
}

// Schema returns what "cloud-init schema" has against a file of cloud-config.
func (s *Session) Schema(path string) error {
	got, err := s.ask("schema", "--config-file", path)
	if err == nil && !strings.Contains(got.Printed, "Valid cloud-config") {
		return fmt.Errorf("cloud-init schema: %s", got.Printed)
	}
	return err
}

// Read returns what cloud-init makes of a file of user-data.
func (s *Session) Read(path string) (Reading, error) {
	got, err := s.ask("read", path)
	if err != nil {
		return Reading{}, err
	}
	return *got.Read, nil
}

// Renderer is one of cloud-init's ways to configure a guest's network.
type Renderer string

// Renderers are all that Linux images use.
var Renderers = []Renderer{"netplan", "networkd", "eni", "sysconfig", "network-manager"}

// Convert renders a file with a network-config as a guest would, into a folder; for netplan with what netplan makes of it for
// systemd-networkd. What netplan warns of is an error too.
func (s *Session) Convert(ctx context.Context, renderer Renderer, config, folder string) error {
	distribution := "debian"
	if renderer == "sysconfig" {
		distribution = "centos"
	}
	_, err := s.ask("net-convert", "--network-data", config, "--kind", "yaml", "--directory", folder, "--distro", distribution, "--output-kind", string(renderer))
	if err != nil || renderer != "netplan" {
		return err
	}
	if err := os.Chmod(filepath.Join(folder, "etc/netplan/50-cloud-init.yaml"), 0o600); err != nil {
		return err
	}
	generate := exec.CommandContext(ctx, filepath.Join(s.programs.Root, "usr/libexec/netplan/generate"), "--root-dir", folder)
	generate.Env = s.programs.environment()
	output, err := generate.CombinedOutput()
	if err != nil || len(output) > 0 {
		return fmt.Errorf("netplan generate: %s (%w)", output, errors.Join(err, errors.New("no output was expected")))
	}
	return nil
}
