// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package machine_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	kubevirtv1 "kubevirt.io/api/core/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/pkg/render/machine"
)

// TestBootDisk: a machine boots from its boot disk, and without one from osImage or the operator's default image.
func TestBootDisk(t *testing.T) {
	data := vmv1alpha1.Disk{Name: "data", Size: "5Gi"}
	root := vmv1alpha1.Disk{Name: "root", Size: "20Gi", Image: "docker://debian", Boot: true}
	for name, row := range map[string]struct {
		osImage string
		disks   []vmv1alpha1.Disk
		volume  string
		image   string
	}{
		"neither":                {"", []vmv1alpha1.Disk{data}, "rootdisk", "quay.io/default:1"},
		"image beside data disk": {"debian", []vmv1alpha1.Disk{data}, "rootdisk", "debian"},
		"boot disk":              {"", []vmv1alpha1.Disk{data, root}, "root", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, built := objects(t, machine.Input{Wukong: wukong(func(spec *vmv1alpha1.WukongSpec) { spec.OSImage, spec.Disks = row.osImage, row.disks })})
			first := built.Spec.Template.Spec.Volumes[0]
			image := ""
			if first.ContainerDisk != nil {
				image = first.ContainerDisk.Image
			}
			if first.Name != row.volume || image != row.image {
				t.Errorf("it boots from %s %s, want %s %s", first.Name, image, row.volume, row.image)
			}
			_, defaulted := built.Annotations[vmv1alpha1.AnnotationDefaultImage]
			if want := row.image == "quay.io/default:1"; defaulted != want {
				t.Errorf("remembers a default image: %t, want %t", defaulted, want)
			}
			if got := len(built.Spec.DataVolumeTemplates); got != len(row.disks) {
				t.Errorf("%d DataVolume templates for %d disks", got, len(row.disks))
			}
		})
	}
}

// A size that the API server would have refused is told, and no machine is made without the disk.
func TestDiskOfNoSize(t *testing.T) {
	in := machine.Input{UID: uid, Wukong: wukong(func(spec *vmv1alpha1.WukongSpec) { spec.Disks = []vmv1alpha1.Disk{{Name: "data", Size: "big"}} })}
	if _, _, err := machine.Objects(in); err == nil || !strings.Contains(err.Error(), "disk data") {
		t.Errorf("got %v", err)
	}
}

// A larger disk changes the template of its DataVolume and nothing of what runs.
func TestLargerDisk(t *testing.T) {
	build := func(size vmv1alpha1.DiskSize) *kubevirtv1.VirtualMachine {
		_, built := objects(t, machine.Input{Wukong: wukong(func(spec *vmv1alpha1.WukongSpec) { spec.Disks = []vmv1alpha1.Disk{{Name: "data", Size: size}} })})
		return built
	}
	before, after := build("5Gi"), build("6Gi")
	if diff := cmp.Diff(before.Spec.Template, after.Spec.Template); diff != "" {
		t.Errorf("the instance changes:\n%s", diff)
	}
	if got := after.Spec.DataVolumeTemplates[0].Spec.Storage.Resources.Requests.Storage().String(); got != "6Gi" {
		t.Errorf("a disk that is made anew has %s", got)
	}
}
