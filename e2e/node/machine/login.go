// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"context"
	"net"
	"os"
	"strconv"

	"golang.org/x/crypto/ssh"

	"github.com/novasphere/wukong/e2e/node/image"
	"github.com/novasphere/wukong/e2e/shell"
)

// logIn tries until the node lets root in, or QEMU has ended.
func (m *Machine) logIn(ctx context.Context, files image.Image, port int) (*shell.Shell, error) {
	config, err := clientConfig(files)
	if err != nil {
		return nil, err
	}
	dial := func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(loopback, strconv.Itoa(port)))
	}
	return shell.Knock(ctx, dial, config, m.vm.Exited())
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
