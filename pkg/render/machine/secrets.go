// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/render/cloudinit"
)

// SecretReference is a field of a Wukong that names a Secret in its namespace.
type SecretReference struct {
	// Field is the field's path.
	Field string
	// Name is the Secret's name.
	Name string
}

const (
	fieldPasswordHash = "spec.cloudInitUser.passwordHashSecretRef"
	fieldSSHKeys      = "spec.sshKeySecret"
)

// SecretReferences returns the Secrets that a Wukong takes values from.
func SecretReferences(spec *vmv1alpha1.WukongSpec) []SecretReference {
	var references []SecretReference
	if spec.CloudInitUser != nil && spec.CloudInitUser.PasswordHashSecretRef != nil {
		references = append(references, SecretReference{fieldPasswordHash, string(spec.CloudInitUser.PasswordHashSecretRef.Name)})
	}
	if spec.SSHKeySecret != "" {
		references = append(references, SecretReference{fieldSSHKeys, string(spec.SSHKeySecret)})
	}
	return references
}

// SecretError is the error for a Secret that does not hold what it is referred to for.
type SecretError struct {
	// Field is the field of the Wukong that names the Secret.
	Field string
	// Reason is the one of CloudInitReady.
	Reason string
	// Message says what is wrong and what to do. It never repeats what the Secret holds.
	Message string
}

// Error returns the message.
func (p *SecretError) Error() string { return p.Message }

// cryptHash is the form of a password hash as crypt(3) makes it.
var cryptHash = regexp.MustCompile(`^[$][0-9a-z]+[$][!-9;-~]+$`)

// ReadSecrets returns the values that a Wukong takes from Secrets, which are given by name. References to Secrets
// that are not given are left out. The error is a *SecretError.
func ReadSecrets(spec *vmv1alpha1.WukongSpec, secrets map[string]*corev1.Secret) (SecretValues, error) {
	var values SecretValues
	if spec.CloudInitUser != nil && spec.CloudInitUser.PasswordHashSecretRef != nil {
		ref := spec.CloudInitUser.PasswordHashSecretRef
		if secret := secrets[string(ref.Name)]; secret != nil {
			content, ok := secret.Data[ref.Key]
			if !ok {
				return values, problem(fieldPasswordHash, vmv1alpha1.ReasonSecretKeyMissing, "Secret %s has no key %s; add the key", ref.Name, ref.Key)
			}
			values.PasswordHash = strings.TrimSpace(string(content))
			if !cryptHash.MatchString(values.PasswordHash) {
				return values, problem(fieldPasswordHash, vmv1alpha1.ReasonSecretInvalid,
					"key %s of Secret %s is not a crypt(3) hash; make one with: mkpasswd -m sha-512", ref.Key, ref.Name)
			}
		}
	}
	secret := secrets[string(spec.SSHKeySecret)]
	if spec.SSHKeySecret == "" || secret == nil {
		return values, nil
	}
	if len(secret.Data) == 0 {
		return values, problem(fieldSSHKeys, vmv1alpha1.ReasonSecretKeyMissing,
			"Secret %s holds no key; add a public key in OpenSSH's format under any name", secret.Name)
	}
	for _, entry := range slices.Sorted(maps.Keys(secret.Data)) {
		keys, err := cloudinit.AuthorizedKeys(string(secret.Data[entry]))
		if err != nil {
			return values, problem(fieldSSHKeys, vmv1alpha1.ReasonSecretInvalid,
				"key %s of Secret %s: %s; each line has to be a public key such as: ssh-ed25519 AAAAC3Nza... me@host", entry, secret.Name, err)
		}
		values.AuthorizedKeys = append(values.AuthorizedKeys, keys...)
	}
	return values, nil
}

func problem(field, reason, message string, args ...any) error {
	return &SecretError{Field: field, Reason: reason, Message: fmt.Sprintf(message, args...)}
}
