// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package shell logs in to machines by SSH and runs lines of shell on them.
package shell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"golang.org/x/crypto/ssh"
)

const (
	// knockEvery is how often a booting machine is asked to let somebody in.
	knockEvery = 500 * time.Millisecond
	// knockPatience is how long one attempt may take while a machine boots: QEMU takes the connection before it does.
	knockPatience = 30 * time.Second
	// commandPatience is more than any command here takes.
	commandPatience = 5 * time.Minute
)

// Dial opens a connection to a machine's SSH server.
type Dial func(ctx context.Context) (net.Conn, error)

// Shell is a login.
type Shell struct{ client *ssh.Client }

// Knock tries until the machine lets somebody in. It gives up when the context ends, or when ended is closed, which tells
// that the machine is no more.
func Knock(ctx context.Context, dial Dial, config *ssh.ClientConfig, ended <-chan struct{}) (*Shell, error) {
	ticker := time.NewTicker(knockEvery)
	defer ticker.Stop()
	for {
		shell, err := knockOnce(ctx, dial, config)
		if err == nil {
			return shell, nil
		}
		select {
		case <-ticker.C:
		case <-ended:
			return nil, fmt.Errorf("the machine ended before it let %s in", config.User)
		case <-ctx.Done():
			return nil, fmt.Errorf("the machine does not let %s in: %w", config.User, errors.Join(ctx.Err(), err))
		}
	}
}

func knockOnce(ctx context.Context, dial Dial, config *ssh.ClientConfig) (*Shell, error) {
	ctx, cancel := context.WithTimeout(ctx, knockPatience)
	defer cancel()
	return LogIn(ctx, dial, config)
}

// LogIn tries once, until the context's deadline if it has one: somebody may take the connection and say nothing.
func LogIn(ctx context.Context, dial Dial, config *ssh.ClientConfig) (*Shell, error) {
	connection, err := dial(ctx)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := connection.SetDeadline(deadline); err != nil {
			return nil, errors.Join(err, connection.Close())
		}
	}
	handshake, channels, requests, err := ssh.NewClientConn(connection, connection.RemoteAddr().String(), config)
	if err != nil {
		return nil, errors.Join(err, connection.Close())
	}
	return &Shell{ssh.NewClient(handshake, channels, requests)}, connection.SetDeadline(time.Time{})
}

// Run runs a line of shell and returns its standard output. The error has what it said beside that.
func (s *Shell) Run(ctx context.Context, line string) ([]byte, error) {
	return s.Feed(ctx, line, nil)
}

// Feed is Run with a standard input.
func (s *Shell) Feed(ctx context.Context, line string, input io.Reader) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, commandPatience)
	defer cancel()
	session, err := s.client.NewSession()
	if err != nil {
		return nil, fmt.Errorf("the machine is out of reach: %w", err)
	}
	defer func() { _ = session.Close() }()
	// Of a machine that is cut off, the session cannot be closed, but the connection can.
	stop := context.AfterFunc(ctx, func() { _ = s.client.Close() })
	defer stop()
	var output, said bytes.Buffer
	session.Stdin, session.Stdout, session.Stderr = input, &output, &said
	if err := session.Run(line); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s%s", line, errors.Join(err, ctx.Err()), output.Bytes(), said.Bytes())
	}
	return output.Bytes(), nil
}

// Close logs out. It fails when the machine was cut off before.
func (s *Shell) Close() error { return s.client.Close() }
