// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/novasphere/wukong/e2e/node/image"
)

const (
	// knockEvery is how often a booting machine is asked to let root in.
	knockEvery = 500 * time.Millisecond
	// handshakePatience is how long one attempt may take.
	handshakePatience = 20 * time.Second
	// commandPatience is more than any command here takes.
	commandPatience = 5 * time.Minute
)

// logIn tries until the node lets root in, or QEMU has ended.
func (m *Machine) logIn(ctx context.Context, files image.Image, port int) (*ssh.Client, error) {
	config, err := clientConfig(files)
	if err != nil {
		return nil, err
	}
	ticker := time.NewTicker(knockEvery)
	defer ticker.Stop()
	for {
		client, err := dial(ctx, net.JoinHostPort(loopback, strconv.Itoa(port)), config)
		if err == nil {
			return client, nil
		}
		select {
		case <-ticker.C:
		case <-m.process.Exited():
			return nil, fmt.Errorf("QEMU ended before the node let anybody in: %s", m.process.State())
		case <-ctx.Done():
			return nil, fmt.Errorf("the node lets nobody in: %w", errors.Join(ctx.Err(), err))
		}
	}
}

func clientConfig(files image.Image) (*ssh.ClientConfig, error) {
	private, err := os.ReadFile(files.Key)
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKey(private)
	if err != nil {
		return nil, err
	}
	public, err := os.ReadFile(files.HostKey)
	if err != nil {
		return nil, err
	}
	host, _, _, _, err := ssh.ParseAuthorizedKey(public)
	if err != nil {
		return nil, err
	}
	return &ssh.ClientConfig{
		User: "root", Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)},
		HostKeyCallback: ssh.FixedHostKey(host), HostKeyAlgorithms: []string{host.Type()},
	}, nil
}

// dial also gives up when somebody takes the connection and says nothing, which is what QEMU does while the node boots.
func dial(ctx context.Context, address string, config *ssh.ClientConfig) (*ssh.Client, error) {
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	if err := connection.SetDeadline(time.Now().Add(handshakePatience)); err != nil {
		return nil, err
	}
	handshake, channels, requests, err := ssh.NewClientConn(connection, address, config)
	if err != nil {
		return nil, errors.Join(err, connection.Close())
	}
	return ssh.NewClient(handshake, channels, requests), connection.SetDeadline(time.Time{})
}

// Run runs a line of shell on the node and returns its standard output. The error has what it said beside that.
func (m *Machine) Run(ctx context.Context, line string) ([]byte, error) {
	return m.Feed(ctx, line, nil)
}

// Feed is Run with a standard input.
func (m *Machine) Feed(ctx context.Context, line string, input io.Reader) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, commandPatience)
	defer cancel()
	session, err := m.login.NewSession()
	if err != nil {
		return nil, fmt.Errorf("the node is out of reach: %w", err)
	}
	defer func() { _ = session.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = session.Close() })
	defer stop()
	var output, said bytes.Buffer
	session.Stdin, session.Stdout, session.Stderr = input, &output, &said
	if err := session.Run(line); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s%s", line, errors.Join(err, ctx.Err()), output.Bytes(), said.Bytes())
	}
	return output.Bytes(), nil
}
