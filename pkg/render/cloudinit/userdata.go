// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cloudinit renders the user-data and the network-config that a guest's cloud-init reads. It is pure:
// values in, text out. Everything is a marshalled structure, so a user's value stays a value.
package cloudinit

import (
	"encoding/json"
	"fmt"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/render/document"
)

// Keys of the Secret that carries the data, as KubeVirt looks for them (pkg/cloud-init/cloud-init.go).
const (
	// UserDataKey is the key of the user-data.
	UserDataKey = vmv1alpha1.UserDataKey
	// NetworkDataKey is the key of the network-config.
	NetworkDataKey = "networkdata"
)

// header makes cloud-init read the user-data as its own configuration format.
const header = "#cloud-config\n"

// Guest is what the user-data is made from.
type Guest struct {
	// Hostname is the guest's name.
	Hostname string
	// User is the account to make. Nil leaves the image's default user, which then gets the keys.
	User *User
	// AuthorizedKeys are public keys in OpenSSH's format that are let in beside the user's own.
	AuthorizedKeys []string
	// NICs are the guest's NICs in the order of its networks.
	NICs []NIC
	// Firewall is the inbound filter; nil leaves the guest as its image is.
	Firewall *vmv1alpha1.Firewall
	// Agent makes a guest that lacks qemu-guest-agent install it.
	Agent bool
	// Own is user-data of the user's own; nil for none.
	Own *Part
}

// Declared returns a text that differs when the guest does, but for its NICs, which the network-config tells of. The error is
// that of marshalling.
func (g Guest) Declared() (string, error) {
	g.NICs = nil
	text, err := json.Marshal(g)
	if err != nil {
		return "", fmt.Errorf("marshalling the guest: %w", err)
	}
	return string(text), nil
}

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
	Hostname         string    `json:"hostname,omitempty"`
	PreserveHostname *bool     `json:"preserve_hostname,omitempty"`
	ManageEtcHosts   string    `json:"manage_etc_hosts,omitempty"`
	Users            []user    `json:"users,omitempty"`
	AuthorizedKeys   []string  `json:"ssh_authorized_keys,omitempty"`
	PasswordLogin    *bool     `json:"ssh_pwauth,omitempty"`
	BootCommands     []command `json:"bootcmd,omitempty"`
	Updates          updates   `json:"updates"`
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

// ValueError is the error for a value that validation does not let through, and that is not handed on to the guest.
type ValueError struct {
	// Message says which value it is and what it is not.
	Message string
}

// Error returns the message.
func (e *ValueError) Error() string { return e.Message }

func refuse(message string, args ...any) error { return &ValueError{fmt.Sprintf(message, args...)} }

// UserData returns the guest's user-data: cloud-config, or an archive of it and the user's own part. The error is a
// *ValueError, or that of marshalling.
func UserData(guest Guest) (string, error) {
	config, err := cloudConfig(guest)
	if err != nil {
		return "", err
	}
	if guest.Own == nil {
		return config, nil
	}
	return archive(*guest.Own, config)
}

func cloudConfig(guest Guest) (string, error) {
	data := userData{
		// By default cloud-init configures networking on an instance's first boot only, so that a changed
		// address would never arrive.
		Updates: updates{Network: updateEvents{When: []string{"boot-new-instance", "boot"}}},
	}
	if guest.Hostname != "" {
		no := false
		data.Hostname, data.PreserveHostname = guest.Hostname, &no
		// The name resolves in the guest, and what a person writes into /etc/hosts stays.
		data.ManageEtcHosts = "localhost"
	}
	data.setAccount(guest.User, guest.AuthorizedKeys)
	for _, commands := range []func() ([]command, error){
		// The filter comes first: the services that listen start after these commands.
		func() ([]command, error) { return firewallCommands(guest.Firewall) },
		func() ([]command, error) { return routingCommands(guest.NICs) },
		func() ([]command, error) { return installCommands(guest) },
	} {
		more, err := commands()
		if err != nil {
			return "", err
		}
		data.BootCommands = append(data.BootCommands, more...)
	}
	text, err := document.Marshal(data)
	if err != nil {
		return "", fmt.Errorf("marshalling the user-data: %w", err)
	}
	return header + text, nil
}

// setAccount sets the account to make, or the keys of the image's default user.
func (d *userData) setAccount(account *User, keys []string) {
	if account == nil {
		d.AuthorizedKeys = keys
		return
	}
	locked := account.locked()
	d.Users = []user{{
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
		d.PasswordLogin = &allowed
	}
}
