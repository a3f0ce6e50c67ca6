// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"errors"

	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/render/machine"
)

// render returns the machine's objects in their order.
func (m *machineObjects) render(policies map[types.NamespacedName]*nmstatev1.NodeNetworkConfigurationPolicy, opts Options) ([]Object, error) {
	var objects []Object
	attachments := map[string]machine.Attachment{}
	for _, made := range m.networks {
		if made.bridge != nil {
			objects = append(objects, made.bridge)
			if policy := policies[types.NamespacedName{Namespace: made.bridge.Namespace, Name: made.bridge.Name}]; policy != nil {
				objects = append(objects, policy)
			}
		}
		objects = append(objects, made.network)
		name := made.network.Spec.Network
		attachment, built, err := made.attachment(opts.TapBinding)
		if err != nil {
			return nil, m.problem(name, err.Error())
		}
		attachments[name] = attachment
		if built != nil {
			objects = append(objects, built)
		}
	}
	values, err := machine.ReadSecrets(&m.wukong.Spec, secretsIn(opts.Secrets, m.wukong.Namespace))
	if err != nil {
		return nil, m.unusable(err)
	}
	secret, built, err := machine.Objects(machine.Input{
		Wukong: m.wukong, UID: string(m.wukong.UID), Attachments: attachments, Secrets: values, DefaultImage: opts.DefaultImage,
	})
	if err != nil {
		return nil, m.unusable(err)
	}
	return append(objects, legible(secret), built), nil
}

// unusable names the field of an error about what comes from a Secret.
func (m *machineObjects) unusable(err error) error {
	if secret, ok := errors.AsType[*machine.SecretError](err); ok {
		return &WukongError{Wukong: m.key(), Field: secret.Field, Message: secret.Message}
	}
	return err
}

// legible returns a Secret with its content as text, which the API server takes as well.
func legible(secret *corev1.Secret) *corev1.Secret {
	secret.StringData = make(map[string]string, len(secret.Data))
	for key, content := range secret.Data {
		secret.StringData[key] = string(content)
	}
	secret.Data = nil
	return secret
}

// secretsIn returns the Secrets of a namespace by name, with all their content in data.
func secretsIn(secrets []*corev1.Secret, namespace string) map[string]*corev1.Secret {
	found := map[string]*corev1.Secret{}
	for _, secret := range secrets {
		if namespaceOf(secret) == namespace {
			found[secret.Name] = stored(secret)
		}
	}
	return found
}

func namespaceOf(object metav1.Object) string {
	if namespace := object.GetNamespace(); namespace != "" {
		return namespace
	}
	return metav1.NamespaceDefault
}

// stored returns a Secret as the API server keeps it: stringData wins over data.
func stored(secret *corev1.Secret) *corev1.Secret {
	kept := secret.DeepCopy()
	if kept.Data == nil {
		kept.Data = make(map[string][]byte, len(kept.StringData))
	}
	for key, content := range kept.StringData {
		kept.Data[key] = []byte(content)
	}
	kept.StringData = nil
	return kept
}

// MissingSecrets returns the references of a Wukong to Secrets that are not among the given ones. Render leaves
// out what they hold.
func MissingSecrets(wukong *vmv1alpha1.Wukong, secrets []*corev1.Secret) []machine.SecretReference {
	present := secretsIn(secrets, namespaceOf(wukong))
	var missing []machine.SecretReference
	for _, reference := range machine.SecretReferences(&wukong.Spec) {
		if present[reference.Name] == nil {
			missing = append(missing, reference)
		}
	}
	return missing
}
