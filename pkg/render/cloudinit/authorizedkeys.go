// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/ssh"
)

// AuthorizedKeys returns the public keys of a text in OpenSSH's authorized_keys format (sshd(8)): one key a
// line, with empty lines and comments left out. The error names the first line that is no public key, and
// never repeats what the line holds, since it may be a private key.
func AuthorizedKeys(text string) ([]string, error) {
	var keys []string
	for number, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if _, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line)); err != nil || !plain(line) {
			return nil, fmt.Errorf("line %d is not a public key in OpenSSH's format", number+1)
		}
		keys = append(keys, line)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("there is no public key in it")
	}
	return keys, nil
}

// plain reports whether a line can be handed on as it is: text in UTF-8 without control characters.
func plain(line string) bool {
	return utf8.ValidString(line) && !strings.ContainsFunc(line, func(r rune) bool { return r != '\t' && unicode.IsControl(r) })
}
