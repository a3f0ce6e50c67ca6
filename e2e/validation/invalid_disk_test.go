// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import "strings"

// disk returns a Wukong with one disk of the given fields beside its name.
func disk(fields string) string {
	return wukong("disks: [{name: data, " + fields + "}]")
}

// invalidDisks are about persistent disks and what is booted from.
var invalidDisks = []invalid{
	{"disk without a name", wukong("disks: [{size: 20Gi}]"), refused("spec.disks[0].name", "Required value")},
	{"disk name with a dot", wukong("disks: [{name: data.1, size: 20Gi}]"), refused("spec.disks[0].name", "must be a DNS label")},
	{"disk name in capitals", wukong("disks: [{name: Data, size: 20Gi}]"), refused("spec.disks[0].name", "for example data")},
	{"disk name too long", wukong("disks: [{name: " + strings.Repeat("a", 58) + ", size: 20Gi}]"), refused("spec.disks[0].name", "may not be more than 57")},
	{"disk name rootdisk", wukong("disks: [{name: rootdisk, size: 20Gi}]"), refused("spec.disks[0].name", "write for example root or data")},
	{"disk name cloudinitdisk", wukong("disks: [{name: cloudinitdisk, size: 20Gi}]"), refused("spec.disks[0].name", "write for example root or data")},
	{"disk name of KubeVirt", wukong("disks: [{name: private, size: 20Gi}]"), refused("spec.disks[0].name", "write for example root or data")},
	{"two disks of one name", wukong("disks: [{name: data, size: 20Gi}, {name: data, size: 30Gi}]"), refused("spec.disks[1]", "Duplicate value")},
	{"disk with an unknown field", disk("size: 20Gi, bus: sata"), refused("spec.disks[0].bus", "unknown field")},

	{"disk without a size", disk("storageClassName: fast"), refused("spec.disks[0].size", "must be set, for example 20Gi")},
	{"disk size as a number", disk("size: 20"), refused("spec.disks[0].size", `must be of type string: "integer"`)},
	{"disk of size 0", disk("size: '0'"), refused("spec.disks[0].size", "a number without a unit is bytes, write for example 20Gi")},
	{"disk of a negative size", disk("size: -1Gi"), refused("spec.disks[0].size", "must be at least 1Mi")},
	{"disk size without a unit", disk("size: '20'"), refused("spec.disks[0].size", "a number without a unit is bytes, write for example 20Gi")},
	{"disk size above the bound", disk("size: 2Pi"), refused("spec.disks[0].size", "must be at most 1Pi")},
	{"disk size in words", disk("size: big"), refused("spec.disks[0].size", "must be a quantity, for example 20Gi")},
	{"disk size too long", disk("size: '" + strings.Repeat("1", 33) + "'"), refused("spec.disks[0].size", "may not be more than 32")},

	{"claim with a size", disk("claimName: vm-data, size: 20Gi"), refused("spec.disks[0].size", "leave size out, and enlarge the claim itself")},
	{"claim with an image", disk("claimName: vm-data, image: 'docker://debian'"), refused("spec.disks[0].image", "leave image out, or leave claimName out")},
	{"claim with a storage class", disk("claimName: vm-data, storageClassName: fast"), refused("spec.disks[0].storageClassName", "leave storageClassName out")},
	{"claim in another namespace", disk("claimName: prod/vm-data"), refused("spec.disks[0].claimName", "must be the name of a PersistentVolumeClaim in the same namespace")},
	{"one claim in two disks", wukong("disks: [{name: a, claimName: vm-data}, {name: b, claimName: vm-data}]"),
		refused("spec.disks", "each claimName must be used only once")},
	{"empty claim", disk("claimName: '', size: 20Gi"), findings{
		{"spec.disks[0].claimName", "should be at least 1 chars long"},
		{"spec.disks[0].claimName", "must be the name of a PersistentVolumeClaim"},
		{"spec.disks[0].size", "leave size out"},
	}},
	{"storage class in capitals", disk("size: 20Gi, storageClassName: Fast"), refused("spec.disks[0].storageClassName", "must be the name of a storage class")},

	{"image without a scheme", disk("size: 20Gi, image: 'quay.io/containerdisks/debian:12'"),
		refused("spec.disks[0].image", "must begin with docker://, http:// or https://")},
	{"image with a scheme that CDI does not know", disk("size: 20Gi, image: 'ftp://example.org/debian.qcow2'"),
		refused("spec.disks[0].image", "must begin with docker://")},
	{"image of docker:// alone", disk("size: 20Gi, image: 'docker://'"), refused("spec.disks[0].image", "must be an image reference after docker://")},
	{"image of docker:// with a space", disk("size: 20Gi, image: 'docker://quay.io/a b'"), refused("spec.disks[0].image", "must be an image reference after docker://")},
	{"image of https:// alone", disk("size: 20Gi, image: 'https://'"), refused("spec.disks[0].image", "must be the URL of a disk image")},
	{"image of https:// with a space", disk("size: 20Gi, image: 'https://example.org/a b'"), refused("spec.disks[0].image", "must be the URL of a disk image")},
	{"image too long", disk("size: 20Gi, image: 'docker://" + strings.Repeat("a", 512) + "'"), refused("spec.disks[0].image", "may not be more than 512")},

	{"blank boot disk", disk("size: 20Gi, boot: true"), refused("spec.disks[0].boot", "a blank disk has nothing to boot from; write image")},
	{"two boot disks", wukong("disks: [{name: a, claimName: a, boot: true}, {name: b, claimName: b, boot: true}]"),
		refused("spec.disks", "must contain at most one disk with boot: true")},
	{"boot disk and osImage", wukong("osImage: debian, disks: [{name: root, claimName: a, boot: true}]"),
		refused("spec.osImage", "leave one of the two out")},
	{"too many disks", wukong("disks: [" + strings.Join(append(manyDisks(), "{name: data, size: 1Gi}"), ", ") + "]"),
		refused("spec.disks", "must have at most 16 items")},
}
