// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// DiskSize is a capacity as a quantity, for example 20Gi. It is a string, because rules over lists of quantities that may
// also be numbers cost more than the API server allows.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=32
// +kubebuilder:validation:XValidation:rule="isQuantity(self)",message="must be a quantity, for example 20Gi"
// +kubebuilder:validation:XValidation:rule="!isQuantity(self) || !quantity(self).isLessThan(quantity('1Mi'))",message="must be at least 1Mi; a number without a unit is bytes, write for example 20Gi"
// +kubebuilder:validation:XValidation:rule="!isQuantity(self) || !quantity(self).isGreaterThan(quantity('1Pi'))",message="must be at most 1Pi; write for example 20Gi"
// +kubebuilder:validation:XValidation:rule="!isQuantity(self) || !isQuantity(oldSelf) || !quantity(self).isLessThan(quantity(oldSelf))",message="a disk can only be enlarged; keep the size it has, or add a smaller disk of another name and take this one out"
type DiskSize string

// Disk is a persistent disk of the machine. What the guest writes to it survives a stop. Either it is made for this
// machine, with a size and perhaps an image to fill it with, and goes with it; or claimName names an existing claim.
//
// +kubebuilder:validation:XValidation:rule="has(self.size) || has(self.claimName)",message="must be set, for example 20Gi; only a disk with claimName has its claim's size",fieldPath=".size"
// +kubebuilder:validation:XValidation:rule="!has(self.claimName) || !has(self.size)",message="with claimName the disk has its claim's size; leave size out, and enlarge the claim itself",fieldPath=".size"
// +kubebuilder:validation:XValidation:rule="!has(self.claimName) || !has(self.image)",message="with claimName the disk has its claim's content; leave image out, or leave claimName out to have a new disk filled",fieldPath=".image"
// +kubebuilder:validation:XValidation:rule="!has(self.claimName) || !has(self.storageClassName)",message="with claimName the disk has its claim's storage class; leave storageClassName out",fieldPath=".storageClassName"
// +kubebuilder:validation:XValidation:rule="!has(self.boot) || !self.boot || has(self.image) || has(self.claimName)",message="a blank disk has nothing to boot from; write image, for example docker://quay.io/containerdisks/debian:12, or claimName, or leave boot out",fieldPath=".boot"
// +kubebuilder:validation:XValidation:rule="has(self.image) == has(oldSelf.image) && (!has(self.image) || self.image == oldSelf.image)",message="the image of an existing disk is immutable, because a disk is filled once; add a disk of another name, and take this one out",fieldPath=".image"
// +kubebuilder:validation:XValidation:rule="has(self.storageClassName) == has(oldSelf.storageClassName) && (!has(self.storageClassName) || self.storageClassName == oldSelf.storageClassName)",message="the storageClassName of an existing disk is immutable; add a disk of another name, and take this one out",fieldPath=".storageClassName"
// +kubebuilder:validation:XValidation:rule="has(self.claimName) == has(oldSelf.claimName) && (!has(self.claimName) || self.claimName == oldSelf.claimName)",message="the claimName of an existing disk is immutable; add a disk of another name, and take this one out",fieldPath=".claimName"
type Disk struct {
	// name identifies the disk in this machine. It is a DNS label, and unique. In the guest the disk is
	// /dev/disk/by-id/virtio-<name>, where the name has at most 20 characters.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=57
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?$')",message="must be a DNS label: lower-case letters, digits and '-', beginning and ending with a letter or digit, for example data"
	// +kubebuilder:validation:XValidation:rule="!(self in ['rootdisk', 'cloudinitdisk', 'private', 'private-libvirt', 'private-libvirt-qemu', 'public', 'sockets', 'virt-bin-share-dir', 'libvirt-runtime', 'ephemeral-disks', 'container-disks', 'hotplug-disks', 'hugepages', 'hugetblfs-dir', 'hook-sidecar-sockets', 'virtiofs-containers'])",message="must not be a name that Wukong or KubeVirt gives to a volume of its own, such as rootdisk, cloudinitdisk or private; write for example root or data"
	Name string `json:"name"`

	// size is the disk's capacity as the guest sees it, for example 20Gi. It can be enlarged later where the
	// storage class allows expansion, and never be made smaller.
	// +optional
	Size DiskSize `json:"size,omitempty"`

	// storageClassName is the storage class of the disk's volume. The default is the cluster's default class.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$')",message="must be the name of a storage class: lower-case letters, digits, '-' and '.', for example fast-ssd"
	StorageClassName string `json:"storageClassName,omitempty"`

	// image is what the disk is filled with once, when it is made: a container-disk image, docker://REFERENCE, or a
	// disk image behind http:// or https://. Left out, the disk is blank.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.startsWith('docker://') || self.startsWith('http://') || self.startsWith('https://')",message="must begin with docker://, http:// or https://, for example docker://quay.io/containerdisks/debian:12"
	// +kubebuilder:validation:XValidation:rule="!self.startsWith('docker://') || self.matches('^docker://[a-zA-Z0-9]([a-zA-Z0-9._:/@-]*[a-zA-Z0-9])?$')",message="must be an image reference after docker://, for example docker://quay.io/containerdisks/debian:12"
	// +kubebuilder:validation:XValidation:rule="!(self.startsWith('http://') || self.startsWith('https://')) || (isURL(self) && url(self).getHostname() != '' && !self.matches('[[:space:]]'))",message="must be the URL of a disk image, for example https://example.org/debian.qcow2"
	Image string `json:"image,omitempty"`

	// claimName is an existing PersistentVolumeClaim in the machine's namespace to use. It is never changed or deleted.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$')",message="must be the name of a PersistentVolumeClaim in the same namespace: lower-case letters, digits, '-' and '.', for example vm-data"
	ClaimName string `json:"claimName,omitempty"`

	// boot makes this the disk that the machine boots from, in place of osImage.
	// +optional
	Boot bool `json:"boot,omitempty"`
}

// BootDisk returns the disk that the machine boots from, nil where it boots from a container-disk image.
func (s *WukongSpec) BootDisk() *Disk {
	for i := range s.Disks {
		if s.Disks[i].Boot {
			return &s.Disks[i]
		}
	}
	return nil
}
