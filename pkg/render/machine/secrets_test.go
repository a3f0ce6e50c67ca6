// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package machine_test

import (
	"errors"
	"net/textproto"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/render/cloudinit"
	"github.com/novasphere/wukong/pkg/render/machine"
)

const (
	publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJXBvR2k1OE9Ln4n2LkVZg2dVzXq1bKqVY2m0l1bS6pA"
	clearText = "correct horse"
)

func secret(name string, data map[string]string) *corev1.Secret {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string][]byte{}}
	for key, content := range data {
		s.Data[key] = []byte(content)
	}
	return s
}

func TestReadSecrets(t *testing.T) {
	for _, row := range []struct {
		name    string
		secrets []*corev1.Secret
		want    machine.SecretValues
		reason  string
		field   string
	}{
		{name: "none given"},
		{
			name:    "all given",
			secrets: []*corev1.Secret{secret("pw", map[string]string{"hash": "$6$salt$x\n"}), secret("keys", map[string]string{"b": publicKey + " b", "a": publicKey + " a\n"})},
			want:    machine.SecretValues{PasswordHash: "$6$salt$x", AuthorizedKeys: []string{publicKey + " a", publicKey + " b"}},
		},
		{name: "only the keys", secrets: []*corev1.Secret{secret("keys", map[string]string{"a": publicKey})}, want: machine.SecretValues{AuthorizedKeys: []string{publicKey}}},
		{
			name: "the hash's key is missing", secrets: []*corev1.Secret{secret("pw", map[string]string{"other": "$6$salt$x"})},
			reason: vmv1alpha1.ReasonSecretKeyMissing, field: "spec.cloudInitUser.passwordHashSecretRef",
		},
		{
			name: "a password instead of a hash", secrets: []*corev1.Secret{secret("pw", map[string]string{"hash": clearText})},
			reason: vmv1alpha1.ReasonSecretInvalid, field: "spec.cloudInitUser.passwordHashSecretRef",
		},
		{
			name:    "user-data",
			secrets: []*corev1.Secret{secret("own", map[string]string{"userdata": "#!/bin/sh\n"})},
			want: machine.SecretValues{UserData: &cloudinit.Part{Content: "#!/bin/sh\n", Header: textproto.MIMEHeader{
				"Content-Type": {"text/x-shellscript; charset=utf-8"}, "Content-Disposition": {`attachment; filename="user-data"`},
			}}},
		},
		{
			name: "user-data under another key", secrets: []*corev1.Secret{secret("own", map[string]string{"userData": "#!/bin/sh\n"})},
			reason: vmv1alpha1.ReasonSecretKeyMissing, field: "spec.cloudInit.secretName",
		},
		{
			name: "user-data of no known kind", secrets: []*corev1.Secret{secret("own", map[string]string{"userdata": clearText})},
			reason: vmv1alpha1.ReasonSecretInvalid, field: "spec.cloudInit.secretName",
		},
		{
			name: "cloud-config that is no YAML", secrets: []*corev1.Secret{secret("own", map[string]string{"userdata": "#cloud-config\na: [" + clearText + "\n"})},
			reason: vmv1alpha1.ReasonSecretInvalid, field: "spec.cloudInit.secretName",
		},
		{
			name: "a hash that is longer than the field may be", secrets: []*corev1.Secret{secret("pw", map[string]string{"hash": "$6$" + strings.Repeat("x", 600) + "$y"})},
			reason: vmv1alpha1.ReasonSecretInvalid, field: "spec.cloudInitUser.passwordHashSecretRef",
		},
		{name: "no key at all", secrets: []*corev1.Secret{secret("keys", nil)}, reason: vmv1alpha1.ReasonSecretKeyMissing, field: "spec.sshKeySecret"},
		{
			name: "something else than a key", secrets: []*corev1.Secret{secret("keys", map[string]string{"a": clearText})},
			reason: vmv1alpha1.ReasonSecretInvalid, field: "spec.sshKeySecret",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			spec := &vmv1alpha1.WukongSpec{
				SSHKeySecret:  "keys",
				CloudInit:     &vmv1alpha1.CloudInit{SecretName: "own"},
				CloudInitUser: &vmv1alpha1.CloudInitUser{Name: "ubuntu", PasswordHashSecretRef: &vmv1alpha1.SecretKeyReference{Name: "pw", Key: "hash"}},
			}
			given := map[string]*corev1.Secret{"unused": secret("unused", map[string]string{"a": clearText})}
			for _, s := range row.secrets {
				given[s.Name] = s
			}
			got, err := machine.ReadSecrets(spec, given)
			if row.reason == "" {
				if difference := cmp.Diff(row.want, got); err != nil || difference != "" {
					t.Errorf("error %v, -want +got:\n%s", err, difference)
				}
				return
			}
			problem, ok := errors.AsType[*machine.SecretError](err)
			if !ok || problem.Reason != row.reason || problem.Field != row.field {
				t.Fatalf("got %#v, want %s about %s", err, row.reason, row.field)
			}
			if strings.Contains(problem.Error(), clearText) {
				t.Errorf("the message repeats what the Secret holds: %s", problem)
			}
		})
	}
}

func TestReadSecretsOfNobody(t *testing.T) {
	got, err := machine.ReadSecrets(&vmv1alpha1.WukongSpec{}, map[string]*corev1.Secret{"": secret("", map[string]string{"a": clearText})})
	if err != nil || got.PasswordHash != "" || got.AuthorizedKeys != nil {
		t.Errorf("got %v, %v from a spec without references", got, err)
	}
}

func TestSecretReferences(t *testing.T) {
	spec := &vmv1alpha1.WukongSpec{
		SSHKeySecret:  "keys",
		CloudInit:     &vmv1alpha1.CloudInit{SecretName: "own"},
		CloudInitUser: &vmv1alpha1.CloudInitUser{Name: "ubuntu", PasswordHashSecretRef: &vmv1alpha1.SecretKeyReference{Name: "pw", Key: "hash"}},
	}
	want := []machine.SecretReference{{Field: "spec.cloudInitUser.passwordHashSecretRef", Name: "pw"}, {Field: "spec.sshKeySecret", Name: "keys"}, {Field: "spec.cloudInit.secretName", Name: "own"}}
	if difference := cmp.Diff(want, machine.SecretReferences(spec)); difference != "" {
		t.Errorf("-want +got:\n%s", difference)
	}
	if got := machine.SecretReferences(&vmv1alpha1.WukongSpec{CloudInitUser: &vmv1alpha1.CloudInitUser{Name: "ubuntu"}}); got != nil {
		t.Errorf("got %v for a spec without references", got)
	}
}
