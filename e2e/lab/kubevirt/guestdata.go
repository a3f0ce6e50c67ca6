// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"encoding/base64"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	kubevirtv1 "kubevirt.io/api/core/v1"

	"github.com/novasphere/wukong/e2e/lab/kubevirt/guest"
)

// noCloud returns the first NoCloud volume of an instance, which is the one that counts (KubeVirt, pkg/cloud-init).
func noCloud(vmi *kubevirtv1.VirtualMachineInstance) (kubevirtv1.Volume, bool) {
	for _, volume := range vmi.Spec.Volumes {
		if volume.CloudInitNoCloud != nil {
			return volume, true
		}
	}
	return kubevirtv1.Volume{}, false
}

// secretVolumes mounts the Secrets with cloud-init data into the pod, which is why a missing one holds the pod up.
func secretVolumes(vmi *kubevirtv1.VirtualMachineInstance) []corev1.Volume {
	var volumes []corev1.Volume
	mount := func(name, secret string) {
		volumes = append(volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
			Secret: &corev1.SecretVolumeSource{SecretName: secret},
		}})
	}
	if volume, found := noCloud(vmi); found {
		if reference := volume.CloudInitNoCloud.UserDataSecretRef; reference != nil {
			mount(volume.Name+"-udata", reference.Name)
		}
		if reference := volume.CloudInitNoCloud.NetworkDataSecretRef; reference != nil {
			mount(volume.Name+"-ndata", reference.Name)
		}
	}
	return volumes
}

// missingSecret says, in the kubelet's words, which Secret of an instance is not there; empty if all are.
func (a *Actor) missingSecret(ctx context.Context, vmi *kubevirtv1.VirtualMachineInstance) (string, error) {
	for _, volume := range secretVolumes(vmi) {
		name := volume.Secret.SecretName
		err := a.client.Get(ctx, key{Namespace: vmi.Namespace, Name: name}, &corev1.Secret{})
		if apierrors.IsNotFound(err) {
			return fmt.Sprintf("MountVolume.SetUp failed for volume %q : secret %q not found", volume.Name, name), nil
		}
		if err != nil {
			return "", fmt.Errorf("read Secret %s: %w", name, err)
		}
	}
	return "", nil
}

// guestData is the NoCloud data of an instance as its guest finds it at boot.
func (a *Actor) guestData(ctx context.Context, vmi *kubevirtv1.VirtualMachineInstance) (guest.Data, error) {
	data := guest.Data{}
	if vmi.Spec.Domain.Firmware != nil {
		data.InstanceID = string(vmi.Spec.Domain.Firmware.UUID)
	}
	volume, found := noCloud(vmi)
	if !found {
		return data, nil
	}
	source := volume.CloudInitNoCloud
	var err error
	data.UserData, err = a.cloudInitText(ctx, vmi.Namespace, source.UserData, source.UserDataBase64,
		source.UserDataSecretRef, "userdata", "userData")
	if err != nil {
		return data, err
	}
	data.NetworkData, err = a.cloudInitText(ctx, vmi.Namespace, source.NetworkData, source.NetworkDataBase64,
		source.NetworkDataSecretRef, "networkdata", "networkData")
	return data, err
}

// cloudInitText reads one text from wherever the volume has it. A Secret without the key is no error: the text is empty.
func (a *Actor) cloudInitText(
	ctx context.Context, namespace, plain, encoded string, reference *corev1.LocalObjectReference, keys ...string,
) (string, error) {
	switch {
	case reference != nil:
		secret := &corev1.Secret{}
		if err := a.client.Get(ctx, key{Namespace: namespace, Name: reference.Name}, secret); err != nil {
			return "", fmt.Errorf("read Secret %s: %w", reference.Name, err)
		}
		for _, name := range keys {
			if text, found := secret.Data[name]; found {
				return string(text), nil
			}
		}
		return "", nil
	case encoded != "":
		text, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return "", fmt.Errorf("decode cloud-init data: %w", err)
		}
		return string(text), nil
	default:
		return plain, nil
	}
}
