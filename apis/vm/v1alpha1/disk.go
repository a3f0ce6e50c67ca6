// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import "k8s.io/apimachinery/pkg/api/resource"

// Disk is a persistent disk of the machine. This version of Wukong refuses it at apply.
type Disk struct {
	// name identifies the disk in this machine.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=57
	Name string `json:"name"`

	// size is the disk's capacity, for example 20Gi.
	// +optional
	Size *resource.Quantity `json:"size,omitempty"`

	// storageClassName is the storage class of the disk's volume.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	StorageClassName string `json:"storageClassName,omitempty"`

	// image is what the disk is filled with, for example docker://quay.io/containerdisks/debian:12.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Image string `json:"image,omitempty"`

	// claimName is an existing PersistentVolumeClaim to use.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	ClaimName string `json:"claimName,omitempty"`

	// boot makes this the disk that the machine boots from.
	// +optional
	Boot bool `json:"boot,omitempty"`
}
