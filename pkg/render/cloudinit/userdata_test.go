// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit_test

import (
	"strings"
	"testing"

	"github.com/novasphere/wukong/pkg/internal/golden"
	"github.com/novasphere/wukong/pkg/render/cloudinit"
)

const (
	hash      = "$6$rounds=4096$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g."
	firstKey  = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJXBvR2k1OE9Ln4n2LkVZg2dVzXq1bKqVY2m0l1bS6pA me@host"
	secondKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKq7b3Vn3bJt2m1q9z0xw5cB8m3hYtG5uS4d6f7e8a9b # a comment: with a colon"
)

func TestUserData(t *testing.T) {
	locked, unlocked := true, false
	for name, row := range map[string]struct {
		user *cloudinit.User
		keys []string
	}{
		"no-user":            {},
		"no-user-keys":       {keys: []string{firstKey, secondKey}},
		"user":               {user: &cloudinit.User{Name: "ubuntu"}},
		"user-hash":          {user: &cloudinit.User{Name: "ubuntu", PasswordHash: hash}},
		"user-hash-locked":   {user: &cloudinit.User{Name: "ubuntu", PasswordHash: hash, LockPassword: &locked}},
		"user-unlocked":      {user: &cloudinit.User{Name: "ubuntu", LockPassword: &unlocked}},
		"user-keys":          {user: &cloudinit.User{Name: "ubuntu", AuthorizedKeys: []string{firstKey}}, keys: []string{secondKey}},
		"user-with-the-rest": {user: &cloudinit.User{Name: "ubuntu", PasswordHash: hash, Sudo: "ALL=(ALL) NOPASSWD:ALL", Shell: "/bin/bash", Groups: []string{"sudo", "adm"}}},
		// Login names, groups and rules that are valid and that some reader of YAML takes for something else.
		"user-with-words": {user: &cloudinit.User{Name: "no", Sudo: "=", Shell: "/bin/sh", Groups: []string{"on", "null", "y", "_"}}},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := cloudinit.UserData(row.user, row.keys)
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, "userdata/"+name+".yaml", text)
		})
	}
}

func TestUserDataKeepsItsInput(t *testing.T) {
	own := make([]string, 1, 8)
	own[0] = firstKey
	user := &cloudinit.User{Name: "ubuntu", AuthorizedKeys: own}
	if _, err := cloudinit.UserData(user, []string{secondKey}); err != nil {
		t.Fatal(err)
	}
	if got := own[:2][1]; got != "" {
		t.Errorf("the caller's list was written to: %q", got)
	}
}

func TestAuthorizedKeys(t *testing.T) {
	for _, row := range []struct {
		name, text string
		want       []string
		problem    string
	}{
		{"one", firstKey, []string{firstKey}, ""},
		{"lines, comments and line ends of Windows", "\n# mine\r\n " + firstKey + "\r\n\n" + secondKey + "\n", []string{firstKey, secondKey}, ""},
		{"options", `no-pty,command="echo a: b" ` + firstKey, []string{`no-pty,command="echo a: b" ` + firstKey}, ""},
		{"nothing", "\n# only a comment\n", nil, "there is no public key"},
		{"private key", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\n", nil, "line 1 is not a public key"},
		{"broken key after a good one", firstKey + "\nssh-ed25519 AAAA\n", nil, "line 2 is not a public key"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := cloudinit.AuthorizedKeys(row.text)
			if strings.Join(got, "\n") != strings.Join(row.want, "\n") {
				t.Errorf("got %q, want %q", got, row.want)
			}
			switch {
			case row.problem == "" && err != nil, row.problem != "" && (err == nil || !strings.HasPrefix(err.Error(), row.problem)):
				t.Errorf("got error %v, want %q", err, row.problem)
			case err != nil && strings.Contains(err.Error(), "PRIVATE"):
				t.Errorf("the error repeats what may be a private key: %v", err)
			}
		})
	}
}

func TestHash(t *testing.T) {
	seen := map[string]cloudinit.Data{}
	for _, data := range []cloudinit.Data{{}, {UserData: "a"}, {NetworkConfig: "a"}, {UserData: "a", NetworkConfig: "b"}, {UserData: "ab"}, {UserData: "b", NetworkConfig: "a"}} {
		hash := data.Hash()
		if other, found := seen[hash]; found || hash != data.Hash() {
			t.Errorf("%v and %v have hash %s", data, other, hash)
		}
		seen[hash] = data
	}
}
