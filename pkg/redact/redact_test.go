// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package redact_test

import (
	"strings"
	"testing"

	"github.com/novasphere/wukong/pkg/redact"
)

func TestText(t *testing.T) {
	sum := "sha256:" + strings.Repeat("0a", 32)
	for text, want := range map[string]string{
		"":                               "",
		"nothing needs to be done":       "nothing needs to be done",
		"https://example.org/disk.qcow2": "https://example.org/disk.qcow2",
		"was filled from http://me:hunter2@example.org/a and not from nothing": "was filled from http://***@example.org/a and not from nothing",
		"https://ghp_token@example.org:8443/a.img, twice":                      "https://***@example.org:8443/a.img, twice",
		"https://me:p@ss@example.org/a":                                        "https://***@example.org/a",
		"https://me:hunter2@example.org; CDI tries again":                      "https://***@example.org; CDI tries again",
		"https://me:hunter2@[2001:db8::1]:80/a":                                "https://***@[2001:db8::1]:80/a",
		`Get "https://me:hunter2@h/a": EOF`:                                    `Get "https://***@h/a": EOF`,
		"(https://h/a?X-Amz-Signature=abc&b=c).":                               "(https://h/a?***).",
		"https://h?token=abc; correct it":                                      "https://h?***; correct it",
		"https://h/me@example.org":                                             "https://h/me@example.org",
		"HTTPS://me:hunter2@h":                                                 "HTTPS://***@h",
		"docker://quay.io/containerdisks/debian:12":                            "docker://quay.io/containerdisks/debian:12",
		"docker://debian@" + sum:                                               "docker://debian@" + sum,
		"docker://quay.io/debian@" + sum:                                       "docker://quay.io/debian@" + sum,
		"docker://robot:token@quay.io/debian@" + sum:                           "docker://***@quay.io/debian@" + sum,
		"osImage quay.io/debian:12 → robot:token@quay.io:443/debian:12":        "osImage quay.io/debian:12 → ***@quay.io:443/debian:12",
		"osImage quay.io/debian:12@" + sum + " → debian:13":                    "osImage quay.io/debian:12@" + sum + " → debian:13",
		`image "robot:token@quay.io/debian"`:                                   `image "***@quay.io/debian"`,
		"each line has to be a public key such as: ssh-ed25519 AAAA me@host":   "each line has to be a public key such as: ssh-ed25519 AAAA me@host",
		"http://a:1@h/x and http://b:2@h/y":                                    "http://***@h/x and http://***@h/y",
		"proxyconnect http://u:hunter2@proxy.example.org:3128: no such host":   "proxyconnect http://***@proxy.example.org:3128: no such host",
		"02:00:00:00:00:01 is taken by ns/vm":                                  "02:00:00:00:00:01 is taken by ns/vm",
	} {
		got := redact.Text(text)
		if got != want {
			t.Errorf("%q\ngot  %q\nwant %q", text, got, want)
		}
		if again := redact.Text(got); again != got {
			t.Errorf("%q is changed once more, to %q", got, again)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("me", "hunter2", "example.org", "/a?b=c")
	f.Fuzz(func(t *testing.T, user, password, host, path string) {
		const secret = "planted-secret"
		for _, part := range []string{user, password, host, path} {
			if strings.ContainsAny(part, " \t\r\n\v\f\"'`<>/?#@:") || strings.Contains(part, secret) || strings.ToValidUTF8(part, "") != part {
				t.Skip()
			}
		}
		text := redact.Text("it was https://" + user + ":" + password + secret + "@" + host + "/" + path + "?sig=" + secret + " before")
		if strings.Contains(text, secret) {
			t.Error(text)
		}
		if again := redact.Text(text); again != text {
			t.Errorf("%q is changed once more, to %q", text, again)
		}
	})
}
