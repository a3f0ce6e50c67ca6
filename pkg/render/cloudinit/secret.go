// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"crypto/sha256"
	"encoding/hex"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// Data is what a guest's cloud-init reads.
type Data struct {
	// UserData and NetworkConfig are the two documents.
	UserData, NetworkConfig string
	// Declared is what the user-data is made from, as Guest.Declared returns it.
	Declared string
}

// Hash returns a short text that differs when what is declared does. It tells whether a running guest was started with what
// is declared now, without showing any of it. The programs that the user-data brings along do not count: a later version's
// others wait for the next start, and are no reason for one.
func (d Data) Hash() string {
	sum := sha256.Sum256([]byte(d.Declared + "\x00" + d.NetworkConfig))
	return hex.EncodeToString(sum[:8])
}

// Secret returns the Secret that carries the data, without owner. Both documents are in one Secret because
// KubeVirt refuses inline data above 2048 bytes, and because a password does not belong in a machine's spec.
func Secret(namespace, name string, data Data) *corev1.Secret {
	return &corev1.Secret{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace,
			Name:      name,
			Labels:    map[string]string{vmv1alpha1.LabelManagedBy: vmv1alpha1.ManagedByWukong},
		},
		Type: corev1.SecretTypeOpaque,
		Data: map[string][]byte{
			UserDataKey:    []byte(data.UserData),
			NetworkDataKey: []byte(data.NetworkConfig),
		},
	}
}
