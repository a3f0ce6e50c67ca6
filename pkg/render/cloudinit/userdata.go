// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cloudinit renders the user-data and the network-config that a guest's cloud-init reads. It is pure:
// values in, text out. Everything is a marshalled structure, so a user's value stays a value.
package cloudinit

import (
	"fmt"

	"github.com/novasphere/wukong/pkg/render/document"
)

// Keys of the Secret that carries the data, as KubeVirt looks for them (pkg/cloud-init/cloud-init.go).
const (
	// UserDataKey is the key of the user-data.
	UserDataKey = "userdata"
	// NetworkDataKey is the key of the network-config.
	NetworkDataKey = "networkdata"
)

// header makes cloud-init read the user-data as its own configuration format.
const header = "#cloud-config\n"

// User is the account to make in the guest.
type User struct {
	// Name is the login name.
	Name string
	// PasswordHash is the password as crypt(3) hashes it; empty for none.
	PasswordHash string
	// LockPassword disables login by password. Nil locks it when there is no hash.
	LockPassword *bool
	// Sudo is the user's rule in sudoers; empty for none.
	Sudo string
	// Shell is the login shell's path; empty for the image's default.
	Shell string
	// Groups are further groups.
	Groups []string
	// AuthorizedKeys are public keys in OpenSSH's format.
	AuthorizedKeys []string
}

// locked reports whether login by password is disabled.
func (u User) locked() bool {
	if u.LockPassword != nil {
		return *u.LockPassword
	}
	return u.PasswordHash == ""
}

type userData struct {
	Users          []user   `json:"users,omitempty"`
	AuthorizedKeys []string `json:"ssh_authorized_keys,omitempty"`
	PasswordLogin  *bool    `json:"ssh_pwauth,omitempty"`
	Updates        updates  `json:"updates"`
}

type user struct {
	Name         string   `json:"name"`
	LockPassword bool     `json:"lock_passwd"`
	PasswordHash string   `json:"hashed_passwd,omitempty"`
	Sudo         string   `json:"sudo,omitempty"`
	Shell        string   `json:"shell,omitempty"`
	Groups       []string `json:"groups,omitempty"`
	Keys         []string `json:"ssh_authorized_keys,omitempty"`
}

type updates struct {
	Network updateEvents `json:"network"`
}

type updateEvents struct {
	When []string `json:"when"`
}

// UserData returns the guest's user-data. A nil user leaves the image's default user, which then gets the
// keys. The error is that of marshalling.
func UserData(account *User, keys []string) (string, error) {
	data := userData{
		// By default cloud-init configures networking on an instance's first boot only, so that a changed
		// address would never arrive.
		Updates: updates{Network: updateEvents{When: []string{"boot-new-instance", "boot"}}},
	}
	if account == nil {
		data.AuthorizedKeys = keys
	} else {
		locked := account.locked()
		data.Users = []user{{
			Name:         account.Name,
			LockPassword: locked,
			// hashed_passwd also reaches an account that the image already has; passwd does not.
			PasswordHash: account.PasswordHash,
			Sudo:         account.Sudo,
			Shell:        account.Shell,
			Groups:       account.Groups,
			Keys:         append(append([]string{}, account.AuthorizedKeys...), keys...),
		}}
		if account.PasswordHash != "" && !locked {
			allowed := true
			data.PasswordLogin = &allowed
		}
	}
	text, err := document.Marshal(data)
	if err != nil {
		return "", fmt.Errorf("marshalling the user-data: %w", err)
	}
	return header + text, nil
}
