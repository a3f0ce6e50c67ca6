// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	cdiv1 "kubevirt.io/containerized-data-importer-api/pkg/apis/core/v1beta1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/naming"
)

// registryScheme begins an image that CDI takes from a registry.
const registryScheme = cdiv1.RegistrySchemeDocker + "://"

// Disk is one persistent disk of the machine.
type Disk struct {
	// Name is the disk's name, which KubeVirt's disk and volume get too.
	Name string
	// Claim is the name of the disk's PersistentVolumeClaim, which is also that of the DataVolume that makes it.
	Claim string
	// Existing tells that the claim is somebody's own, so that no DataVolume makes it.
	Existing bool
	// Size, StorageClassName and Image are what a DataVolume is made from; without an image it is blank.
	Size             resource.Quantity
	StorageClassName string
	Image            string
	// Boot makes the machine boot from the disk.
	Boot bool
}

// Source returns what CDI fills a disk with for an image of spec.disks: a registry's image for docker://, a file for
// http:// and https://, nothing where there is no image.
func Source(image string) *cdiv1.DataVolumeSource {
	switch {
	case image == "":
		return &cdiv1.DataVolumeSource{Blank: &cdiv1.DataVolumeBlankImage{}}
	case strings.HasPrefix(image, registryScheme):
		return &cdiv1.DataVolumeSource{Registry: &cdiv1.DataVolumeSourceRegistry{URL: &image}}
	}
	return &cdiv1.DataVolumeSource{HTTP: &cdiv1.DataVolumeSourceHTTP{URL: image}}
}

// dataVolumes returns the templates of the machine's own disks. KubeVirt makes each of them once, when the machine is
// started, and never looks at it again: a changed template is for a disk that has to be made anew.
func (m Machine) dataVolumes(labels map[string]string) []kubevirtv1.DataVolumeTemplateSpec {
	var templates []kubevirtv1.DataVolumeTemplateSpec
	for _, disk := range m.Disks {
		if disk.Existing {
			continue
		}
		// CDI itself chooses access and volume mode from the storage class's profile.
		storage := &cdiv1.StorageSpec{Resources: corev1.VolumeResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceStorage: disk.Size},
		}}
		if disk.StorageClassName != "" {
			storage.StorageClassName = &disk.StorageClassName
		}
		templates = append(templates, kubevirtv1.DataVolumeTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Name: disk.Claim, Labels: labels},
			Spec:       cdiv1.DataVolumeSpec{Source: Source(disk.Image), Storage: storage},
		})
	}
	return templates
}

// storage returns the machine's disks and volumes: the one it boots from, the guest's data, and the others, so that a disk
// that is added moves none of those before it.
func (m Machine) storage() ([]kubevirtv1.Disk, []kubevirtv1.Volume) {
	data := kubevirtv1.Volume{Name: cloudInitVolume, VolumeSource: kubevirtv1.VolumeSource{
		CloudInitNoCloud: &kubevirtv1.CloudInitNoCloudSource{
			UserDataSecretRef:    &corev1.LocalObjectReference{Name: m.CloudInitSecret},
			NetworkDataSecretRef: &corev1.LocalObjectReference{Name: m.CloudInitSecret},
		},
	}}
	disks := []kubevirtv1.Disk{virtioDisk(rootVolume), virtioDisk(cloudInitVolume)}
	volumes := []kubevirtv1.Volume{
		{Name: rootVolume, VolumeSource: kubevirtv1.VolumeSource{ContainerDisk: &kubevirtv1.ContainerDiskSource{Image: m.Image}}},
		data,
	}
	for _, disk := range m.Disks {
		if disk.Boot {
			disks[0], volumes[0] = disk.device(), disk.volume()
		}
	}
	for _, disk := range m.Disks {
		if !disk.Boot {
			disks, volumes = append(disks, disk.device()), append(volumes, disk.volume())
		}
	}
	return disks, volumes
}

func (d Disk) device() kubevirtv1.Disk {
	device := virtioDisk(d.Name)
	device.Serial = naming.DiskSerial(d.Name)
	if d.Boot {
		device.BootOrder = new(uint(1))
	}
	return device
}

func (d Disk) volume() kubevirtv1.Volume {
	if d.Existing {
		return kubevirtv1.Volume{Name: d.Name, VolumeSource: kubevirtv1.VolumeSource{
			PersistentVolumeClaim: &kubevirtv1.PersistentVolumeClaimVolumeSource{
				PersistentVolumeClaimVolumeSource: corev1.PersistentVolumeClaimVolumeSource{ClaimName: d.Claim},
			},
		}}
	}
	return kubevirtv1.Volume{Name: d.Name, VolumeSource: kubevirtv1.VolumeSource{DataVolume: &kubevirtv1.DataVolumeSource{Name: d.Claim}}}
}

// DiskOf returns the disk that a declaration in spec.disks means for a Wukong. The error is about a size that is no quantity,
// which the API server refuses.
func DiskOf(wukong string, declared *vmv1alpha1.Disk) (Disk, error) {
	disk := Disk{Name: declared.Name, Claim: declared.ClaimName, Existing: declared.ClaimName != "", Boot: declared.Boot}
	if disk.Existing {
		return disk, nil
	}
	size, err := resource.ParseQuantity(string(declared.Size))
	if err != nil {
		return Disk{}, fmt.Errorf("the size of disk %s: %w", declared.Name, err)
	}
	disk.Claim = naming.DataVolume(wukong, declared.Name)
	disk.Size, disk.StorageClassName, disk.Image = size, declared.StorageClassName, declared.Image
	return disk, nil
}
