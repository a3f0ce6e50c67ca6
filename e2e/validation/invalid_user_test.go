// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import "strings"

const (
	somePublicKey  = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHx0m0ZVJ2oXq8r9Yd6cVvG0d1yqkq4m1m0m1yq7T1aB ops@example.org"
	somePrivateKey = `-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n`
)

// invalidUsers are about cloudInitUser.
var invalidUsers = []invalid{
	{"user without a name", wukong("cloudInitUser: {shell: /bin/bash}"), refused("spec.cloudInitUser.name", "Required value")},
	{"user name that begins with a digit", wukong("cloudInitUser: {name: 1user}"), refused("spec.cloudInitUser.name", "for example ubuntu")},
	{"user name with a capital", wukong("cloudInitUser: {name: Ubuntu}"), refused("spec.cloudInitUser.name", "for example ubuntu")},
	{"user name with a colon", wukong("cloudInitUser: {name: 'a:b'}"), refused("spec.cloudInitUser.name", "for example ubuntu")},
	{"user name with a newline", wukong(`cloudInitUser: {name: "ubuntu\nroot"}`), refused("spec.cloudInitUser.name", "for example ubuntu")},
	{"user name too long", wukong("cloudInitUser: {name: " + strings.Repeat("a", 33) + "}"), refused("spec.cloudInitUser.name", "may not be more than 32")},

	{"password in a field of its own", user("password: secret"), refused("spec.cloudInitUser.password", "unknown field")},
	{"password in clear", user("passwordHash: hunter2"),
		refused("spec.cloudInitUser.passwordHash", "Forbidden: must be a crypt(3) hash such as $6$salt$hash, never the password itself; make one with: mkpasswd -m sha-512")},
	{"hash that ends with a newline", user(`passwordHash: "$6$salt$hash\n"`), refused("spec.cloudInitUser.passwordHash", "Forbidden: must be a crypt(3) hash")},
	{"hash with a colon", user("passwordHash: '$6$salt$ha:sh'"), refused("spec.cloudInitUser.passwordHash", "Forbidden: must be a crypt(3) hash")},
	{"hash and reference to one", user("passwordHash: '$6$salt$hash', passwordHashSecretRef: {name: vm, key: hash}"),
		refused("spec.cloudInitUser.passwordHashSecretRef", "must not be set together with passwordHash; keep one of them")},
	{"reference to a hash without its key", user("passwordHashSecretRef: {name: vm}"), refused("spec.cloudInitUser.passwordHashSecretRef.key", "Required value")},
	{"reference to a hash with a path as its key", user("passwordHashSecretRef: {name: vm, key: a/b}"),
		refused("spec.cloudInitUser.passwordHashSecretRef.key", "for example password-hash")},
	{"reference to a hash in another namespace", user("passwordHashSecretRef: {name: prod/vm, key: hash}"),
		refused("spec.cloudInitUser.passwordHashSecretRef.name", "must be the name of a Secret")},

	{"sudo with a newline", user(`sudo: "ALL=(ALL) ALL\nroot ALL=(ALL) NOPASSWD:ALL"`),
		refused("spec.cloudInitUser.sudo", "must be a single line such as ALL=(ALL) NOPASSWD:ALL")},
	{"sudo as a boolean", user("sudo: true"), refused("spec.cloudInitUser.sudo", `must be of type string: "boolean"`)},
	{"shell without a path", user("shell: bash"), refused("spec.cloudInitUser.shell", "must be an absolute path, for example /bin/bash")},
	{"shell with an argument", user("shell: /bin/bash -l"), refused("spec.cloudInitUser.shell", "must be an absolute path, for example /bin/bash")},
	{"shell with a colon", user("shell: '/bin/bash:'"), refused("spec.cloudInitUser.shell", "must be an absolute path, for example /bin/bash")},
	{"group with a colon", user("groups: ['sudo:adm']"), refused("spec.cloudInitUser.groups[0]", "must be a Linux group name")},
	{"groups with a comma", user("groups: ['sudo,adm']"), refused("spec.cloudInitUser.groups[0]", "must be a Linux group name")},
	{"groups as a string", user("groups: sudo"), refused("spec.cloudInitUser.groups", `must be of type array: "string"`)},
	{"lockPasswd in words", user("lockPasswd: 'no'"), refused("spec.cloudInitUser.lockPasswd", `must be of type boolean: "string"`)},

	{"ssh key that is none", user("sshAuthorizedKeys: [garbage]"),
		refused("spec.cloudInitUser.sshAuthorizedKeys[0]", "Forbidden: must be one public key in OpenSSH's format, for example: ssh-ed25519 AAAA")},
	{"ssh key without its type", user("sshAuthorizedKeys: [AAAAC3NzaC1lZDI1NTE5AAAAIHx0]"), refused("spec.cloudInitUser.sshAuthorizedKeys[0]", "must be one public key")},
	{"two ssh keys in one entry", user(`sshAuthorizedKeys: ["` + somePublicKey + `\n` + somePublicKey + `"]`),
		refused("spec.cloudInitUser.sshAuthorizedKeys[0]", "must be one public key")},
	{"ssh key that is private", user(`sshAuthorizedKeys: ["` + somePrivateKey + `"]`),
		refused("spec.cloudInitUser.sshAuthorizedKeys[0]", "Forbidden: must be one public key")},
	{"second ssh key that is none", user("sshAuthorizedKeys: ['" + somePublicKey + "', '']"), findings{
		{"spec.cloudInitUser.sshAuthorizedKeys[1]", "must be one public key"},
		{"spec.cloudInitUser.sshAuthorizedKeys[1]", "at least 1 chars long"},
	}},
}
