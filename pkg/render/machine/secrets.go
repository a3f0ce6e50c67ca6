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
	fieldUserData     = "spec.cloudInit.secretName"
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
	if spec.CloudInit != nil {
		references = append(references, SecretReference{fieldUserData, string(spec.CloudInit.SecretName)})
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

// maxHashLength is that of cloudInitUser.passwordHash.
const maxHashLength = 512

// cryptHash is the form of a password hash as crypt(3) makes it.
var cryptHash = regexp.MustCompile(`^[$][0-9a-z]+[$][!-9;-~]+$`)

// ReadSecrets returns the values that a Wukong takes from Secrets, which are given by name. References to Secrets
// that are not given are left out. The error is a *SecretError.
func ReadSecrets(spec *vmv1alpha1.WukongSpec, secrets map[string]*corev1.Secret) (SecretValues, error) {
	var values SecretValues
	for _, read := range []func(*vmv1alpha1.WukongSpec, map[string]*corev1.Secret, *SecretValues) error{readPasswordHash, readSSHKeys, readUserData} {
		if err := read(spec, secrets, &values); err != nil {
			return SecretValues{}, err
		}
	}
	return values, nil
}

func readPasswordHash(spec *vmv1alpha1.WukongSpec, secrets map[string]*corev1.Secret, values *SecretValues) error {
	if spec.CloudInitUser == nil || spec.CloudInitUser.PasswordHashSecretRef == nil {
		return nil
	}
	ref := spec.CloudInitUser.PasswordHashSecretRef
	secret := secrets[string(ref.Name)]
	if secret == nil {
		return nil
	}
	content, ok := secret.Data[ref.Key]
	if !ok {
		return problem(fieldPasswordHash, vmv1alpha1.ReasonSecretKeyMissing, "Secret %s has no key %s; add the key", ref.Name, ref.Key)
	}
	// Most ways to make a Secret from a command's output keep its last newline.
	values.PasswordHash = strings.TrimSpace(string(content))
	if len(values.PasswordHash) > maxHashLength || !cryptHash.MatchString(values.PasswordHash) {
		return problem(fieldPasswordHash, vmv1alpha1.ReasonSecretInvalid,
			"key %s of Secret %s is not a crypt(3) hash; make one with: mkpasswd -m sha-512", ref.Key, ref.Name)
	}
	return nil
}

func readSSHKeys(spec *vmv1alpha1.WukongSpec, secrets map[string]*corev1.Secret, values *SecretValues) error {
	secret := secrets[string(spec.SSHKeySecret)]
	if spec.SSHKeySecret == "" || secret == nil {
		return nil
	}
	if len(secret.Data) == 0 {
		return problem(fieldSSHKeys, vmv1alpha1.ReasonSecretKeyMissing,
			"Secret %s holds no key; add a public key in OpenSSH's format under any name", secret.Name)
	}
	for _, entry := range slices.Sorted(maps.Keys(secret.Data)) {
		keys, err := cloudinit.AuthorizedKeys(string(secret.Data[entry]))
		if err != nil {
			return problem(fieldSSHKeys, vmv1alpha1.ReasonSecretInvalid,
				"key %s of Secret %s: %s; each line has to be a public key such as: ssh-ed25519 AAAAC3Nza... me@host", entry, secret.Name, err)
		}
		values.AuthorizedKeys = append(values.AuthorizedKeys, keys...)
	}
	return nil
}

func readUserData(spec *vmv1alpha1.WukongSpec, secrets map[string]*corev1.Secret, values *SecretValues) error {
	if spec.CloudInit == nil {
		return nil
	}
	secret := secrets[string(spec.CloudInit.SecretName)]
	if secret == nil {
		return nil
	}
	content, ok := secret.Data[vmv1alpha1.UserDataKey]
	if !ok {
		return problem(fieldUserData, vmv1alpha1.ReasonSecretKeyMissing, "Secret %s has no key %s; put the user-data under that key",
			secret.Name, vmv1alpha1.UserDataKey)
	}
	part, err := cloudinit.ParsePart(content)
	if err != nil {
		return problem(fieldUserData, vmv1alpha1.ReasonSecretInvalid, "key %s of Secret %s is no user-data for cloud-init: %s",
			vmv1alpha1.UserDataKey, secret.Name, err)
	}
	values.UserData = &part
	return nil
}

// tooLarge is the error for data that no Secret can hold.
func tooLarge(spec *vmv1alpha1.WukongSpec, size int) error {
	field := fieldSSHKeys
	if spec.CloudInit != nil {
		field = fieldUserData
	}
	return problem(field, vmv1alpha1.ReasonGuestDataTooLarge,
		"the guest's configuration is %d bytes, and a Secret holds at most %d; shorten your own user-data, for example with #include, or give fewer keys",
		size, corev1.MaxSecretSize)
}

func problem(field, reason, message string, args ...any) error {
	return &SecretError{Field: field, Reason: reason, Message: fmt.Sprintf(message, args...)}
}
