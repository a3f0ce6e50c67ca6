// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"crypto/ed25519"
	"encoding/pem"
	"os"

	"golang.org/x/crypto/ssh"

	"github.com/novasphere/wukong/e2e/debian"
)

// letIn makes a new key that logs in as root.
func letIn(root, folder string) error {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return err
	}
	if err := os.WriteFile(debian.Disk(folder).File(keyFile), pem.EncodeToMemory(block), 0o600); err != nil {
		return err
	}
	authorized, err := ssh.NewPublicKey(public)
	if err != nil {
		return err
	}
	return debian.Write(root, "root/.ssh/authorized_keys", string(ssh.MarshalAuthorizedKey(authorized)))
}
