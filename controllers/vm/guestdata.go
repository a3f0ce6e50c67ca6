// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/render/cloudinit"
	"github.com/novasphere/wukong/pkg/render/machine"
)

// cryptHash is the form of a password hash as crypt(3) makes it.
var cryptHash = regexp.MustCompile(`^[$][0-9a-z]+[$][!-9;-~]+$`)

// guestDataError is why the guest's data cannot be rendered, where only a person can change that.
type guestDataError struct {
	reason, message string
}

func (p *guestDataError) Error() string { return p.message }

func problem(reason, message string, args ...any) *guestDataError {
	return &guestDataError{reason: reason, message: fmt.Sprintf(message, args...)}
}

// secrets reads what the spec takes from Secrets. The error is a *guestDataError where a Secret is missing or is not
// what it has to be; it never repeats what the Secret holds.
func (r *reconciler) secrets(ctx context.Context, wukong *vmv1alpha1.Wukong) (machine.SecretValues, error) {
	var values machine.SecretValues
	if user := wukong.Spec.CloudInitUser; user != nil && user.PasswordHashSecretRef != nil {
		ref := user.PasswordHashSecretRef
		secret, err := r.secret(ctx, wukong.Namespace, string(ref.Name), "spec.cloudInitUser.passwordHashSecretRef")
		if err != nil {
			return values, err
		}
		content, ok := secret.Data[ref.Key]
		if !ok {
			return values, problem(vmv1alpha1.ReasonSecretKeyMissing,
				"Secret %s has no key %s, which spec.cloudInitUser.passwordHashSecretRef names; add the key", ref.Name, ref.Key)
		}
		values.PasswordHash = strings.TrimSpace(string(content))
		if !cryptHash.MatchString(values.PasswordHash) {
			return values, problem(vmv1alpha1.ReasonSecretInvalid, "key %s of Secret %s is not a crypt(3) hash; make one with: mkpasswd -m sha-512", ref.Key, ref.Name)
		}
	}
	if wukong.Spec.SSHKeySecret != "" {
		var err error
		if values.AuthorizedKeys, err = r.authorizedKeys(ctx, wukong); err != nil {
			return values, err
		}
	}
	return values, nil
}

func (r *reconciler) authorizedKeys(ctx context.Context, wukong *vmv1alpha1.Wukong) ([]string, error) {
	name := string(wukong.Spec.SSHKeySecret)
	secret, err := r.secret(ctx, wukong.Namespace, name, "spec.sshKeySecret")
	if err != nil {
		return nil, err
	}
	if len(secret.Data) == 0 {
		return nil, problem(vmv1alpha1.ReasonSecretKeyMissing,
			"Secret %s, which spec.sshKeySecret names, holds no key; add a public key in OpenSSH's format under any name", name)
	}
	entries := make([]string, 0, len(secret.Data))
	for entry := range secret.Data {
		entries = append(entries, entry)
	}
	slices.Sort(entries)
	var keys []string
	for _, entry := range entries {
		found, err := cloudinit.AuthorizedKeys(string(secret.Data[entry]))
		if err != nil {
			return nil, problem(vmv1alpha1.ReasonSecretInvalid,
				"key %s of Secret %s: %s; each line has to be a public key such as: ssh-ed25519 AAAAC3Nza... me@host", entry, name, err)
		}
		keys = append(keys, found...)
	}
	return keys, nil
}

func (r *reconciler) secret(ctx context.Context, namespace, name, field string) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	err := r.live.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, secret)
	switch {
	case apierrors.IsNotFound(err):
		return nil, problem(vmv1alpha1.ReasonSecretNotFound, "Secret %s, which %s names, does not exist in namespace %s; create it", name, field, namespace)
	case err != nil:
		return nil, fmt.Errorf("reading Secret %s: %w", name, err)
	}
	return secret, nil
}
