// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2eguest

package guest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"golang.org/x/crypto/ssh"

	"github.com/novasphere/wukong/e2e/shell"
)

const sshPort = 22

// key is the key pair of the tests.
var key = sync.OnceValue(func() ssh.Signer {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		// The system has no random numbers.
		panic(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		panic(err)
	}
	return signer
})

// publicKey returns the public key of the tests as OpenSSH writes it.
func publicKey() string { return string(ssh.MarshalAuthorizedKey(key().PublicKey())) }

// identity remembers the key that a guest answers with, which has to stay the same from one boot to the next.
type identity struct {
	mutex sync.Mutex
	known []byte
}

func (i *identity) check(_ string, _ net.Addr, key ssh.PublicKey) error {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	if i.known != nil && !bytes.Equal(i.known, key.Marshal()) {
		return fmt.Errorf("the guest answers with another host key than before: %s", ssh.FingerprintSHA256(key))
	}
	i.known = key.Marshal()
	return nil
}

func (i *identity) config(user string, methods ...ssh.AuthMethod) *ssh.ClientConfig {
	return &ssh.ClientConfig{User: user, Auth: methods, HostKeyCallback: i.check}
}

// from returns what connects to the guest's SSH server from a station.
func from(s station, guest netip.Addr) shell.Dial {
	return func(ctx context.Context) (net.Conn, error) {
		return s.Dial(ctx, netip.Addr{}, netip.AddrPortFrom(guest, sshPort))
	}
}
