// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

// What a Wukong takes from Secrets, and its own hash and keys, are printed in the Secret for the guest alone.
func TestSecretsAreInTheSecretAlone(t *testing.T) {
	const planted = "plantedsecret"
	got := renderOf(t, `apiVersion: v1
kind: Secret
metadata: {name: own}
stringData: {userdata: "#!/bin/sh\nlogin `+planted+`1\n", spare: `+planted+`2}
---
apiVersion: v1
kind: Secret
metadata: {name: password}
stringData: {hash: "$6$salt$`+planted+`3"}
---
apiVersion: v1
kind: Secret
metadata: {name: unnamed}
stringData: {password: `+planted+`4}
---
`+lan[:strings.Index(lan, "spec:")]+`spec:
  networks: [{name: lan}]
  cloudInit: {secretName: own}
  cloudInitUser:
    name: debian
    passwordHashSecretRef: {name: password, key: hash}
    sshAuthorizedKeys: ["`+strings.TrimSuffix(key, "me@host")+planted+`5"]
`)
	for document := range strings.SplitSeq(got.stdout, "\n---\n") {
		secret := strings.Contains(document, "\nkind: Secret\n")
		if !secret && strings.Contains(document, planted) {
			t.Errorf("another object than the Secret shows a secret:\n%s", document)
		}
		if secret && (!strings.Contains(document, planted) || strings.Contains(document, planted+"2") || strings.Contains(document, planted+"4")) {
			t.Errorf("the Secret does not have just what the guest needs:\n%s", document)
		}
	}
	if strings.Contains(got.stderr, planted) || !strings.Contains(got.stdout, "\nkind: Secret\n") {
		t.Errorf("a warning shows a secret, or there is no Secret: %s", got.stderr)
	}
	// What is refused is not repeated either.
	for _, wrong := range []string{
		"spec: {cloudInitUser: {name: debian, passwordHash: " + planted + "}}",
		"spec: {cloudInitUser: {name: debian, sshAuthorizedKeys: ['" + planted + "']}}",
	} {
		refused := runWith(small+wrong, "render", "-f", "-")
		if refused.code == 0 || strings.Contains(refused.stdout+refused.stderr, planted) {
			t.Errorf("%s: exit code %d: %s", wrong, refused.code, refused.stderr)
		}
	}
}
